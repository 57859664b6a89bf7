"""The page of what is to be renewed or removed: each plate with its hits, decided for one or many in one step (ALR-7, ALR-10)."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.access import private_page, right_required, user_of
from accounts.roles import Right
from alerts import entries, overview
from alerts.forms import RenewForm
from alerts.views.answers import see_other
from lpr.policy import zone_of


@require_http_methods(["GET", "HEAD", "POST"])
@right_required(Right.QUERY)
@private_page
def renewals(request: HttpRequest) -> HttpResponse:
    """POST `entry` (ids) with `act`: `renew` affirms the need of those marked, `remove` removes them."""
    if request.method != "POST":
        return _show(request, RenewForm())
    chosen, form = _marked(request), RenewForm(request.POST)
    form.full_clean()
    if not chosen:
        form.add_error(None, "Mark at least one plate.")
    elif form.is_valid() and (_removed if request.POST.get("act") == "remove" else _renewed)(request, chosen, form):
        return see_other("alerts:renewals")
    entries.refuse(entered={**form.entered(), "entries": [str(entry) for entry in chosen]}, errors=form.mistakes())
    return _show(request, form, chosen, status=400)


def _removed(request: HttpRequest, chosen: list[UUID], form: RenewForm) -> bool:
    entries.remove_many(entries=chosen, by=user_of(request), note=form.cleaned_data["note"], now=timezone.now())
    return True


def _renewed(request: HttpRequest, chosen: list[UUID], form: RenewForm) -> bool:
    """Whether all that was marked is renewed; what came too late is said on the page."""
    try:
        renewed = entries.renew_many(entries=chosen, by=user_of(request), **form.cleaned_data, now=timezone.now())
    except entries.EntryRefused as refusal:
        form.refused(refusal)
        return False
    if late := len(set(chosen)) - len(renewed):
        form.add_error(None, f"{len(renewed)} of the marked plates are renewed; {late} came too late and are gone.")
    return not late


def _show(request: HttpRequest, form: RenewForm, chosen: list[UUID] | None = None, status: int = 200) -> HttpResponse:
    page = overview.open_renewals(user=user_of(request), now=timezone.now())
    return render(request, "alerts/renewals.html", {
        "page": page, "form": form, "chosen": chosen or [], "zone": zone_of(user_of(request))}, status=status)


def _marked(request: HttpRequest) -> list[UUID]:
    try:
        return [UUID(value) for value in request.POST.getlist("entry")]
    except ValueError as refusal:
        raise Http404 from refusal
