"""The pages of audit-log requests: all, asking, one with its receipt, and the file (AUD-13)."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from audit import deliveries as domain
from audit import people
from audit.access import only
from audit.cursors import cursor_of, page
from audit.deliveries import DeliveryRefused
from audit.delivery_forms import AskForm, ReceiptForm
from audit.events import Kind
from audit.models import Delivery
from audit.record import record_durably

LISTED = 100


@require_safe
@never_cache
@only(domain.may_see)
def deliveries(request: HttpRequest) -> HttpResponse:
    """One's own requests; for operations all jobs, without whom and what they are of."""
    record_durably(Kind.DELIVERY_VIEWED, purpose="list")
    now = timezone.now()
    found, following = page(Delivery.objects.visible_to(request.user), by="asked_at", cursor=cursor_of(request), size=LISTED)
    return render(request, "audit/deliveries.html", {
        "deliveries": [(one, domain.clock(one, now=now)) for one in found], "next": following,
        "asks": domain.may_ask(request.user)})


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@only(domain.may_ask)
def ask(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    given = (request.POST, request.FILES) if request.method == "POST" else ()
    form = AskForm(*given, areas=people.areas(), today=now.date())
    if form.is_bound:
        try:
            if form.is_valid():
                made = domain.ask(user=request.user, now=now, **form.wanted())
                messages.success(request, "Your request is on record, and its clock runs.")
                return redirect("audit:delivery", made.pk)
            domain.refuse("The form was not filled in rightly.", fields=sorted(form.errors))
        except DeliveryRefused as refusal:
            if not form.errors:
                form.refuse(refusal)
    return render(request, "audit/delivery_new.html", {"form": form}, status=400 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@only(domain.may_see)
def delivery(request: HttpRequest, delivery: UUID) -> HttpResponse:
    """A delivery with its clock; POST with `act`: the receipt, or a failed job once more."""
    one, user, now = _found(request, delivery), request.user, timezone.now()
    form = ReceiptForm()
    if request.method == "POST":
        act = request.POST.get("act", "")
        form = ReceiptForm(request.POST) if act == "receive" else form
        try:
            _act(act, one, form, user, now)
            messages.success(request, "It is recorded.")
            return redirect("audit:delivery", one.pk)
        except DeliveryRefused as refusal:
            if refusal.field in form.fields and form.is_bound:
                form.refuse(refusal)
            elif not form.errors:
                messages.error(request, str(refusal))
    record_durably(Kind.DELIVERY_VIEWED, delivery=one.pk)
    return render(request, "audit/delivery.html", {
        "delivery": one, "clock": domain.clock(one, now=now), "form": form, "asks": domain.may_ask(user)},
        status=400 if request.method == "POST" else 200)


@require_safe
@never_cache
@only(domain.may_ask)
def file(request: HttpRequest, delivery: UUID) -> HttpResponseBase:
    """The ciphertext, for its requester alone."""
    one = _found(request, delivery)
    try:
        content = domain.download(delivery=one, user=request.user, now=timezone.now())
    except DeliveryRefused as refusal:
        messages.error(request, str(refusal))
        return redirect("audit:delivery", one.pk)
    return FileResponse(content, as_attachment=True, filename=f"audit-log-{one.pk}.zip", content_type="application/zip")


def _found(request: HttpRequest, delivery: UUID) -> Delivery:
    one = Delivery.objects.visible_to(request.user).filter(pk=delivery).first()
    if one is None:
        raise Http404
    return one


def _act(act: str, one: Delivery, form: ReceiptForm, user: Any, now: Any) -> None:
    if act == "restart":
        domain.restart(delivery=one, user=user, now=now)
    elif act != "receive":
        raise Http404
    elif form.is_valid():
        domain.receive(delivery=one, digest=form.cleaned_data["digest"], user=user, now=now)
    else:
        domain.refuse("The form was not filled in rightly.", delivery=one.pk, fields=sorted(form.errors))
