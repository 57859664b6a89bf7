"""Looking at a part of an answer: between dates, of one kind of source, around a place (RES-2). It never shows more.

What a look is narrowed to stands in its own event, and the store reads it from there (store.narrowing_of), on top of what the
question says. The pages that follow name that event; so an address holds its id alone.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Self
from uuid import UUID

from django.db import DatabaseError, ProgrammingError, connection

from lpr import search, states
from lpr.models.source import SourceKind
from lpr.query import Near


class LookNotFound(Exception):
    """There is no such look of this person at this query."""


@dataclass(frozen=True)
class Narrowing:
    """Empty means any. `captured_until` is exclusive; `date_from` and `date_to` are the days entered."""

    date_from: date | None = None
    date_to: date | None = None
    captured_from: datetime | None = None
    captured_until: datetime | None = None
    source_kind: str = ""
    place_state: str = ""
    near: Near | None = None

    def facts(self) -> dict[str, Any]:
        """As the event of the look holds it."""
        return vars(self) | {"near": self.near and self.near.facts()}

    @classmethod
    def from_facts(cls, facts: Mapping[str, Any]) -> Self:
        return cls(
            date_from=_day(facts.get("date_from")), date_to=_day(facts.get("date_to")),
            captured_from=_moment(facts.get("captured_from")), captured_until=_moment(facts.get("captured_until")),
            source_kind=facts.get("source_kind", ""), place_state=facts.get("place_state", ""),
            near=Near.from_facts(facts.get("near")))

    @property
    def source_kind_in_words(self) -> str:
        return SourceKind(self.source_kind).label

    @property
    def place_state_in_words(self) -> str:
        return states.NAMES[self.place_state]

    def entries(self) -> dict[str, Any]:
        """As the fields of the form."""
        return {"date_from": self.date_from, "date_to": self.date_to, "source_kind": self.source_kind,
                "geo_state": self.place_state, **(self.near.entries() if self.near else {})}


def seen(*, event: UUID) -> Narrowing | None:
    """What the look of the committed event is narrowed to; None for a look at the whole answer.

    Raises:
        LookNotFound: the event names a look at another query, of another person, or none that was narrowed.
        lpr.search.QueryFailed: the store did not answer.
    """
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT store.narrowing_seen(%s::uuid)", [event])
            (facts,) = cursor.fetchone()
    except ProgrammingError as error:
        raise LookNotFound from error
    except DatabaseError as error:
        raise search.QueryFailed from error
    return Narrowing.from_facts(json.loads(facts)) if facts else None


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
