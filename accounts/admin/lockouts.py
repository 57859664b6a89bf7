"""Locked accounts of an area, and their release (ACC-12)."""

from datetime import UTC, datetime

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts import lockout
from accounts.access import user_of
from accounts.admin.base import ScopedAdmin
from accounts.models import Lockout, Role
from audit.admin_base import ReadOnlyAdmin


@admin.register(Lockout)
class LockoutAdmin(ScopedAdmin, ReadOnlyAdmin):
    list_display = ("username", "failures", "locked_at")
    fields = ("username", "failures", "locked_at", "told_at")
    actions = ("release",)

    @admin.display(description="failed attempts")
    def failures(self, row: Lockout) -> int:
        return len(row.attempts)

    def has_release_permission(self, request: HttpRequest) -> bool:
        return user_of(request).role == Role.AGENCY_MANAGER

    @admin.action(permissions=["release"], description="Release the selected accounts")
    def release(self, request: HttpRequest, queryset: QuerySet[Lockout]) -> None:
        for row in queryset:
            try:
                lockout.release(username=row.username, by=user_of(request), now=datetime.now(UTC))
                self.message_user(request, f"The account {row.username} may sign in again.", messages.SUCCESS)
            except lockout.MayNotRelease:
                self.message_user(request, f"The account {row.username} is not yours to release.", messages.ERROR)
