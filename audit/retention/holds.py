"""Legal holds on months of the log: while one stands, nothing of the month goes (AUD-5, BEY-10).

Either side places one, because too much that is kept does no harm; the agency alone lifts it.
"""

from datetime import date, datetime
from functools import partial
from typing import Any
from uuid import UUID

from audit import two_sides
from audit.events import Kind
from audit.models import LegalHold
from audit.record import record
from audit.two_sides import is_agency, may_see, require

_take = partial(two_sides.take, refused=Kind.RETENTION_REFUSED)


def standing() -> list[LegalHold]:
    return list(LegalHold.objects.filter(lifted_at=None).select_related("placed_by"))


def lifted() -> list[LegalHold]:
    return list(LegalHold.objects.exclude(lifted_at=None).select_related("placed_by", "lifted_by"))


def hold(*, by: Any, month: date | None, reason: str, now: datetime) -> None:
    """Hold a month, by any day of it, or every month, those to come too (None).

    Raises:
        StepRefused: not one of the two sides, or no reason.
    """
    def do() -> None:
        require(may_see(by), "Only the agency's appointer and the operator's operations staff place a hold.")
        require(bool(reason.strip()), "Say why.", "reason")
        placed = LegalHold.objects.create(
            month=month and month.replace(day=1), reason=reason.strip(), placed_by=by, placed_at=now)
        record(Kind.HOLD_PLACED, hold=placed.pk, month=placed.month_in_words, note=placed.reason)

    _take("hold", do)


def lift(*, by: Any, hold: UUID, reason: str, now: datetime) -> None:
    """Raises:
        StepRefused: not the agency's appointer, no reason, or no such hold stands.
    """
    def do() -> None:
        require(is_agency(by), "Only the agency's appointer lifts a hold.")
        require(bool(reason.strip()), "Say why.", "reason")
        found = LegalHold.objects.select_for_update().filter(pk=hold, lifted_at=None).first()
        if found is None:
            raise two_sides.StepRefused("This hold does not stand.", "hold")
        found.lifted_by, found.lifted_at, found.lifting_reason = by, now, reason.strip()
        found.save()
        record(Kind.HOLD_LIFTED, hold=found.pk, month=found.month_in_words, note=found.lifting_reason)

    _take("lift", do)
