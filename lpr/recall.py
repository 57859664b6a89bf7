"""Opening a logged query again: by its owner, by groups it is shared with, and by audit roles within their area (QRY-9, AUD-12).

The log is read through its own function, which needs a committed event of the reader (decision 9a). So looking is on the log
before anything is seen, whoever looks.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone

from accounts.models import User
from accounts.roles import Right, Role, may
from audit.events import Kind
from audit.record import record_durably
from lpr import sharing
from lpr.query import Query

MOST_SCANNED = 5000
# How many of one's newest queries the recent case references come from.
LOOKED_THROUGH = 40


class QueryNotFound(Exception):
    """No query of this id that this user may open."""


@dataclass(frozen=True)
class Asked:
    """A query of the log: who asked what, when, and its outcome. `count` is None where no answer was recorded."""

    id: UUID
    at: datetime
    actor: str
    actor_id: int | None
    aor: str
    component: str
    query: Query
    count: int | None = None
    count_state_unread: int = 0


@dataclass(frozen=True)
class Opened:
    """A query opened for one look: `event` is the look's own event, which opens a page of reads for a minute. `is_replay` says
    that an audit role looks at somebody's query."""

    event: UUID
    at: datetime
    asked: Asked
    is_replay: bool = False


def opened(
    *, query: UUID, user: User, purpose: str, page: int = 0, kind: Kind | None = None, **details: Any
) -> Opened:
    """Open a logged query for its owner, or replay it for an audit role; the look is recorded first (QRY-9, AUD-6).

    Args:
        query: the id of the attempt.
        user: who looks.
        purpose: what for, in a word: `results`, `again`, `alert`, `read`, `compare`, `narrow`.
        page: the number of the page of results, from 1; 0 where none is shown.
        kind: of the look's event, where it is more than a look; what else the event holds are `details`.

    Raises:
        QueryNotFound: there is none, or this user may not open it.
        audit.record.AuditUnavailable: the look cannot be recorded.
    """
    allowed = _kind_of_look(query, user)
    look = record_durably(kind or allowed, query=query, page=page, purpose=purpose, **details)
    attempt = next((row for row in _events(look.id, None, 10) if row["kind"] == Kind.QUERY_ATTEMPTED), None)
    if attempt is None:
        raise QueryNotFound
    return Opened(look.id, look.at, _asked(attempt), allowed == Kind.QUERY_REPLAYED)


def may_open(*, query: UUID, user: User) -> bool:
    """Whether `user` may open a logged query now, for what belongs to a look that is on record already."""
    try:
        _kind_of_look(query, user)
    except QueryNotFound:
        return False
    return True


def own(
    *, user: User, limit: int, plate: str = "", case: str = "", asked_from: datetime | None = None,
    asked_until: datetime | None = None, before: tuple[datetime, UUID] | None = None,
) -> tuple[list[Asked], bool]:
    """The user's own queries, newest first, and whether more follow; recalling is recorded first (QRY-9).

    Args:
        user: whose queries; the running request must be theirs, because the log answers its actor.
        limit: how many at most.
        plate: folded; only queries for it.
        case: only queries whose case reference holds this text, whatever the case of its letters.
        asked_from, asked_until: only queries of this time, the end excluded.
        before: time and id of the last query of the page before.
    """
    look = record_durably(Kind.QUERY_RECALLED, criteria=_criteria(plate, case, asked_from, asked_until))
    found: list[Asked] = []
    for row in _walk(look.id, before, limit + 1 if not case else 1000):
        asked = _asked(row)
        if not case or case.casefold() in asked.query.case_reference.casefold():
            found.append(asked)
        if len(found) > limit:
            break
    return found[:limit], len(found) > limit


def recent_cases(*, limit: int) -> list[str]:
    """The case references that the running request's user asked with last, each once; the look is recorded first (QRY-1).

    Args:
        limit: how many at most, of the newest queries.
    """
    look = record_durably(Kind.QUERY_RECALLED, purpose="case references")
    said = [json.loads(row["payload"])["details"]["case_reference"] for row in _events(look.id, None, LOOKED_THROUGH)]
    return list(dict.fromkeys(said))[:limit]


def shared(
    *, limit: int, plate: str = "", case: str = "", asked_from: datetime | None = None, asked_until: datetime | None = None,
) -> tuple[list[Asked], bool]:
    """The queries that others share with groups of the running request's user, and whether there are more; the look is recorded
    first (QRY-9).

    Args:
        limit: how many at most, those shared last.
        plate, case, asked_from, asked_until: as for `own`.
    """
    look = record_durably(Kind.QUERY_RECALLED, shared=True, criteria=_criteria(plate, case, asked_from, asked_until))
    found = [_asked(row) for row in _rows("store.shared_queries(%s::uuid, %s::integer)", [look.id, limit + 1])]
    return found[:limit], len(found) > limit


def _criteria(plate: str, case: str, asked_from: datetime | None, asked_until: datetime | None) -> dict[str, Any]:
    """What a recall is narrowed by, as its event holds it and the log's functions read it."""
    return {"plate": plate, "case": case, "from": asked_from, "until": asked_until}


def _kind_of_look(query: UUID, user: User) -> Kind:
    """A view for the owner and for members of a group that it is shared with, a replay for an audit role of the owner's area or
    of that of the person named (AUD-3).

    Raises:
        QueryNotFound: for everybody else.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT actor_id, aor, named_aors FROM audit.query_owner(%s::uuid)", [query])
        owner, aor, named_aors = cursor.fetchone() or (None, None, "[]")
    if owner is None:
        raise QueryNotFound
    if owner == user.pk and may(user, Right.QUERY):
        return Kind.QUERY_VIEWED
    areas = {aor, *json.loads(named_aors)} - {None, ""}
    if may(user, Right.SEARCH_AUDIT) and (user.role == Role.OPR_AUDITOR or user.aor_code in areas):
        return Kind.QUERY_REPLAYED
    if may(user, Right.QUERY) and sharing.is_shared_with(query=query, user=user, now=timezone.now()):
        return Kind.QUERY_VIEWED
    raise QueryNotFound


def _walk(event: UUID, before: tuple[datetime, UUID] | None, step: int) -> Iterator[dict[str, Any]]:
    """Events of the look, page after page, up to a bound that no single list needs."""
    seen = 0
    while seen < MOST_SCANNED:
        rows = _events(event, before, step)
        yield from rows
        if len(rows) < step:
            return
        seen += len(rows)
        before = (rows[-1]["at"], rows[-1]["id"])


def _events(event: UUID, before: tuple[datetime, UUID] | None, limit: int) -> list[dict[str, Any]]:
    return _rows("audit.events_page(%s::uuid, %s::timestamptz, %s::uuid, %s::integer)",
                 [event, *(before or (None, None)), limit])


def _rows(door: str, arguments: list[Any]) -> list[dict[str, Any]]:
    columns = ("at", "id", "kind", "actor_id", "actor", "aor", "payload", "outcome")
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(columns)} FROM {door}", arguments)  # noqa: S608  # nosec B608 - the two doors above
        return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]


def _asked(row: Mapping[str, Any]) -> Asked:
    """An attempt with its outcome; a failed one has no count."""
    outcome = json.loads(row["outcome"])["details"] if row["outcome"] else {}
    attempt = json.loads(row["payload"])
    return Asked(id=row["id"], at=row["at"], actor=row["actor"] or "", actor_id=row["actor_id"], aor=row["aor"] or "",
                 component=attempt.get("component", ""), query=Query.from_event(attempt), count=outcome.get("count"),
                 count_state_unread=outcome.get("count_state_unread", 0))
