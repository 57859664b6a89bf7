"""The policies of reviews and of retention in the back office, kept by operations (AUD-5, AUD-8, BEY-5)."""

from django.contrib import admin
from django.http import HttpRequest

from audit.admin_base import AuditedAdmin
from audit.models import RetentionPolicy, ReviewPolicy


class OneRowAdmin(AuditedAdmin):
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


@admin.register(ReviewPolicy)
class ReviewPolicyAdmin(OneRowAdmin):
    list_display = ("__str__", "smallest_sample", "weekly_days", "yearly_days", "reminder_days")


@admin.register(RetentionPolicy)
class RetentionPolicyAdmin(OneRowAdmin):
    list_display = ("__str__", "years")
