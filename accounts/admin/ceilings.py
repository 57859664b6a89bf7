"""How many accounts an area may have: set by the appointer, read by the area's manager (ACC-15)."""

from django.contrib import admin
from django.http import HttpRequest

from accounts.admin.base import ScopedAdmin
from accounts.models import AccountCeiling, User


@admin.register(AccountCeiling)
class AccountCeilingAdmin(ScopedAdmin):
    list_display = ("aor", "component", "most", "open_accounts")
    list_select_related = ("aor",)
    fields = ("aor", "component", "most")

    @admin.display(description="open accounts")
    def open_accounts(self, ceiling: AccountCeiling) -> int:
        return User.objects.filter(aor=ceiling.aor_id, component=ceiling.component, is_active=True).count()

    def get_readonly_fields(self, request: HttpRequest, obj: AccountCeiling | None = None) -> tuple[str, ...]:
        return ("aor", "component") if obj else ()
