"""A whole audited question as the database sees it: attempt, outcome and first page, each in a transaction of its own."""

import random
import uuid
from collections.abc import Callable
from typing import NamedTuple

import psycopg

from audit import canonical, context, record
from benchmarks import ground, traffic
from benchmarks.measure import Clock, cpu_of

APPEND = "SELECT id FROM audit.append(%s::text, %s::text)"
OUTCOME = "SELECT count FROM store.reads_outcome(%s::uuid)"
PAGE = "SELECT * FROM store.reads_page(%s::uuid, true, NULL, NULL, %s::integer)"


class Asker(NamedTuple):
    """A session that asks about the reads of `history`; `clock` is the CPU that PostgreSQL spends on it."""

    session: psycopg.Connection
    clock: Clock
    history: traffic.Traffic

    def ask(self, plate: str, size: int) -> int:
        """The whole question; how many reads were on the first page."""
        event = self.attempt(plate)
        self.session.execute(OUTCOME, [event], prepare=True).fetchone()
        return self.page(event, size)

    def attempt(self, plate: str) -> uuid.UUID:
        text = attempt_text(plate, self.history)
        return self.session.execute(APPEND, ["query.attempted", text], prepare=True).fetchone()[0]  # type: ignore[index]

    def page(self, event: uuid.UUID, size: int) -> int:
        return len(self.session.execute(PAGE, [event, size], prepare=True).fetchall())


def asker(history: traffic.Traffic) -> Asker:
    """In the benchmark's database of now; the caller closes its session."""
    session = ground.session("lpr_app")
    (pid,) = session.execute("SELECT pg_backend_pid()").fetchone() or (0,)
    return Asker(session, cpu_of(lambda: [pid]), history)


def cost(asker: Asker, what: Callable[[], object]) -> float:
    """The CPU seconds that PostgreSQL spends on what is asked."""
    before = asker.clock()
    what()
    return asker.clock() - before


def attempt_text(plate: str, history: traffic.Traffic) -> str:
    """The text of a question about five years of a plate, as the service records it."""
    with context.entered(context.Context(request_id=str(uuid.uuid4()), address="192.0.2.17", client="benchmark",
                                         session=f"{random.getrandbits(64):016x}")):
        return canonical.text(record.facts(
            actor=context.Actor(id=17, name="officer.ero", aor="NYC", component="ERO", role="officer"), on_behalf_of="",
            plate=plate, state=traffic.STATE, reason="REMOVAL", query=None,
            details={"captured_from": history.captured_from, "captured_until": history.captured_until, "timeframe": "5y",
                     "case_reference": "Subject name John Doe, case number 12345678", "for_whom": "self"}))
