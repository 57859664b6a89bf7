"""Search of the record: itself a recorded query, replayed by its id, so that no plate ever stands in an address (AUD-3).

`begin` records what is searched for; `open_page` records that a page is looked at and reads it through audit.events_page,
which takes criteria, role and AOR from those two events alone (decision 9a).
"""

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core import signing
from django.db import connections

from audit.events import Kind
from audit.record import record_durably
from lpr import plates

PAGE_SIZE = 50
_STEP = 1000
# A look opens the log for a minute (audit.committed_event); a longer reading looks again.
_LOOK_SECONDS = 20
_CURSOR_SALT = "audit.search.cursor"


class PlateNotValid(ValueError):
    """The text is not one complete plate number; the message is a plain sentence."""


class SearchNotFound(Exception):
    """There is no such search of this person, or the cursor belongs to another."""


@dataclass(frozen=True)
class Criteria:
    """What is searched for; empty means any. `since` is inclusive, `until` exclusive."""

    user: str = ""
    on_behalf_of: str = ""
    plate: str = ""
    event: str = ""
    reason: str = ""
    aor: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def facts(self) -> dict[str, Any]:
        """As the event holds them and audit.events_page reads them."""
        facts = asdict(self)
        return {"from": facts.pop("since"), **facts}

    @classmethod
    def from_facts(cls, facts: Mapping[str, str]) -> "Criteria":
        def moment(key: str) -> datetime | None:
            return datetime.fromisoformat(facts[key]) if key in facts else None

        return cls(**{name: facts.get(name, "") for name in ("user", "on_behalf_of", "plate", "event", "reason", "aor")},
                   since=moment("from"), until=moment("until"))


@dataclass(frozen=True)
class FoundEvent:
    """One event of the log, as its page shows it. `outcome` are the details of a query's answer, beside its attempt."""

    at: datetime
    id: UUID
    kind: str
    actor_id: int | None
    actor: str
    aor: str
    on_behalf_of: str
    plate: str
    state: str
    reason: str
    query: UUID | None
    facts: dict[str, Any]
    outcome: dict[str, Any] | None


@dataclass(frozen=True)
class Page:
    """Events, newest first. `next_cursor` is empty on the last page; `number` counts from 1."""

    search: UUID
    searched_at: datetime
    criteria: Criteria
    number: int
    events: list[FoundEvent]
    next_cursor: str


@dataclass(frozen=True)
class Whole:
    """All that a search found, newest first, read as it is taken."""

    search: UUID
    searched_at: datetime
    criteria: Criteria
    events: Iterator[FoundEvent]


def fold_plate(text: str) -> str:
    """The plate as the store and the log hold it.

    Raises:
        PlateNotValid: it is not one complete plate number.
    """
    try:
        return plates.fold(text)
    except plates.PlateNotValid as error:
        raise PlateNotValid(str(error)) from error


def begin(*, criteria: Criteria) -> UUID:
    """Record the search and return its id, under which it is read (AUD-3, AUD-12).

    Raises:
        audit.record.AuditUnavailable: it could not be recorded.
    """
    return record_durably(Kind.AUDIT_SEARCHED, criteria=criteria.facts()).id


def refuse(*, entered: Mapping[str, str], errors: Mapping[str, list[str]]) -> None:
    """Record a search that could not be made: what was entered, and why (AUD-1)."""
    record_durably(Kind.AUDIT_REFUSED, entered=dict(entered), errors=dict(errors))


def open_page(*, search: UUID, user_id: int | None, cursor: str = "", size: int = PAGE_SIZE) -> Page:
    """Record that the searcher looks at a page of their search, and return it.

    Args:
        search: the id that `begin` returned.
        user_id: who looks; a search opens for its searcher alone.
        cursor: the `next_cursor` of the page before, or empty for the first.
        size: events on a page.

    Raises:
        SearchNotFound: no such search of this person, or a cursor that is not of this search.
        audit.record.AuditUnavailable: the look could not be recorded.
    """
    if user_id is None or owner_of(search) != user_id:
        raise SearchNotFound
    before_at, before_id, number = _read_cursor(cursor, search)
    viewed = record_durably(Kind.AUDIT_VIEWED, search=search, page=number).id
    searched_at, criteria = _one("SELECT at, criteria FROM audit.search_seen(%s::uuid)", viewed)
    found = _events(viewed, before_at, before_id, size + 1)
    shown = found[:size]
    return Page(
        search=search, searched_at=searched_at, criteria=Criteria.from_facts(json.loads(criteria or "{}")), number=number,
        events=shown, next_cursor=_cursor(search, shown[-1], number + 1) if len(found) > size else "")


