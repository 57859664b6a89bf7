"""The page of the end of the contract: its countdown and the steps of each side (AUD-10)."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from audit.contract import approval
from audit.contract.forms import ApproveForm, BeginForm, ReceiptForm, WithdrawForm
from audit.events import Kind
from audit.record import record_durably

FORMS = {"begin": BeginForm, "receive": ReceiptForm, "approve": ApproveForm, "withdraw": WithdrawForm}


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def contract_end(request: HttpRequest) -> HttpResponse:
    if not approval.may_see(request.user):
        raise PermissionDenied
    end, now, act = approval.current(), timezone.now(), request.POST.get("act", "")
    forms = {name: form(request.POST if name == act else None, auto_id=f"id_{name}_%s") for name, form in FORMS.items()}
    if act in forms:
        form = forms[act]
        try:
            if form.is_valid():
                facts = {name: value for name, value in form.cleaned_data.items() if name not in {"confirm", "withdraw"}}
                getattr(approval, act)(by=request.user, now=now, **facts)
                return redirect("audit:contract_end")
            approval.refuse("The form was not filled in.", step=act)
        except approval.ContractRefused as refusal:
            if not form.errors:
                form.refuse(refusal)
    record_durably(Kind.CONTRACT_VIEWED, contract=end and end.pk)
    if end:
        forms["approve"].fields["manifest"].initial = end.manifest
    left = approval.days_left(end, now=now) if end else 0
    is_agency = approval.is_agency(request.user)
    approved = end and (end.agency_by if is_agency else end.operator_by)
    return render(request, "audit/contract_end.html", {
        "end": end, "left": left, "overdue": -left, "is_agency": is_agency, "approved": approved, "forms": forms},
        status=400 if act else 200)
