"""The pages of one's own lists: overview, one list with its entries, and the search for a plate (ALR-3, ALR-7, ALR-10)."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import private_page, right_required, user_of
from accounts.roles import Right
from alerts import dispositions, entries, hits, overview
from alerts.forms import ListRemovalForm, RemovalForm, RenewForm, SearchForm
from alerts.models import AlertList, Entry
from alerts.views.answers import see_other
from audit.cursors import cursor_of
from lpr.policy import zone_of

NEWEST = 5


@require_safe
@right_required(Right.QUERY)
@private_page
def all_lists(request: HttpRequest) -> HttpResponse:
    """Own lists with counts, what is to be renewed, and how many hits are new."""
    now = timezone.now()
    page = overview.open_lists(user=user_of(request), cursor=cursor_of(request), size=settings.READS_PER_PAGE)
    return render(request, "alerts/lists.html", {
        "page": page, "to_renew": overview.to_renew(user=user_of(request), now=now),
        "newest": hits.newest(user=user_of(request), size=NEWEST), "unseen": hits.unseen(user=user_of(request)),
        "search": SearchForm(), "zone": zone_of(user_of(request)),
    })


@require_http_methods(["GET", "HEAD", "POST"])
@right_required(Right.QUERY)
@private_page
def one_list(request: HttpRequest, alert_list: UUID) -> HttpResponse:
    """The entries of a list; POST `delete` (ids) removes them, POST `renew` (an id) affirms the need, `whole` removes all."""
    if request.method != "POST":
        return _show(request, alert_list)
    if "whole" in request.POST:
        return _remove_whole(request, alert_list)
    if "renew" in request.POST:
        return _renew(request, alert_list, _named(request, alert_list, "renew"))
    return _remove_marked(request, alert_list)


@require_http_methods(["GET", "HEAD", "POST"])
@right_required(Right.QUERY)
@private_page
def search(request: HttpRequest) -> HttpResponse:
    """One's entries of a plate; the plate comes in the body alone (ALR-3)."""
    form = SearchForm(request.POST if request.method == "POST" else None)
    if not form.is_bound:
        return render(request, "alerts/search.html", {"form": form})
    if not form.is_valid():
        entries.refuse(entered=form.entered(), errors=form.mistakes())
        return render(request, "alerts/search.html", {"form": form}, status=400)
    now = timezone.now()
    found = entries.find(owner=user_of(request), plate=form.cleaned_data["plate"], now=now)
    return render(request, "alerts/search.html", {"form": form, "found": overview.with_state(found, now),
                                                  "zone": zone_of(user_of(request))})


def _remove_marked(request: HttpRequest, alert_list: UUID) -> HttpResponse:
    own, form = _own(request, alert_list), RemovalForm(request.POST)
    # Nothing is removed unless it is said that it is: a POST without `delete` names nothing, also on a list of one plate.
    chosen = [entry.pk for entry in _named(request, alert_list, "delete")] if "delete" in request.POST else []
    form.full_clean()
    if not chosen:
        form.add_error(None, "Mark at least one plate.")
    if form.is_valid():
        entries.remove_many(entries=chosen, by=user_of(request), **form.cleaned_data, now=timezone.now())
        remains = overview.lists_of(user=user_of(request)).filter(pk=alert_list).exists()
        return see_other("alerts:list", alert_list) if remains else see_other("alerts:lists")
    entries.refuse(entered={**form.entered(), "list": str(own.pk), "entries": [str(entry) for entry in chosen]},
                   errors=form.mistakes())
    return _show(request, alert_list, status=400, marked=form, chosen=chosen)


def _remove_whole(request: HttpRequest, alert_list: UUID) -> HttpResponse:
    own, form = _own(request, alert_list), ListRemovalForm(request.POST)
    if form.is_valid():
        try:
            entries.remove_list(alert_list=own, by=user_of(request), note=form.cleaned_data["note"], now=timezone.now())
        except AlertList.DoesNotExist as refusal:
            raise Http404 from refusal
        return see_other("alerts:lists")
    entries.refuse(entered={**form.entered(), "list": str(own.pk)}, errors=form.mistakes())
    return _show(request, alert_list, status=400, removal=form)


def _show(request: HttpRequest, alert_list: UUID, status: int = 200, **more: Any) -> HttpResponse:
    try:
        page = overview.open_list(alert_list=alert_list, user=user_of(request), cursor=cursor_of(request),
                                  size=settings.READS_PER_PAGE, show=request.GET.get("show", ""), now=timezone.now())
    except overview.ListNotFound as refusal:
        raise Http404 from refusal
    return render(request, "alerts/list.html", {
        # A form that is refused shows the page on which it stood.
        "place": urlencode({name: request.GET[name] for name in ("show", "before") if name in request.GET}),
        "page": page, "alert_list": page.alert_list, "search": SearchForm(), "zone": zone_of(user_of(request)),
        "marked": RemovalForm(), "removal": ListRemovalForm(),
        "brings": dispositions.yield_of(alert_list=page.alert_list, now=timezone.now())} | more, status=status)


def _renew(request: HttpRequest, alert_list: UUID, chosen: list[Entry]) -> HttpResponse:
    entry, form = chosen[0], RenewForm(request.POST)
    form.full_clean()
    try:
        if form.is_valid():
            entries.renew(entry=entry, by=user_of(request), **form.cleaned_data, now=timezone.now())
            return see_other("alerts:list", alert_list)
    except entries.EntryRefused as refusal:
        form.refused(refusal)
    except entries.EntryNotFound as refusal:
        entries.refuse_late(entry=entry, entered=form.entered())
        raise Http404 from refusal
    entries.refuse(entered=form.entered(), errors=form.mistakes(), entry=entry)
    return _show(request, alert_list, status=400, renewing=entry, renewal=form)


def _own(request: HttpRequest, alert_list: UUID) -> AlertList:
    own = AlertList.objects.visible_to(user_of(request)).filter(pk=alert_list).first()
    if own is None:
        raise Http404
    return own


def _named(request: HttpRequest, alert_list: UUID, field: str) -> list[Entry]:
    """The entries that the field names by id; with `on` alone the one entry of a list."""
    own = Entry.objects.visible_to(user_of(request)).filter(alert_list=alert_list)
    try:
        ids = [UUID(value) for value in request.POST.getlist(field) if value != "on"]
    except ValueError as refusal:
        raise Http404 from refusal
    chosen = list(own.filter(pk__in=ids)) if ids else list(own[:2])
    if len(chosen) != (len(set(ids)) or 1):
        raise Http404
    return chosen
