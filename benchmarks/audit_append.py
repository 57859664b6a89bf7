"""One event appended and committed, against a plain INSERT of the same columns into the same table and commit.

The plain side is an administrator's, who may insert; what the function adds to it is parsing, hashing, the clock, and the
sealer's queue. Each connection is a process of its own, so that four of them are four. With sixteen, the sealer is at work in
another process meanwhile, so that what is appended is sealed as well.
"""

import multiprocessing
import os
import statistics
import time
import uuid
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from hashlib import sha256
from itertools import chain

import django
import psycopg
from django.conf import settings

from benchmarks import ground
from benchmarks.measure import Ratio, milliseconds, ratio, turn_by_turn

STANDARD_SIZE = 8_000  # events appended by each side
CONNECTIONS = {1: 1.3, 4: 1.3, 16: 1.15}  # how many, and the goal of each
SEALED_WITH = 16
BLOCK = 100

APPEND = "SELECT id, micros FROM audit.append(%s::text, %s::text)"
INSERT = (
    "INSERT INTO audit.event (at, id, xact, kind, actor_id, actor, aor, on_behalf_of, plate, state, reason, query, nonce,"
    " leaf, payload) VALUES (%s, %s, '1', %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
)

_sessions: dict[str, psycopg.Connection] = {}


def run(size: int) -> list[Ratio]:
    """`size`: events that each side appends, with each number of connections."""
    from benchmarks import audit_log

    with ground.database("audit_append") as name, audit_log.own_key():
        return [_with_connections(count, size, name) for count in CONNECTIONS]


def _with_connections(count: int, size: int, database: str) -> Ratio:
    rounds = max(size // (BLOCK * count), 1)
    context = multiprocessing.get_context("spawn")
    latencies: dict[str, list[list[float]]] = {"append": [], "insert": []}
    key = str(settings.AUDIT_SIGNING_KEY_FILE)
    with (ProcessPoolExecutor(count, mp_context=context, initializer=_begin, initargs=(database,)) as pool,
          ProcessPoolExecutor(1, mp_context=context, initializer=_begin_sealer, initargs=(database, key)) as sealer):

        def side(what: str):
            def act(number: int) -> None:
                # What the round before appended is sealed during this one.
                sealed = sealer.submit(_seal) if what == "append" and count == SEALED_WITH else None
                for spent in pool.map(_block, [what] * count):
                    latencies[what].append(spent)
                if sealed:
                    sealed.result()

            return act

        turn_by_turn({what: side(what) for what in latencies}, rounds=rounds, warm=2,
                     say=f"audit_append, connections: {count}")
    warm = 2 * count
    ours, theirs = (list(chain.from_iterable(latencies[what][warm:])) for what in ("append", "insert"))
    what = "audit.append with sealing" if count == SEALED_WITH else "audit.append"
    return Ratio(
        "audit_append" if count == 1 else f"audit_append_{count}", ratio(ours, theirs), CONNECTIONS[count],
        f"{what} and commit ({milliseconds(ours)}) against plain INSERT and commit ({milliseconds(theirs)}), by wall"
        f" clock, connections: {count}, events a second: {count / statistics.mean(ours):.0f} and"
        f" {count / statistics.mean(theirs):.0f}")


def _begin(database: str) -> None:
    """In each process: both sides' sessions."""
    os.environ["BENCH_DATABASE"] = database
    django.setup()
    _sessions["append"] = ground.session("lpr_app")
    _sessions["insert"] = ground.session("postgres")


def _begin_sealer(database: str, key: str) -> None:
    os.environ["BENCH_DATABASE"] = database
    django.setup()
    settings.AUDIT_SIGNING_KEY_FILE = key


def _seal() -> None:
    from benchmarks import audit_log

    audit_log.seal()


def _block(what: str) -> list[float]:
    """Run a block of one side and return each event's seconds; its texts are made before the clock starts."""
    events = [_event() for _ in range(BLOCK)]
    cursor = _sessions[what].cursor()
    spent = []
    for kind, payload, columns in events:
        before = time.perf_counter()
        if what == "append":
            cursor.execute(APPEND, [kind, payload], prepare=True)
            cursor.fetchone()
        else:
            cursor.execute(INSERT, columns, prepare=True)
        spent.append(time.perf_counter() - before)
    return spent


def _event() -> tuple[str, str, Sequence[object]]:
    """A question as the service records it: kind, text, and the columns that the function would make of them."""
    from audit import canonical, context, record

    at = datetime.now(UTC)
    plate = f"B{uuid.uuid4().int % 10**6:06d}"
    with context.entered(context.Context(request_id=str(uuid.uuid4()), address="192.0.2.17", session=uuid.uuid4().hex[:16],
                                         client="Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")):
        payload = canonical.text(record.facts(
            actor=context.Actor(id=17, name="officer.ero", aor="NYC", component="ERO", role="officer"), on_behalf_of="",
            plate=plate, state="NY", reason="REMOVAL", query=None,
            details={"captured_from": at.replace(year=at.year - 1), "captured_until": at, "timeframe": "1y",
                     "case_reference": "Subject name John Doe, case number 12345678", "for_whom": "self"}))
    id = uuid.UUID(int=(int(at.timestamp() * 1000) << 80) | (uuid.uuid4().int & (1 << 80) - 1))
    nonce = os.urandom(32)
    leaf = sha256(b"\x00" + id.bytes + sha256(nonce + payload.encode()).digest()).digest()
    kind = "query.attempted"
    return kind, payload, [at, id, kind, 17, "officer.ero", "NYC", None, plate, "NY", "REMOVAL", id, nonce, leaf, payload]
