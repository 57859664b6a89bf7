"""Appointments: the appointer names the agency's people, operations names the operator's (ACC-4)."""

from datetime import UTC, datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Field
from django.http import HttpRequest

from accounts import appointments, ceilings, keys
from accounts.access import user_of
from accounts.admin.base import ScopedAdmin
from accounts.admin.keys import KeyPages
from accounts.models import Appointment, User
from accounts.roles import APPOINTS, Role


class AppointmentForm(forms.ModelForm):
    """What the domain would refuse is said here; `by` and `now` are given by the page."""

    by: User

    class Meta:
        model = Appointment
        fields = ("role", "full_name", "email", "aor", "component", "job_category", "is_federal_employee")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        why = appointments.why_not(self.by, cleaned["role"], cleaned["aor"], cleaned["component"], cleaned["is_federal_employee"])
        try:
            ceilings.take(aor=cleaned["aor"], component=cleaned["component"], now=datetime.now(UTC))
        except ceilings.Full as refusal:
            why = why or str(refusal)
        if why:
            appointments.refuse(by=self.by, role=cleaned["role"])
            self.add_error(None, why)
        return cleaned


@admin.register(Appointment)
class AppointmentAdmin(KeyPages, ScopedAdmin):
    form = AppointmentForm
    change_form_template = "accounts/admin_appointment.html"
    list_display = ("__str__", "full_name", "role", "aor", "appointed_by", "appointed_at", "account")
    list_filter = ("role",)
    list_select_related = ("aor", "appointed_by", "account")
    key_refusals = (appointments.MayNotAppoint, ceilings.Full, keys.NoKeyToRevoke)

    def get_fields(self, request: HttpRequest, obj: Appointment | None = None) -> tuple[str, ...]:
        entered = AppointmentForm.Meta.fields
        if obj is None:
            return entered
        followed = ("succeeds", "authority") if obj.succeeds_id else ()
        return (*entered, "appointed_by", *followed, "appointed_at", "key_state", "account")

    def get_readonly_fields(self, request: HttpRequest, obj: Appointment | None = None) -> tuple[str, ...]:
        return self.get_fields(request, obj) if obj else ()

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A superuser appoints nobody."""
        return super().has_add_permission(request) and user_of(request).role in APPOINTS

    def has_change_permission(self, request: HttpRequest, obj: Appointment | None = None) -> bool:
        """An appointment is made once, and stays as it was made."""
        return False

    def formfield_for_choice_field(self, db_field: Field, request: HttpRequest, **options: Any) -> forms.TypedChoiceField | None:
        if db_field.name == "role":
            named = APPOINTS.get(user_of(request).role, frozenset())
            options["choices"] = [(role.value, role.label) for role in Role if role in named]
        return super().formfield_for_choice_field(db_field, request, **options)

    def get_form(self, request: HttpRequest, obj: Appointment | None = None, change: bool = False, **options: Any) -> Any:
        form: Any = super().get_form(request, obj, change, **options)
        form.by = user_of(request)
        return form

    def save_model(self, request: HttpRequest, obj: Appointment, form: forms.ModelForm, change: bool) -> None:
        made = appointments.appoint(by=user_of(request), now=datetime.now(UTC), **form.cleaned_data)
        obj.pk, obj.appointed_at = made.pk, made.appointed_at

    def send_key(self, request: HttpRequest, ground: Appointment) -> None:
        appointments.send_key_again(appointment=ground, by=user_of(request), now=datetime.now(UTC))

    def revoke_key(self, request: HttpRequest, ground: Appointment) -> None:
        appointments.revoke_key(appointment=ground, by=user_of(request), now=datetime.now(UTC))
