"""What an Agency Manager sees of the back office: their own area, by every door (ACC-6)."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from audit.admin_base import AuditedAdmin


class ScopedAdmin(AuditedAdmin):
    """List, look-up of one record and choices of related records all start from `visible_to(user)`.

    The change list, actions and `get_object` take `get_queryset`; filters by a relation must be RelatedOnlyFieldListFilter.
    """

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        found = self.model._default_manager.visible_to(request.user)
        ordering = self.get_ordering(request)
        return found.order_by(*ordering) if ordering else found

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        return super().formfield_for_foreignkey(db_field, request, **_scoped(db_field, request, options))

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        return super().formfield_for_manytomany(db_field, request, **_scoped(db_field, request, options))


def _scoped(db_field: Any, request: HttpRequest, options: dict[str, Any]) -> dict[str, Any]:
    related = db_field.related_model._default_manager
    if "queryset" not in options and hasattr(related, "visible_to"):
        options["queryset"] = related.visible_to(request.user)
    return options


def unregister_django_groups() -> None:
    """Rights come from accounts.roles: groups are installed by a command, never edited."""
    from django.contrib.auth.models import Group

    if admin.site.is_registered(Group):
        admin.site.unregister(Group)
