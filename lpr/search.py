"""Asking the store: the attempt is committed first, then the database's own function answers it, then the outcome is recorded.

No byte of a result leaves the store unless its question stands in the log (QRY-8, BEY-3): the functions called here take
plate, state and dates from the committed event and nothing from us but its id and a page key (decision 5).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import DatabaseError, connection, transaction

from audit.events import Kind
from audit.record import record, record_durably
from audit.reviews import naming
from lpr import plates, states
from lpr.models.source import SourceKind
from lpr.query import Query

LONGEST_ENTRY = 600
LONGEST_CODE = 32


class QueryFailed(Exception):
    """The store did not answer. The attempt and the failure are on record, and nothing was shown."""


@dataclass(frozen=True)
class Answered:
    """An answered query: the id of its attempt, and how many reads it found, those of unknown state among them."""

    id: UUID
    count: int
    count_state_unread: int


@dataclass(frozen=True)
class Read:
    """A plate seen by a camera, as the store's function gives it. Times are aware; `zone` is that of the place."""

    record_id: UUID
    plate: str
    state: str
    captured_at: datetime
    received_at: datetime
    stored_at: datetime
    latitude: float
    longitude: float
    make: str
    model: str
    camera: str
    source: str
    source_kind: str
    place_state: str
    zone: str
    address: str
    intersection: str
    address_is_approximate: bool
    confidence: int | None
    plate_photo_cut: bool

    @property
    def captured_there(self) -> datetime:
        """When it was captured, by the clocks of the place (RES-1)."""
        return self.captured_at.astimezone(ZoneInfo(self.zone))

    # Fifty of these stand on a page: written here once, they cost a tenth of what filters of the template do.
    @property
    def captured_in_words(self) -> str:
        return f"{self.captured_there:%b %-d, %Y, %-I:%M:%S %p %Z}"

    @property
    def label(self) -> str:
        """Time and place in a few words, for the map."""
        place = self.address or self.intersection or "no address near"
        return f"{self.captured_there:%b %-d, %Y, %-I:%M %p}, {place}"

    @property
    def times_utc(self) -> tuple[str, str, str]:
        """When it was captured, received and stored."""
        captured, received, stored = (
            f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}" for at in (self.captured_at, self.received_at, self.stored_at))
        return captured, received, stored

    @property
    def address_in_words(self) -> str:
        """The nearest address, which says of itself when its number was counted along the street and not surveyed (RES-1)."""
        counted = self.address and self.address_is_approximate and not self.address.startswith("about ")
        return f"{self.address} (approximate)" if counted else self.address

    @property
    def source_kind_in_words(self) -> str:
        return SourceKind(self.source_kind).label


@dataclass(frozen=True)
class Cursor:
    """Where the next page begins: in which group, after which read, and its number, counted from 1."""

    number: int = 1
    state_read: bool = True
    captured_at: datetime | None = None
    record_id: UUID | None = None


@dataclass(frozen=True)
class Page:
    """Newest first: reads of the state asked for, then those whose state was not read. `next` is None on the last page."""

    number: int
    reads: list[Read]
    state_unread: list[Read]
    next: Cursor | None


def run_query(*, query: Query) -> Answered:
    """Ask one whole question: attempt on record, answer, outcome on record (QRY-8). The running request gives the actor.

    Args:
        query: the question; policy has allowed it.

    Raises:
        audit.record.AuditUnavailable: the attempt or the outcome cannot be recorded; nothing is shown.
        QueryFailed: the store did not answer; that is on record.
    """
    with transaction.atomic(durable=True):
        attempt = record(Kind.QUERY_ATTEMPTED, **query.facts())
        if query.other_name:
            naming.tell(query=attempt.id, name=query.other_name, now=attempt.at)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count, count_state_unread, digest FROM store.reads_outcome(%s::uuid)", [attempt.id])
            count, count_state_unread, digest = cursor.fetchone()
    except DatabaseError as error:
        record_durably(Kind.QUERY_FAILED, query=attempt.id, why=type(error).__name__)
        raise QueryFailed from error
    record_durably(Kind.QUERY_ANSWERED, query=attempt.id, count=count, count_state_unread=count_state_unread,
                   digest=bytes(digest).hex())
    return Answered(attempt.id, count, count_state_unread)


