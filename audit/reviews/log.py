"""What reviews read of the log, each door opened by a committed event of who looks (decision 9a)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from django.db import connections

from audit.cursors import Cursor
from audit.models import Signal


@dataclass(frozen=True)
class Drawn:
    """A query that came into a sample: its number, who asked it, and its signals. `aor` asked it, and `of_area` such as it were
    there to be drawn."""

    query: UUID
    officer: int
    signals: list[str]
    aor: str = ""
    of_area: int = 0


@dataclass(frozen=True)
class Sample:
    """`population` is how many queries there were to draw from; `is_kept` whether the log alone makes the order. `by_count` are
    the queries by how many signals they have, at the opening of a review by signals; None where they are too many to be told."""

    drawn: list[Drawn]
    population: int
    is_kept: bool
    by_count: dict[str, list[str]] | None


@dataclass(frozen=True)
class Row:
    """A query as its reviewer sees it. `judged`, `asked` and `answered` are the details of those events, empty without one."""

    at: datetime
    id: UUID
    actor: str
    aor: str
    on_behalf_of: str
    plate: str
    state: str
    reason: str
    said: dict[str, Any]
    count: int | None = None
    judged: dict[str, Any] = field(default_factory=dict)
    asked: dict[str, Any] = field(default_factory=dict)
    answered: dict[str, Any] = field(default_factory=dict)

    @property
    def case_reference(self) -> str:
        return self.said.get("case_reference", "")

    @property
    def unit(self) -> str:
        return self.said.get("other_unit", "")


@dataclass(frozen=True)
class Finding:
    """A signal with the rows behind it: `size` queries, of which the first stand in `rows`."""

    signal: Signal
    size: int
    rows: list[Row]

    @property
    def text(self) -> str:
        """The finding in a sentence that a reviewer can check by its rows."""
        first, count = self.rows[0], f"{self.size} quer{'y' if self.size == 1 else 'ies'}"
        return {
            Signal.SAME_PLATE: f"{first.actor} asked {self.size} times about one plate.",
            Signal.SAME_CASE: f"One case text stands in {count}, over many plates.",
            Signal.OFF_SHIFT: f"{first.actor} asked {count} off shift.",
            Signal.FILLER: f"{first.actor} gave a case reference that is mostly filler in {count}.",
            Signal.TRAINING: f"{first.actor} asked {count} when required training was about to lapse.",
            Signal.SELF_ON_BEHALF: f"{first.actor} asked {count} on behalf of another, and named themselves.",
        }[self.signal]


@dataclass(frozen=True)
class Asked:
    """A question to the one who looks, with the query that it is about."""

    question: UUID
    row: Row


@dataclass(frozen=True)
class Naming:
    """A query in the looker's name, as far as they see it."""

    notice: UUID
    at: datetime
    actor: str
    aor: str
    on_behalf_of: str
    reason: str
    unit: str
    case_reference: str


_ROW = "at, id, actor, aor, on_behalf_of, plate, state, reason, payload"


def sample(*, opened: UUID, most: int = 0) -> Sample:
    """The sample of a review in its order.

    Args:
        opened: the committed event by which the review was opened, or a look at it.
        most: of so many queries at most it is told how many signals each has, where a review by signals is opened.
    """
    rows = _rows("SELECT query, actor_id, signals, aor, of_area, population, is_kept, by_count"
                 " FROM audit.review_sample(%s::uuid, %s::integer)", opened, most)
    if not rows:
        return Sample([], 0, True, {})
    *_, population, is_kept, by_count = rows[0]
    drawn = [Drawn(query, officer, list(signals), aor or "", of_area) for query, officer, signals, aor, of_area, *_ in rows]
    return Sample(drawn, population, is_kept, None if by_count is None else json.loads(by_count))


def chosen(*, event: UUID) -> list[Drawn]:
    """Of the queries that a `review.chosen` event names, those that its review may take."""
    rows = _rows("SELECT query, actor_id, signals FROM audit.review_chosen(%s::uuid)", event)
    return [Drawn(query, officer, list(signals)) for query, officer, signals in rows]


