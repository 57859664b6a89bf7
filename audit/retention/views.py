"""The page of retention: which months are over, what holds them, and the steps of each side (AUD-5).

OPR, who reads the log of all areas, sees what of it was announced, held and dropped; the steps are the two sides' alone.
"""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from audit import access, step_forms, two_sides
from audit.events import Kind
from audit.models import RetentionPolicy
from audit.record import record_durably
from audit.retention import holds, months
from audit.retention.forms import AnnounceForm, ApproveForm, HoldForm, LiftForm, WithdrawForm
from audit.step_forms import StepForm

FORMS: dict[str, type[StepForm]] = {
    "announce": AnnounceForm, "approve": ApproveForm, "withdraw": WithdrawForm, "hold": HoldForm, "lift": LiftForm}
DOORS: dict[str, Callable[..., None]] = {
    "announce": months.announce, "approve": months.approve, "withdraw": months.withdraw, "hold": holds.hold, "lift": holds.lift}


def may_look(user: Any) -> bool:
    return two_sides.may_see(user) or (access.may_read(user) and access.sees_every_aor(user))


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@access.only(may_look)
def retention(request: HttpRequest) -> HttpResponse:
    if request.method == "POST" and not two_sides.may_see(request.user):
        raise PermissionDenied
    now, forms, over = timezone.now(), step_forms.bound(request, FORMS), months.over(now=timezone.now())
    forms["announce"].offer("months", [(found.month.isoformat(), f"{found.name}: {found.events} events")
                                       for found in over if not found.is_held])
    forms["lift"].offer("hold", [(str(hold.pk), f"{hold.month_in_words}, placed {hold.placed_at:%Y-%m-%d}: {hold.reason}")
                                 for hold in holds.standing()])
    if step_forms.take(request, forms, DOORS, refused=Kind.RETENTION_REFUSED, now=now):
        return redirect("audit:retention")
    record_durably(Kind.RETENTION_VIEWED)
    shown = _shown(request, over)
    if shown["end"]:
        forms["approve"].fields["announcement"].initial = shown["end"].announced
    return render(request, "audit/retention.html", shown | {"forms": forms}, status=400 if request.POST else 200)


def _shown(request: HttpRequest, over: list[months.Over]) -> dict[str, Any]:
    is_agency, end = two_sides.is_agency(request.user), months.current()
    return {
        "takes_part": two_sides.may_see(request.user), "is_agency": is_agency, "over": over,
        "years": RetentionPolicy.objects.get(pk=1).years, "end": end,
        "is_sealed": end and months.is_sealed(end.announced),
        "approved": end and (end.agency_by if is_agency else end.operator_by),
        "past": months.past(), "standing": holds.standing(), "lifted": holds.lifted()}
