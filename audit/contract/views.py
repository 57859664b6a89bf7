"""The page of the end of the contract: its countdown and the steps of each side (AUD-10)."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from audit import step_forms, two_sides
from audit.access import only
from audit.contract import approval
from audit.contract.forms import ApproveForm, BeginForm, ReceiptForm, WithdrawForm
from audit.events import Kind
from audit.record import record_durably
from audit.step_forms import StepForm

FORMS: dict[str, type[StepForm]] = {
    "begin": BeginForm, "receive": ReceiptForm, "approve": ApproveForm, "withdraw": WithdrawForm}
DOORS: dict[str, Callable[..., None]] = {
    "begin": approval.begin, "receive": approval.receive, "approve": approval.approve, "withdraw": approval.withdraw}


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@only(two_sides.may_see)
def contract_end(request: HttpRequest) -> HttpResponse:
    now, forms = timezone.now(), step_forms.bound(request, FORMS)
    if step_forms.take(request, forms, DOORS, refused=Kind.CONTRACT_REFUSED, now=now):
        return redirect("audit:contract_end")
    end = approval.current()
    record_durably(Kind.CONTRACT_VIEWED, contract=end and end.pk)
    if end:
        forms["approve"].fields["manifest"].initial = end.manifest
    left = approval.days_left(end, now=now) if end else 0
    is_agency = two_sides.is_agency(request.user)
    approved = end and (end.agency_by if is_agency else end.operator_by)
    return render(request, "audit/contract_end.html", {
        "end": end, "left": left, "overdue": -left, "is_agency": is_agency, "approved": approved, "forms": forms},
        status=400 if request.POST else 200)