def candidates(*, event: UUID, before: tuple[datetime, UUID] | None, limit: int) -> list[Row]:
    """What there is to choose from, newest first."""
    rows = _rows(f"SELECT {_ROW} FROM audit.review_candidates(%s::uuid, %s::timestamptz, %s::uuid, %s::integer)",  # noqa: S608  # nosec B608 - our own names
                 event, *(before or (None, None)), limit)
    return [_row(*row) for row in rows]


def findings(*, event: UUID) -> list[Finding]:
    """The signals of a review's queries, each with its rows; in the order of `Signal`, the largest first."""
    rows = _rows(f"SELECT signal, grp, size, {_ROW} FROM audit.review_signals(%s::uuid)", event)  # noqa: S608  # nosec B608 - our own names
    found = []
    for (signal, _, size), group in groupby(rows, key=lambda row: row[:3]):
        found.append(Finding(Signal(signal), size, [_row(*row[3:]) for row in group]))
    return sorted(found, key=lambda finding: (Signal.values.index(finding.signal), -finding.size))


def rows_of(*, event: UUID) -> dict[UUID, Row]:
    """The queries of a review by the number of their item, in the order of the sample."""
    rows = _rows(f"SELECT item, {_ROW}, outcome, judged, asked, answered FROM audit.review_rows(%s::uuid)", event)  # noqa: S608  # nosec B608 - our own names
    return {row[0]: _row(*row[1:]) for row in rows}


def frame(*, event: UUID) -> tuple[dict[str, Any], dict[str, Any]]:
    """The details of the events that opened and signed off a review; those of the second are empty until then."""
    [(opened, closed)] = _rows("SELECT opened, closed FROM audit.review_frame(%s::uuid)", event)
    return _details(opened), _details(closed)


def own_questions(*, event: UUID, before: Cursor | None = None, limit: int) -> list[Asked]:
    """The questions put to the looker, newest first."""
    rows = _rows("SELECT question, at, id, plate, state, reason, on_behalf_of, payload, asked, answered"
                 " FROM audit.own_questions(%s::uuid, %s::timestamptz, %s::uuid, %s::integer)",
                 event, *(before or (None, None)), limit)
    return [Asked(question, _row(at, id, "", "", named, plate, state, reason, payload, None, None, asked, answered))
            for question, at, id, plate, state, reason, named, payload, asked, answered in rows]


def namings(*, event: UUID, before: Cursor | None = None, limit: int) -> list[Naming]:
    """The queries in the looker's name, newest first."""
    rows = _rows("SELECT notice, at, actor, aor, on_behalf_of, reason, unit, case_reference"
                 " FROM audit.queries_naming(%s::uuid, %s::timestamptz, %s::uuid, %s::integer)",
                 event, *(before or (None, None)), limit)
    return [Naming(notice, at, *(text or "" for text in texts)) for notice, at, *texts in rows]


def owner_of(query: UUID) -> tuple[int | None, str, datetime | None]:
    """Who asked a query, in which area and when: enough to decide who deals with it, and nothing of what was asked."""
    [(at, actor, aor)] = _rows("SELECT at, actor_id, aor FROM audit.query_owner(%s::uuid)", query)
    return actor, aor or "", at


def _row(at: datetime, id: UUID, actor: str, aor: str, on_behalf_of: str, plate: str, state: str, reason: str, payload: str,
         outcome: str | None = None, *events: str | None) -> Row:
    judged, asked, answered = (_details(text) for text in (events or (None, None, None)))
    return Row(at, id, actor or "", aor or "", on_behalf_of or "", plate or "", state or "", reason or "", _details(payload),
               _details(outcome).get("count"), judged, asked, answered)


def _details(payload: str | None) -> dict[str, Any]:
    said: Mapping[str, Any] = json.loads(payload) if payload else {}
    return dict(said.get("details", {}))


def _rows(statement: str, *parameters: Any) -> list[tuple]:
    with connections["default"].cursor() as cursor:
        cursor.execute(statement, list(parameters))
        return cursor.fetchall()