def open_whole(*, search: UUID, user_id: int | None, purpose: str) -> Whole:
    """All that a search found, for its searcher; looks are recorded as long as it is read (AUD-4, AUD-12).

    Args:
        search: the id that `begin` returned.
        user_id: who looks; a search opens for its searcher alone.
        purpose: what for, as the record has it.

    Raises:
        SearchNotFound: no such search of this person.
        audit.record.AuditUnavailable: a look could not be recorded.
    """
    if user_id is None or owner_of(search) != user_id:
        raise SearchNotFound
    viewed = record_durably(Kind.AUDIT_VIEWED, search=search, page=1, purpose=purpose).id
    searched_at, criteria = _one("SELECT at, criteria FROM audit.search_seen(%s::uuid)", viewed)
    return Whole(search, searched_at, Criteria.from_facts(json.loads(criteria or "{}")), _every_event(search, viewed, purpose))


def _every_event(search: UUID, viewed: UUID, purpose: str) -> Iterator[FoundEvent]:
    last: FoundEvent | None = None
    looked, number = time.monotonic(), 1
    while True:
        if time.monotonic() - looked > _LOOK_SECONDS:
            looked, number = time.monotonic(), number + 1
            viewed = record_durably(Kind.AUDIT_VIEWED, search=search, page=number, purpose=purpose).id
        found = _events(viewed, last.at if last else None, last.id if last else None, _STEP)
        yield from found
        if len(found) < _STEP:
            return
        last = found[-1]


def owner_of(search: UUID) -> int | None:
    """The number of the user who searched, or None where there is no such search."""
    return _one("SELECT audit.search_owner(%s::uuid)", search)[0]


def _events(viewed: UUID, before_at: datetime | None, before_id: UUID | None, limit: int) -> list[FoundEvent]:
    with connections["default"].cursor() as database:
        database.execute(
            "SELECT at, id, kind, actor_id, actor, aor, on_behalf_of, plate, state, reason, query, payload, outcome"
            " FROM audit.events_page(%s::uuid, %s::timestamptz, %s::uuid, %s::integer)",
            [viewed, before_at, before_id, limit])
        return [_event(*row) for row in database.fetchall()]


def _event(at: datetime, id: UUID, kind: str, actor_id: int | None, actor: str | None, aor: str | None,
           on_behalf_of: str | None, plate: str | None, state: str | None, reason: str | None, query: UUID | None,
           payload: str, outcome: str | None) -> FoundEvent:
    return FoundEvent(
        at=at, id=id, kind=kind, actor_id=actor_id, actor=actor or "", aor=aor or "", on_behalf_of=on_behalf_of or "",
        plate=plate or "", state=state or "", reason=reason or "", query=query, facts=json.loads(payload),
        outcome=json.loads(outcome).get("details", {}) if outcome else None)


def _one(statement: str, parameter: UUID) -> tuple:
    with connections["default"].cursor() as database:
        database.execute(statement, [parameter])
        return database.fetchone()


def _cursor(search: UUID, last: FoundEvent, number: int) -> str:
    return signing.dumps([str(search), last.at.isoformat(), str(last.id), number], salt=_CURSOR_SALT)


def _read_cursor(cursor: str, search: UUID) -> tuple[datetime | None, UUID | None, int]:
    if not cursor:
        return None, None, 1
    try:
        of, at, id, number = signing.loads(cursor, salt=_CURSOR_SALT)
    except signing.BadSignature as error:
        raise SearchNotFound from error
    if of != str(search):
        raise SearchNotFound
    return datetime.fromisoformat(at), UUID(id), number
