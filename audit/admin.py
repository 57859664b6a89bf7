"""The policy of reviews in the back office, kept by operations (AUD-8, BEY-5)."""

from django.contrib import admin
from django.http import HttpRequest

from audit.admin_base import AuditedAdmin
from audit.models import ReviewPolicy


@admin.register(ReviewPolicy)
class ReviewPolicyAdmin(AuditedAdmin):
    list_display = ("__str__", "smallest_sample", "weekly_days", "yearly_days", "reminder_days")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False
