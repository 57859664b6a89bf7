"""Months of the log past their retention: announced, approved by two persons of two sides, dropped (AUD-5, BEY-10).

The announcement says of each month how many events it holds, a digest over their leaves, and the tree; it is sealed before
anybody approves. Who drops is audit.drop_month in the database, which takes all of it from the log itself. Every step finds for
itself what is left to do, so that a run that comes late, twice or after a kill does the rest.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.db import OperationalError, connection, transaction

from audit import letters, two_sides
from audit.events import Kind
from audit.models import LetterKind, MonthsEnd
from audit.record import record
from audit.two_sides import may_see, require

logger = logging.getLogger(__name__)
# What goes with a month's events and lies outside of the log: called as (since, until) with the month's first moment and the
# next one's, when it was found that they may go; returns how many files it erased. The ids of events carry their times. No room
# keeps such files yet.
erasers: list[Callable[[datetime, datetime], int]] = []
_take = partial(two_sides.take, refused=Kind.RETENTION_REFUSED)
_PEOPLE = ("announced_by", "agency_by", "operator_by")


@dataclass(frozen=True)
class Over:
    """A month past its retention, by its first day. `is_held`: a legal hold is on it."""

    month: date
    events: int
    is_held: bool

    @property
    def name(self) -> str:
        return in_words(self.month)


def in_words(month: date) -> str:
    return f"{month:%Y-%m}"


def over(*, now: datetime) -> list[Over]:
    """The months that are older than the retention and still hold events, the oldest first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT month, events, is_held FROM audit.months_over(%s::timestamptz)", [now])
        return [Over(*row) for row in cursor.fetchall()]


def current() -> MonthsEnd | None:
    return MonthsEnd.objects.filter(is_open=True).select_related(*_PEOPLE).first()


def past() -> list[MonthsEnd]:
    """Announcements that are done or withdrawn, the newest first."""
    return list(MonthsEnd.objects.filter(is_open=False).select_related(*_PEOPLE))


def is_dropped(day: date) -> bool:
    """Whether the log of this day was dropped."""
    return MonthsEnd.objects.filter(dropped__contains=[day.replace(day=1)]).exists()


def dropped_of(events: Iterable[UUID | None], *, since: datetime, until: datetime) -> list[date]:
    """Of the months that were dropped those that reach into a period or held one of these events, the oldest first."""
    gone = {month for end in MonthsEnd.objects.exclude(dropped=[]) for month in end.dropped}
    held = {of_event(event) for event in events if event}
    return sorted(month for month in gone if month in held or (_span(month)[0] < until and since < _span(month)[1]))


def of_event(event: UUID) -> date:
    """The month in which an event was recorded, by its first day: its number carries its time (audit.stamp)."""
    return datetime.fromtimestamp((event.int >> 80) / 1000, UTC).date().replace(day=1)


def announce(*, by: Any, months: Sequence[date], now: datetime) -> None:
    """Announce that these months are to go: on the log, to be sealed, and by mail to both sides.

    Args:
        months: their first days.

    Raises:
        StepRefused: not operations staff, an announcement is open, or a month is not over, held or not sealed.
    """
    def do() -> None:
        require(may_see(by) and by.role == two_sides.OPERATOR, "The operator's operations staff announce months.")
        require(_locked() is None, "An announcement is open already.")
        due = {found.month: found for found in over(now=now)}
        chosen = sorted(set(months))
        require(bool(chosen), "Choose at least one month.", "months")
        for month in chosen:
            require(month in due, f"{in_words(month)} is not past its retention.", "months")
            require(not due[month].is_held, f"A legal hold is on {in_words(month)}.", "months")
        size, root = _tree()
        event = record(Kind.MONTHS_ANNOUNCED, months=[_facts(month, size) for month in chosen], size=size, root=root)
        end = MonthsEnd.objects.create(announced=event.id, announced_by=by, announced_at=now, months=chosen)
        letters.owe(LetterKind.MONTHS, to=two_sides.people(), about=end.pk, now=now)

    _take("announce", do)


def approve(*, by: Any, announcement: UUID, now: datetime) -> None:
    """Approve that the announced months go.

    Args:
        announcement: the event that was on the page when the person decided.

    Raises:
        StepRefused: not one of the two, not sealed yet, another announcement meanwhile, or the same person twice.
    """
    def do() -> None:
        end = _open_one()
        require(end.announced == announcement, "Another announcement was made meanwhile. Look at it and decide again.")
        side = two_sides.approve(end, by=by, now=now)
        require(is_sealed(end.announced), "The announcement is not sealed yet: it is within ten seconds. Approve it then.")
        setattr(end, f"{side}_event", record(Kind.MONTHS_APPROVED, announcement=end.announced, side=side).id)
        end.save()

    _take("approve", do)


