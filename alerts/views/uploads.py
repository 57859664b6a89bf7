"""Batch upload as pages: the form, the columns where the file's headings are not known, the preview, the bad rows (ALR-1, ALR-2).

The draft's id stands in the address; what is in the file never does.
"""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import private_page, right_required, user_of
from accounts.roles import Right
from alerts import drafts, upload_rows, upload_steps, uploads
from alerts.entries import EntryRefused
from alerts.forms import ColumnsForm, UploadForm
from alerts.lists import ListRefused
from alerts.views.answers import see_other
from audit import csv_files


@require_http_methods(["GET", "HEAD", "POST"])
@right_required(Right.QUERY)
@private_page
def upload(request: HttpRequest) -> HttpResponse:
    """The form; POST reads the file and leads to its draft."""
    user, now = user_of(request), timezone.now()
    if request.method != "POST":
        initial = {"mode": uploads.Mode.ADD, "alert_list": request.GET["list"]} if request.GET.get("list") else None
        return render(request, "alerts/upload.html", {"form": UploadForm(user=user, now=now, initial=initial)})
    form = UploadForm(request.POST, request.FILES, user=user, now=now)
    kept = upload_steps.begun(form)
    return see_other("alerts:upload_draft", kept) if kept else render(request, "alerts/upload.html", {"form": form}, status=400)


@require_http_methods(["GET", "HEAD", "POST"])
@right_required(Right.QUERY)
@private_page
def draft(request: HttpRequest, draft: UUID) -> HttpResponse:
    """Preview of a draft, or the form of its columns; POST `confirm` saves it, `discard` erases it, else it names columns."""
    try:
        if request.method != "POST":
            return _show(request, draft)
        if "discard" in request.POST:
            uploads.discard(draft=draft, by=user_of(request), now=timezone.now())
            return see_other("alerts:upload")
        return _name_columns(request, draft) if "columns" in request.POST else _confirm(request, draft)
    except drafts.DraftNotFound as refusal:
        raise Http404("This file is not here any more: it was confirmed, or its hour is over.") from refusal


@require_safe
@right_required(Right.QUERY)
@private_page
def bad_rows(request: HttpRequest, draft: UUID) -> HttpResponse:
    """The rows that cannot be added, each with its number and reasons, as CSV to be put right."""
    try:
        found = uploads.preview(draft=draft, by=user_of(request), purpose="bad rows", now=timezone.now())
    except (drafts.DraftNotFound, uploads.UploadRefused) as refusal:
        raise Http404 from refusal
    rows = [[str(row.number), *(row.cells.get(name, "") for name in upload_rows.COLUMNS), " ".join(row.why)]
            for row in found.bad]
    return csv_files.answer("rows-to-correct.csv", [["row", *upload_rows.COLUMNS, "why"], *rows])


@require_safe
@right_required(Right.QUERY)
def template(request: HttpRequest) -> HttpResponse:
    """An empty file with our headings."""
    return csv_files.answer("alert-list.csv", [list(upload_rows.COLUMNS)])


def _show(request: HttpRequest, draft: UUID, status: int = 200, **more: Any) -> HttpResponse:
    user, now = user_of(request), timezone.now()
    try:
        found = uploads.preview(draft=draft, by=user, now=now)
    except uploads.ColumnsNotNamed:
        said = drafts.opened(draft=draft, by=user, now=now)
        return _columns_page(request, draft, ColumnsForm(heading=said.heading), status)
    except uploads.ListNotChosen as refusal:
        raise Http404 from refusal
    return render(request, "alerts/upload_preview.html", {"draft": draft, "preview": found} | more, status=status)


def _name_columns(request: HttpRequest, draft: UUID) -> HttpResponse:
    user, now = user_of(request), timezone.now()
    form = ColumnsForm(request.POST, heading=drafts.opened(draft=draft, by=user, now=now).heading)
    if upload_steps.named(form, draft=draft, by=user, now=now):
        return see_other("alerts:upload_draft", draft)
    return _columns_page(request, draft, form, 400)


def _columns_page(request: HttpRequest, draft: UUID, form: ColumnsForm, status: int) -> HttpResponse:
    return render(request, "alerts/upload_columns.html", {"draft": draft, "form": form}, status=status)


def _confirm(request: HttpRequest, draft: UUID) -> HttpResponse:
    try:
        filled = uploads.confirm(draft=draft, by=user_of(request), ongoing=request.POST.get("confirm") == "on",
                                 now=timezone.now())
    except (uploads.UploadRefused, EntryRefused, ListRefused) as refusal:
        uploads.refuse(data=b"", errors={refusal.field: [str(refusal)]})
        return _show(request, draft, status=400, refusal=str(refusal))
    return see_other("alerts:list", filled.pk)
