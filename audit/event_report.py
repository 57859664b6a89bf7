"""What was found in the record, as a report: who searched for what and when, under which checkpoint, and every event (AUD-4)."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from django.conf import settings
from django.db import connections

from audit import seals, words
from audit.documents import Cell, Column, Document, Table
from audit.search import FoundEvent, Whole

_COLUMNS = [
    Column("Time (UTC)", 22), Column("User", 20), Column("Number", 8), Column("AOR", 10), Column("Component", 10),
    Column("Role", 16), Column("Event", 26), Column("Plate", 11), Column("State", 6), Column("Reason", 10),
    Column("On behalf of", 20), Column("Outcome", 18), Column("Details", 80, own_line=True),
    Column("Address", 16), Column("Event number", 36, own_line=True),
]
_STEP = 1000


class EventReport:
    """The report of one search. `count` grows as its rows are written; `stirred` is told of each thousandth."""

    def __init__(self, whole: Whole, events: Iterable[FoundEvent], *, by: str, aor: str, now: datetime,
                 stirred: Callable[[int], None] | None = None) -> None:
        self.whole, self.by, self.aor, self.now, self.stirred = whole, by, aor, now, stirred
        self.count = 0
        self._events = events
        self._covered = covered()

    def document(self) -> Document:
        return Document("Audit report", self._facts, [Table("Events", _COLUMNS, self._rows())])

    def _rows(self) -> Iterator[list[Cell]]:
        for event in self._events:
            self.count += 1
            if self.stirred and self.count % _STEP == 0:
                self.stirred(self.count)
            facts = event.facts
            yield [event.at, event.actor or "not signed in", event.actor_id, event.aor, facts.get("component", ""),
                   facts.get("role", ""), words.what(event.kind), event.plate, event.state,
                   event.reason, event.on_behalf_of, str(words.outcome(event)), words.details(event),
                   facts.get("address", ""), str(event.id)]

    def _facts(self) -> list[tuple[str, str]]:
        criteria = words.criteria(self.whole.criteria) or [("", "every event")]
        return [
            ("Agency", settings.AGENCY_NAME),
            ("Search", str(self.whole.search)),
            ("Searched at", words.moment(self.whole.searched_at)),
            *((f"Searched for: {label[:1].lower()}{label[1:]}" if label else "Searched for", value)
              for label, value in criteria),
            ("Area of responsibility",
             f"{self.aor}, and what others did in the name of its people" if self.aor else "every area"),
            ("Made for", self.by),
            ("Made at", words.moment(self.now)),
            ("Events", f"{self.count:,}"),
            *self._covered,
        ]


def covered() -> list[tuple[str, str]]:
    """The last checkpoint, and up to when it covers the record: what an outsider compares the log with (BEY-2)."""
    state = seals.state()
    if not state.size or not state.sealed_at:
        return [("Checkpoint", "none yet: the record was not sealed when this report was made")]
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT signed_note FROM audit.checkpoint WHERE size = %s", [state.size])
        [note] = cursor.fetchone()
    until = f"events recorded before {words.moment(state.waiting_since, exact=True)}" if state.waiting_since else "every event"
    return [("Sealed", f"{state.size:,} events, leaf 0 to leaf {state.size - 1}, at {words.moment(state.sealed_at)}. "
                       f"When this report was made the seal covered {until}."),
            ("Checkpoint", note)]