def withdraw(*, by: Any, now: datetime) -> None:
    """Nothing more of this announcement goes, also when both sides have approved it: what is left can be announced anew.

    Raises:
        StepRefused: not one of the two, or no announcement is open.
    """
    def do() -> None:
        require(may_see(by), "Only the agency's appointer and the operator's operations staff withdraw.")
        end = _open_one()
        end.is_open = False
        end.save()
        record(Kind.MONTHS_WITHDRAWN, announcement=end.announced, months=[in_words(month) for month in end.left])

    _take("withdraw", do)


def drop_approved(*, now: datetime, progress: Callable[[str, int, int], None] | None = None) -> int:
    """Drop what both sides have approved and no hold is on; what cannot go now is left for the next run.

    Args:
        progress: told, as (month, done, total), which month is done.

    Returns: how many months went.

    Raises:
        django.db.DatabaseError: the database refuses a month: it does not hold what was announced, or an approval lacks.
        audit.record.AuditUnavailable: it could not be recorded.
    """
    end = current()
    if end is None or not end.is_approved or not is_sealed(end.announced, end.agency_event, end.operator_event):
        return 0
    held = {found.month for found in over(now=now) if found.is_held}
    left = [month for month in end.left if month not in held]
    for number, month in enumerate(left, 1):
        try:
            if not _drop(end.pk, month, now):
                return number - 1
        except OperationalError as busy:
            # Somebody reads the month or places a hold at this moment.
            logger.warning("a month of the log is in use and goes later: %s", type(busy).__name__)
            return number - 1
        if progress:
            progress(in_words(month), number, len(left))
    return len(left)


def is_sealed(*events: UUID | None) -> bool:
    """Whether checkpoints cover all of these events."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM audit.sealed_leaf l WHERE l.id = ANY (%s::uuid[])"
                       " AND l.index < (SELECT max(c.size) FROM audit.checkpoint c)", [list(events)])
        return cursor.fetchone()[0] == len(events)


def _drop(id: UUID, month: date, now: datetime) -> bool:
    """The month and the event that says so go together. False where the announcement was withdrawn meanwhile, or another run was
    faster."""
    with transaction.atomic(), connection.cursor() as cursor:
        end = MonthsEnd.objects.select_for_update(of=("self",)).get(pk=id)
        if not end.is_open or month in end.dropped:
            return False
        speaking: list[Any] = [month, end.announced, end.agency_event, end.operator_event, now]
        files = 0
        if erasers:
            # Files do not come back with a rollback: what refuses the month refuses it before they go.
            cursor.execute("SELECT audit.check_month(%s::date, %s::uuid, %s::uuid, %s::uuid, %s::timestamptz)", speaking)
            files = sum(erase(*_span(month)) for erase in erasers)
        cursor.execute("SELECT audit.drop_month(%s::date, %s::uuid, %s::uuid, %s::uuid, %s::timestamptz)", speaking)
        record(Kind.MONTH_DROPPED, announcement=end.announced, month=in_words(month), events=cursor.fetchone()[0], files=files)
        end.dropped = [*end.dropped, month]
        end.is_open = bool(end.left)
        end.save()
        return True


def _facts(month: date, size: int) -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT events, unsealed, size, digest FROM audit.month_facts(%s::date)", [month])
        events, unsealed, needed, digest = cursor.fetchone()
    require(not unsealed and needed <= size, f"Not every event of {in_words(month)} is sealed: `verify_audit` names the first.",
            "months")
    return {"month": in_words(month), "events": events, "digest": digest}


def _tree() -> tuple[int, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT size, encode(root, 'hex') FROM audit.checkpoint ORDER BY size DESC LIMIT 1")
        return cursor.fetchone() or (0, "")


def _span(month: date) -> tuple[datetime, datetime]:
    since = datetime(month.year, month.month, 1, tzinfo=UTC)
    return since, (since + timedelta(days=32)).replace(day=1)


def _locked() -> MonthsEnd | None:
    return MonthsEnd.objects.select_for_update(of=("self",)).filter(is_open=True).first()


def _open_one() -> MonthsEnd:
    end = _locked()
    if end is None:
        raise two_sides.StepRefused("No announcement is open.")
    return end
