"""The pages of a roster of training: upload, preview, confirmation (ACC-7). What is in the file never stands in an address."""

from datetime import UTC, datetime
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path

from accounts import drafts, roster, spreadsheets, training
from accounts.access import user_of
from accounts.models import Role
from audit import csv_files

# So many rows of a kind are on the page; the download has all of them.
SHOWN = 200


class RosterForm(forms.Form):
    file = forms.FileField(label="Roster, as CSV or XLSX", widget=forms.ClearableFileInput(attrs={"accept": ".csv,.xlsx"}))


class RosterPages(admin.ModelAdmin):
    """Mixed into the back office's page of training records."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("roster/", view(self.upload_view), name="accounts_trainingrecord_roster"),
            path("roster/template.csv", view(self.template_view), name="accounts_trainingrecord_roster_template"),
            path("roster/<uuid:draft>/", view(self.preview_view), name="accounts_trainingrecord_roster_preview"),
            path("roster/<uuid:draft>/rows.csv", view(self.rows_view), name="accounts_trainingrecord_roster_rows"),
            *super().get_urls(),
        ]

    def has_roster_permission(self, request: HttpRequest) -> bool:
        return user_of(request).role == Role.AGENCY_MANAGER

    def upload_view(self, request: HttpRequest) -> HttpResponse:
        """The form; POST reads the file and leads to its draft."""
        self._check(request)
        form = RosterForm(request.POST, request.FILES) if request.method == "POST" else RosterForm()
        if request.method != "POST":
            return self._page(request, "accounts/admin_roster.html", "Upload a roster of training", form=form)
        file = request.FILES.get("file")
        data = file.read(spreadsheets.MOST_BYTES + 1) if file else b""
        if form.is_valid():
            try:
                draft = roster.begin(by=user_of(request), data=data, now=datetime.now(UTC))
                return redirect("admin:accounts_trainingrecord_roster_preview", draft)
            except (spreadsheets.FileNotReadable, roster.RosterRefused) as refusal:
                form.add_error("file", str(refusal))
        roster.refuse(why=" ".join(str(sentence) for sentences in form.errors.values() for sentence in sentences), data=data)
        return self._page(request, "accounts/admin_roster.html", "Upload a roster of training", form=form, status=400)

    def preview_view(self, request: HttpRequest, draft: UUID) -> HttpResponse:
        """What the file would change; POST `confirm` saves it, `discard` erases it."""
        self._check(request)
        by, now, refusal = user_of(request), datetime.now(UTC), ""
        try:
            if "discard" in request.POST:
                roster.discard(draft=draft, by=by, now=now)
                self.message_user(request, "The roster is discarded. Nothing was saved.")
                return redirect("admin:accounts_trainingrecord_roster")
            if request.method == "POST":
                try:
                    return self._confirm(request, draft)
                except roster.RosterRefused as refused:
                    refusal = str(refused)
                    roster.refuse(why=refusal)
            found = roster.preview(draft=draft, by=by, now=now)
        except drafts.DraftNotFound as gone:
            raise Http404("This roster is not here any more: it was confirmed, or its hour is over.") from gone
        return self._page(request, "accounts/admin_roster_preview.html", "Preview of the roster", draft=draft, preview=found,
                          refusal=refusal, shown=SHOWN, shown_slice=f":{SHOWN}",
                          expiring_heading=f"Expiring in {training.soon().days} days", status=400 if refusal else 200)

    def rows_view(self, request: HttpRequest, draft: UUID) -> HttpResponse:
        """Every row that adds nothing, with its number and reason, as CSV to be put right."""
        self._check(request)
        try:
            found = roster.preview(draft=draft, by=user_of(request), purpose="rows", now=datetime.now(UTC))
        except drafts.DraftNotFound as gone:
            raise Http404 from gone
        rows = sorted([*found.rows.without_user, *found.rows.bad, *found.rows.known], key=lambda row: row.number)
        return csv_files.answer("roster-rows.csv", [
            ["row", *roster.COLUMNS, "why"], *([str(row.number), *row.cells.values(), row.why] for row in rows)])

    def template_view(self, request: HttpRequest) -> HttpResponse:
        """An empty file with our headings."""
        self._check(request)
        return csv_files.answer("roster.csv", [roster.COLUMNS])

    def _confirm(self, request: HttpRequest, draft: UUID) -> HttpResponse:
        added = roster.confirm(draft=draft, by=user_of(request), now=datetime.now(UTC))
        self.message_user(request, f"{added} training record{'s' if added != 1 else ''} added.", messages.SUCCESS)
        return redirect("admin:accounts_trainingrecord_changelist")

    def _check(self, request: HttpRequest) -> None:
        if not self.has_roster_permission(request):
            raise PermissionDenied("A roster is uploaded by an Agency Manager of the area.")

    def _page(self, request: HttpRequest, template: str, title: str, status: int = 200, **shown: object) -> HttpResponse:
        context = self.admin_site.each_context(request) | {"title": title, "opts": self.opts} | shown
        response = render(request, template, context, status=status)
        response["Cache-Control"] = "no-store, private"
        return response
