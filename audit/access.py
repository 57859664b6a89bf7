"""Who may search the record (AUD-3, AUD-12). The room knows nobody: it asks the user's role by its name, as events hold it.

How far a role sees is not decided here but in the database, by audit.events_page.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from rest_framework.permissions import BasePermission

SEES_EVERY_AOR = "opr_auditor"
# A guard test compares these with accounts.roles.
READER_ROLES = frozenset({SEES_EVERY_AOR, "agency_manager", "supervisor"})


def may_read(user: object) -> bool:
    """Whether `user` may search audit records: an open account with a reader's role, and an AOR unless all are seen."""
    role = getattr(user, "role", "")
    if not getattr(user, "is_active", False) or role not in READER_ROLES:
        return False
    return role == SEES_EVERY_AOR or bool(getattr(user, "aor_code", ""))


def sees_every_aor(user: object) -> bool:
    return getattr(user, "role", "") == SEES_EVERY_AOR


def only(may: Callable[[Any], bool]) -> Callable[[Callable[..., HttpResponseBase]], Callable[..., HttpResponseBase]]:
    """A decorator of views: whoever `may` does not let in is refused with 403, which the audit middleware records."""
    def decorate(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not may(request.user):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return guarded

    return decorate


reader_required = only(may_read)


class ReadsAudit(BasePermission):
    """The same for API views."""

    def has_permission(self, request: Any, view: Any) -> bool:
        return may_read(request.user)