def refuse(*, entered: Mapping[str, Any], errors: Mapping[str, list[str]]) -> None:
    """Record a query that was not asked, with all that was entered and why it was refused (QRY-8). Nothing is searched.

    Args:
        entered: the fields as they came.
        errors: the sentences shown, by field.
    """
    said = {name: sane(value) for name, value in entered.items()}
    record_durably(Kind.QUERY_REFUSED, **_findable(said), entered=said,
                   errors={field: [sane(sentence) for sentence in sentences] for field, sentences in errors.items()})


def page(*, event: UUID, cursor: Cursor | None = None, size: int) -> Page:
    """One page of what the committed event opens: an attempt, a view or a replay, not older than a minute.

    Args:
        event: the event's id.
        cursor: `next` of the page before; None for the first.
        size: reads on a page.

    Raises:
        QueryFailed: the store did not answer.
    """
    cursor = cursor or Cursor()
    reads = _reads(event, cursor, size + 1) if cursor.state_read else []
    if len(reads) > size:
        return Page(cursor.number, reads[:size], [], _after(cursor, reads[size - 1], state_read=True))
    room = size - len(reads)
    start = Cursor(state_read=False) if cursor.state_read else cursor
    unread = _reads(event, start, room + 1)
    following = None
    if len(unread) > room:
        following = _after(cursor, unread[room - 1] if room else None, state_read=False)
    return Page(cursor.number, reads, unread[:room], following)


def count(*, event: UUID) -> int:
    """How many reads the committed event of a look opens, on all its pages.

    Raises:
        QueryFailed: the store did not answer.
    """
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count FROM store.reads_outcome(%s::uuid)", [event])
            (found,) = cursor.fetchone()
    except DatabaseError as error:
        raise QueryFailed from error
    return found


def selected(*, event: UUID) -> list[Read]:
    """The reads that the committed event names, as far as its query found them: of a printing, or of a look at single reads.

    Args:
        event: the event's id; its details name `reads`.

    Raises:
        QueryFailed: the store did not answer.
    """
    return _rows("store.reads_selected(%s::uuid)", [event])


def sane(value: Any) -> str:
    """What was entered as text that the log can hold: no NUL, no half characters, of bounded length."""
    text = value if isinstance(value, str) else str(value)
    text = text[:LONGEST_ENTRY].replace("\x00", "")
    return text.encode("utf-8", "replace").decode("utf-8")


def _findable(said: Mapping[str, str]) -> dict[str, str]:
    """The columns by which an auditor finds the refusal, as far as what was entered is fit for them."""
    found = {}
    if said.get("for_whom") == "other":
        found["on_behalf_of"] = said.get("other_name", "")
    if len(said.get("reason", "")) <= LONGEST_CODE:
        found["reason"] = said.get("reason", "")
    try:
        found["plate"] = plates.fold(said.get("plate", ""))
        found["state"] = states.parse(said.get("state", ""))
    except (plates.PlateNotValid, states.StateNotListed):
        pass
    return found


def _reads(event: UUID, cursor: Cursor, limit: int) -> list[Read]:
    return _rows("store.reads_page(%s::uuid, %s::boolean, %s::timestamptz, %s::uuid, %s::integer)",
                 [event, cursor.state_read, cursor.captured_at, cursor.record_id, limit])


def _rows(door: str, arguments: list[Any]) -> list[Read]:
    """What a function of the store gives; every door gives reads in the same columns."""
    try:
        with connection.cursor() as rows:
            rows.execute(  # the doors are named above
                "SELECT record_id, plate, state, captured_at, received_at, stored_at, latitude, longitude, make, model, camera,"  # noqa: S608  # nosec B608
                " source, source_kind, place_state, zone, address, intersection, address_is_approximate, confidence,"
                f" plate_photo_cut FROM {door}", arguments)
            return [Read(*row) for row in rows.fetchall()]
    except DatabaseError as error:
        raise QueryFailed from error


def _after(cursor: Cursor, last: Read | None, *, state_read: bool) -> Cursor:
    if last is None:
        return Cursor(cursor.number + 1, state_read)
    return Cursor(cursor.number + 1, state_read, last.captured_at, last.record_id)
