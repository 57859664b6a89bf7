"""What sources delivered and what was set aside, for operations staff (DAT-3, BEY-8).

A superuser's all-permissions do not open records that were set aside: they hold plates. Repair and discard are pages of their own
outside of Django's transaction, because a refusal has to stay on record.
"""

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.files.storage import default_storage
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils import timezone

from accounts.access import private_page, user_of
from accounts.roles import Role
from audit.admin_base import ReadOnlyAdmin
from audit.events import Kind
from audit.record import record_durably
from lpr import admission, quarantine
from lpr.forms.set_aside import DiscardForm, RepairForm
from lpr.models import QuarantinedRecord, Receipt, SetAsideStatus

LIST = "admin:lpr_quarantinedrecord_changelist"


@admin.register(Receipt)
class ReceiptAdmin(ReadOnlyAdmin):
    """Arrivals with one number are of one body: the oldest says what was stored of it."""

    list_display = ("source", "received_at", "number", "first_index", "stored", "duplicates", "refused", "hits",
                    "newest_captured_at")
    list_filter = ("source",)
    list_select_related = ("source",)
    readonly_fields = ("number",)
    show_full_result_count = False


@admin.register(QuarantinedRecord)
class QuarantinedRecordAdmin(ReadOnlyAdmin):
    """What was sent is shown on the record's own page alone, which is an event; the list shows reasons."""

    list_display = ("source", "received_at", "reason", "status", "handled_at", "position")
    list_filter = ("status", "source")
    list_select_related = ("source",)
    show_full_result_count = False

    def has_view_permission(self, request: HttpRequest, obj: QuarantinedRecord | None = None) -> bool:
        return _is_operations(request) and super().has_view_permission(request, obj)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return _is_operations(request)

    def get_urls(self) -> list[URLPattern]:
        photo = path("<uuid:set_aside>/photos/<int:number>/", self.admin_site.admin_view(self.photo),
                     name="lpr_quarantinedrecord_photo")
        return [photo, *super().get_urls()]

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "",
                    extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return private_page(self._handle)(request, self.get_object(request, object_id))  # type: ignore[return-value]

    def photo(self, request: HttpRequest, set_aside: UUID, number: int) -> HttpResponseBase:
        """Plate photo (1) or vehicle photo (2) of a record that was set aside, on record."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = QuarantinedRecord.objects.filter(key=set_aside).first()
        kind = dict(enumerate(admission.KINDS, start=1)).get(number)
        if found is None or kind is None:
            raise Http404
        record_durably(Kind.RECORD_VIEWED, model="lpr.quarantinedrecord", object=str(found.pk), photo=number)
        try:
            with default_storage.open(quarantine.photo_name(found, kind)) as file:
                return private_page(lambda _: HttpResponse(file.read(), content_type="image/jpeg"))(request)
        except OSError as missing:
            raise Http404 from missing

    def _handle(self, request: HttpRequest, found: QuarantinedRecord) -> HttpResponse:
        step = request.POST.get("step", "") if request.method == "POST" else ""
        form = RepairForm(request.POST if step == "repair" else None, record=found)
        discard_form = DiscardForm(request.POST if step == "discard" else None)
        if step:
            if _done(request, found, form, discard_form):
                return redirect(LIST)
            errors = (form if step == "repair" else discard_form).errors
            quarantine.refuse(record=found, errors={name: [str(said) for said in listed] for name, listed in errors.items()})
        else:
            record_durably(Kind.RECORD_VIEWED, model="lpr.quarantinedrecord", object=str(found.pk))
        return render(request, "lpr/admin/set_aside.html", {
            **self.admin_site.each_context(request), "title": "Record set aside", "record": found, "form": form,
            "discard_form": discard_form, "is_waiting": found.status == SetAsideStatus.WAITING, "beside": _beside(found),
            "bad_field": form.bad_field.replace("_", " "), "photos": _photos(found),
            "erased_at": found.received_at + timedelta(days=found.source.quarantine_days)}, status=400 if step else 200)


def _is_operations(request: HttpRequest) -> bool:
    return getattr(request.user, "role", "") == Role.OPERATIONS


def _done(request: HttpRequest, found: QuarantinedRecord, form: RepairForm, discard_form: DiscardForm) -> bool:
    by, now = user_of(request), timezone.now()
    try:
        if form.is_bound and form.is_valid():
            quarantine.repair(record=found, said=form.said(), by=by, now=now)
            messages.success(request, "The record is repaired. It is loaded within a minute; the list says what became of it.")
            return True
        if discard_form.is_bound and discard_form.is_valid():
            quarantine.discard(record=found, note=discard_form.cleaned_data["note"], by=by, now=now)
            messages.success(request, "The record is discarded.")
            return True
    except quarantine.NotRepairable as refusal:
        form.add_error(refusal.field or None, str(refusal))
    except quarantine.AlreadyHandled:
        (form if form.is_bound else discard_form).add_error(None, "Somebody else has handled this record meanwhile.")
    return False


def _beside(found: QuarantinedRecord) -> list[tuple[str, str, str]]:
    """Each field with what was sent and what was entered instead, where it is another."""
    sent = quarantine.entered(QuarantinedRecord(raw=found.raw, repaired=""))
    entered = json.loads(found.repaired) if found.repaired else {}
    return [(name.replace("_", " "), sent[name], entered.get(name, "") if entered.get(name, sent[name]) != sent[name] else "")
            for name in quarantine.FIELDS] if any(sent.values()) or entered else []


def _photos(found: QuarantinedRecord) -> list[tuple[int, str]]:
    return [(number, kind) for number, kind in enumerate(admission.KINDS, start=1)
            if default_storage.exists(quarantine.photo_name(found, kind))]
