"""What the agency's appointer and the operator's operations staff decide together, each on their own (AUD-5, AUD-10, BEY-10).

A step is taken in one transaction; a refusal is recorded after its rollback.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, NoReturn

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import QuerySet

from audit.events import Kind
from audit.models import TwoSides
from audit.record import record_durably

# A guard test compares these with accounts.roles.
AGENCY, OPERATOR = "agency_appointer", "operations"
ROLES = frozenset({AGENCY, OPERATOR})


class StepRefused(Exception):
    """It may not be done; `field` says where in the form, the message is a plain sentence."""

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


def may_see(user: Any) -> bool:
    return bool(getattr(user, "is_active", False)) and getattr(user, "role", "") in ROLES


def is_agency(user: Any) -> bool:
    return may_see(user) and user.role == AGENCY


def people() -> QuerySet:
    """The open accounts of both sides."""
    return get_user_model()._default_manager.filter(is_active=True, role__in=ROLES)


def require(holds: bool, message: str, field: str | None = None) -> None:
    if not holds:
        raise StepRefused(message, field)


def approve(matter: TwoSides, *, by: Any, now: datetime) -> str:
    """Note the approval of the side of `by` on `matter`, which is locked and saved by the caller. Returns the side.

    Raises:
        StepRefused: not one of the two sides, this side has approved, or the same person twice.
    """
    require(may_see(by), "Only the agency's appointer and the operator's operations staff approve this.")
    side, other = ("agency", matter.operator_by_id) if by.role == AGENCY else ("operator", matter.agency_by_id)
    require(getattr(matter, f"{side}_by_id") is None, "This side has approved already.")
    require(other != by.pk, "The second approval is another person's.")
    setattr(matter, f"{side}_by", by)
    setattr(matter, f"{side}_at", now)
    return side


def take(step: str, change: Callable[[], None], *, refused: Kind) -> None:
    """Do `change` in a transaction of its own; a refusal leaves an event of the kind `refused` and goes on to the caller."""
    try:
        with transaction.atomic():
            change()
    except StepRefused as refusal:
        refuse(str(refusal), step=step, refused=refused, field=refusal.field)


def refuse(message: str, *, step: str, refused: Kind, field: str | None = None) -> NoReturn:
    record_durably(refused, step=step, why=message)
    raise StepRefused(message, field)
