"""Rules of behavior: the operator drafts a version, the agency approves it by saying when it takes effect (ACC-8)."""

from datetime import UTC, datetime

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from accounts.access import user_of
from accounts.models import Role, RulesText
from audit.admin_base import AuditedAdmin


class RulesForm(forms.ModelForm):
    def clean_in_force_from(self) -> datetime | None:
        in_force_from = self.cleaned_data["in_force_from"]
        if in_force_from is not None and in_force_from < datetime.now(UTC):
            raise ValidationError("A version takes effect now or later, not in the past.", code="past")
        return in_force_from


@admin.register(RulesText)
class RulesTextAdmin(AuditedAdmin):
    """A text that is or was in force is never changed, only followed by the next version."""

    form = RulesForm
    list_display = ("version", "in_force_from")
    fields = ("version", "body", "in_force_from")

    def has_change_permission(self, request: HttpRequest, obj: RulesText | None = None) -> bool:
        in_force = obj is not None and obj.in_force_from is not None and obj.in_force_from <= datetime.now(UTC)
        return super().has_change_permission(request, obj) and not in_force

    def get_readonly_fields(self, request: HttpRequest, obj: RulesText | None = None) -> tuple[str, ...]:
        """The agency's appointer approves and does not write; everybody else writes and does not approve."""
        return ("version", "body") if user_of(request).role == Role.AGENCY_APPOINTER else ("in_force_from",)
