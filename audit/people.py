"""The people that reviews and notices concern, asked of the user model by the names that events hold; the room knows no other.

A guard test compares the roles named here with accounts.roles.
"""

from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Q, QuerySet

from audit import names
from audit.access import READER_ROLES, SEES_EVERY_AOR

MANAGER = "agency_manager"
OPERATIONS = "operations"
# Who works for the agency and may be named as the one for whom a query is made, or be asked about a query.
AGENCY_ROLES = READER_ROLES | {"officer", "support_staff"}


@dataclass(frozen=True)
class Area:
    code: str
    name: str


def of_agency(user: Any) -> bool:
    """Whether `user` is one of those who may be named or asked."""
    return bool(getattr(user, "is_active", False)) and getattr(user, "role", "") in AGENCY_ROLES


def areas() -> list[Area]:
    """Every area of responsibility, by name."""
    known = get_user_model()._meta.get_field("aor").related_model
    return [Area(code, name) for code, name in known._default_manager.order_by("name").values_list("code", "name")]


def areas_of(user: Any) -> list[Area]:
    """The areas whose queries `user` may review."""
    return areas() if user.role == SEES_EVERY_AOR else [area for area in areas() if area.code == user.aor_code]


def managers_of(aor: str) -> QuerySet:
    """The open accounts of an area's managers."""
    return _open().filter(role=MANAGER, aor__code=aor)


def reviewers_of(*aors: str) -> QuerySet:
    """The open accounts of these areas' managers and supervisors."""
    return _open().filter(role__in=READER_ROLES - {SEES_EVERY_AOR}, aor__code__in=aors)


def operations() -> QuerySet:
    """The open accounts of the operator's operations staff."""
    return _open().filter(role=OPERATIONS)


def named(name: str) -> list[Any]:
    """The open accounts of the agency that a typed name may mean (QRY-5, BEY-4).

    A user name means its account alone. A full name means everyone who bears it, however it is typed (audit.names).
    """
    return _bearing(name, _open())


def areas_named(name: str) -> list[str]:
    """Codes of the areas of those whom a typed name may mean, closed accounts too: whoever keeps such an area sees what is done
    in the name of its people (AUD-3)."""
    if not name:
        return []
    people = get_user_model()._default_manager.select_related("aor")
    return sorted({person.aor_code for person in _bearing(name, people)} - {""})


def _bearing(name: str, people: QuerySet) -> list[Any]:
    wanted = names.fold(name)
    if not wanted:
        return []
    bearing = people.filter(role__in=AGENCY_ROLES).filter(Q(username__iexact=wanted) | Q(folded_name=wanted))
    found = list(bearing.order_by("pk"))
    return [one for one in found if names.fold(one.get_username()) == wanted] or found


def _open() -> QuerySet:
    return get_user_model()._default_manager.filter(is_active=True)
