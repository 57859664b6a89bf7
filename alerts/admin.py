"""The contract's numbers about alert lists in the back office: one record, changed by operations, with history (ALR-1, ALR-7)."""

from django.contrib import admin
from django.http import HttpRequest

from alerts.models import AlertPolicy
from audit.admin_base import AuditedAdmin


@admin.register(AlertPolicy)
class AlertPolicyAdmin(AuditedAdmin):
    list_display = ("__str__", "max_entries", "validity_days", "prompt_days", "grace_days")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False
