"""The managed list of challenge questions (ACC-2)."""

from django.contrib import admin
from django.http import HttpRequest

from accounts.models import ChallengeQuestion
from audit.admin_base import AuditedAdmin


@admin.register(ChallengeQuestion)
class ChallengeQuestionAdmin(AuditedAdmin):
    list_display = ("text", "is_offered")
    fields = ("text", "is_offered")

    def get_readonly_fields(self, request: HttpRequest, obj: ChallengeQuestion | None = None) -> tuple[str, ...]:
        """Other words would ask something else of those who answered."""
        return ("text",) if obj else ()
