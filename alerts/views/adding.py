"""The form of a single-plate alert: empty, or filled in from an own query or from a result (ALR-1, RES-6).

Addresses hold the id of a query or the signed token of a read, never a plate.
"""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts import kept_forms
from accounts.access import private_page, right_required, user_of
from accounts.roles import Right
from alerts import entries, hits
from alerts.forms import AlertForm
from alerts.lists import ListRefused
from alerts.models import AlertPolicy
from alerts.views.answers import see_other
from lpr import comparison, read_tokens, recall


@kept_forms.keeps_form
@require_http_methods(["GET", "POST"])
@right_required(Right.QUERY)
@private_page
def add(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    typed = kept_forms.arrived(request)
    # A kept form's token is of the session that ended; what it was filled in from is in the form.
    token = request.GET.get("read") or ("" if typed is not None else request.POST.get("read", ""))
    if request.method == "GET" or typed is not None:
        if first := _compare_first(request, token):
            return first
        form = AlertForm(user=user_of(request), now=now, initial=_filled_in(request, token))
        kept_forms.fill(form, typed or {})
        return _show(request, form, token)
    form = AlertForm(request.POST, user=user_of(request), now=now)
    if first := _compare_first(request, token):
        entries.refuse(entered=form.entered(), errors={"read": ["The read was not compared with its photos."]})
        return first
    if form.is_valid():
        try:
            entry = entries.add(owner=user_of(request), **form.entry(), **form.sharing(), now=now)
        except (entries.EntryRefused, ListRefused) as refusal:
            form.refused(refusal)
        else:
            return see_other("alerts:list", entry.alert_list_id)
    entries.refuse(entered=form.entered(), errors=form.mistakes())
    return _show(request, form, token, status=400)


def _show(request: HttpRequest, form: AlertForm, token: str, status: int = 200) -> HttpResponse:
    return render(request, "alerts/new.html", {
        "form": form, "read_token": token, "validity": AlertPolicy.objects.get(pk=1).validity}, status=status)


def _filled_in(request: HttpRequest, token: str) -> dict[str, Any]:
    """What is known of the alert already: from `?query=` or `?read=`."""
    try:
        if token:
            shown = read_tokens.opened(token, user_id=user_of(request).pk, session_key=request.session.session_key)
            return _of_hit(request, shown.hit) if shown.hit else _of_query(request, shown.query)
        if query := request.GET.get("query"):
            return _of_query(request, UUID(query))
    except (read_tokens.TokenNotValid, recall.QueryNotFound, hits.HitNotFound, ValueError) as refusal:
        raise Http404 from refusal
    return {}


def _compare_first(request: HttpRequest, token: str) -> HttpResponse | None:
    """On to the photos, where the read was not compared with them yet (BEY-6)."""
    if not token or not settings.LOOK_BEFORE_USE:
        return None
    try:
        shown = read_tokens.opened(token, user_id=user_of(request).pk, session_key=request.session.session_key)
        look = _look_of_hit(request, shown.hit) if shown.hit else _look_of_query(request, shown.query)
    except (read_tokens.TokenNotValid, recall.QueryNotFound, hits.HitNotFound) as refusal:
        raise Http404 from refusal
    return None if comparison.is_done(read=shown.record_id, look=look) else see_other("lpr:compare", token)


def _look_of_hit(request: HttpRequest, hit: UUID) -> UUID:
    return hits.look(hit=hit, user=user_of(request))


def _look_of_query(request: HttpRequest, query: UUID | None) -> UUID:
    if query is None:
        raise recall.QueryNotFound
    return recall.opened(query=query, user=user_of(request), purpose="compare").event


def _of_query(request: HttpRequest, query: UUID | None) -> dict[str, Any]:
    if query is None:
        raise recall.QueryNotFound
    asked = recall.opened(query=query, user=user_of(request), purpose="alert").asked.query
    return {name: getattr(asked, name) for name in ("plate", "state", "reason", "case_reference", "for_whom", "other_name")}


def _of_hit(request: HttpRequest, hit: UUID) -> dict[str, Any]:
    found = hits.opened(hit=hit, user=user_of(request))
    return {"plate": found.plate, "state": found.state}
