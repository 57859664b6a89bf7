"""One event appended and committed, against a plain INSERT of the same columns into the same table and commit.

The plain side is an administrator's, who may insert; what the function adds to it is parsing, hashing, the clock, and the
sealer's queue. Each connection is a process of its own, so that four of them are four. With sixteen the events are sealed as
well: the sealer is at work in another process at its own pace, and our side ends when its last event is sealed.
"""

import multiprocessing
import os
import statistics
import time
import uuid
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, wait
from datetime import UTC, datetime
from hashlib import sha256
from itertools import chain
from multiprocessing.synchronize import Barrier

import django
import psycopg
from django.conf import settings

from benchmarks import ground
from benchmarks.measure import Ratio, milliseconds, ratio, turn_by_turn

STANDARD_SIZE = 8_000  # events appended by each side
CONNECTIONS = {1: 1.3, 4: 1.3}  # how many, and the goal of each
SEALED, SEALED_GOAL = 16, 1.15
BLOCK = 100
# Of the standard size is a turn with sealing: seconds, of which a seal is as small a part as it is in service.
TURN, TURNS = 4, 3

APPEND = "SELECT audit.append(%s::text, %s::text)"
INSERT = (
    "INSERT INTO audit.event (at, id, xact, kind, actor_id, actor, aor, on_behalf_of, plate, state, reason, query, nonce,"
    " leaf, payload) VALUES (%s, %s, '1', %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
)

_sessions: dict[str, psycopg.Connection] = {}
_start: list[Barrier] = []


def run(size: int) -> list[Ratio]:
    """`size`: events that each side appends, with each number of connections."""
    from benchmarks import audit_log

    with ground.database("audit_append") as name, audit_log.own_key():
        return [*(_with_connections(count, size, name) for count in CONNECTIONS), _sealed(size, name)]


def _with_connections(count: int, size: int, database: str) -> Ratio:
    rounds = max(size // (BLOCK * count), 1)
    latencies: dict[str, list[list[float]]] = {"append": [], "insert": []}
    with _processes(count, database) as pool:

        def side(what: str):
            def act(number: int) -> None:
                for _, _, spent in pool.map(_block, [what] * count, [BLOCK] * count):
                    latencies[what].append(spent)

            return act

        turn_by_turn({what: side(what) for what in latencies}, rounds=rounds, warm=2,
                     say=f"audit_append, connections: {count}")
    warm = 2 * count
    ours, theirs = (list(chain.from_iterable(latencies[what][warm:])) for what in ("append", "insert"))
    return Ratio(
        "audit_append" if count == 1 else f"audit_append_{count}", ratio(ours, theirs), CONNECTIONS[count],
        f"audit.append and commit ({milliseconds(ours)}) against plain INSERT and commit ({milliseconds(theirs)}), by wall"
        f" clock, connections: {count}, events a second: {count / statistics.mean(ours):.0f} and"
        f" {count / statistics.mean(theirs):.0f}")


def _sealed(size: int, database: str) -> Ratio:
    """Whole turns by wall clock: ours from the first call until the last of its events is sealed."""
    each = max(size * TURN // SEALED, 1)
    beat = settings.CELERY_BEAT_SCHEDULE["seal-audit"]["schedule"]
    spent: dict[str, list[float]] = {"append": [], "insert": []}
    with (_processes(SEALED, database) as pool,
          ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"), initializer=_begin_sealer,
                              initargs=(database, str(settings.AUDIT_SIGNING_KEY_FILE))) as sealer):

        def side(what: str):
            def act(number: int) -> None:
                blocks = [pool.submit(_block, what, each) for _ in range(SEALED)]
                while wait(blocks, timeout=beat).not_done and what == "append":
                    sealer.submit(_seal).result()
                ends = [block.result()[1] for block in blocks]
                if what == "append":
                    sealer.submit(_seal).result()
                    ends.append(time.monotonic())
                spent[what].append(max(ends) - min(block.result()[0] for block in blocks))

            return act

        turn_by_turn({what: side(what) for what in spent}, rounds=TURNS, say="audit_append, sealed")
    ours, theirs = spent["append"][1:], spent["insert"][1:]
    events = each * SEALED
    return Ratio(
        f"audit_append_{SEALED}", ratio(ours, theirs), SEALED_GOAL,
        f"{events:,} events appended, committed and sealed against as many plain INSERTs and commits, by wall clock,"
        f" connections: {SEALED}, events a second: {events / statistics.median(ours):.0f} and"
        f" {events / statistics.median(theirs):.0f}")


def _processes(count: int, database: str) -> ProcessPoolExecutor:
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(count, mp_context=context, initializer=_begin, initargs=(database, context.Barrier(count)))


def _begin(database: str, start: Barrier) -> None:
    """In each process: both sides' sessions, and what all processes wait at before their clocks start."""
    os.environ["BENCH_DATABASE"] = database
    django.setup()
    _start.append(start)
    _sessions["append"] = ground.session("lpr_app")
    _sessions["insert"] = ground.session("postgres")


def _begin_sealer(database: str, key: str) -> None:
    os.environ["BENCH_DATABASE"] = database
    django.setup()
    settings.AUDIT_SIGNING_KEY_FILE = key


def _seal() -> None:
    from benchmarks import audit_log

    audit_log.seal()


def _block(what: str, count: int) -> tuple[float, float, list[float]]:
    """Run a block of one side; when it began, when it ended, and each event's seconds. Its texts are made before the clock
    starts, and all processes start at once."""
    events = [_event() for _ in range(count)]
    cursor = _sessions[what].cursor()
    spent = []
    _start[0].wait()
    began = time.monotonic()
    for kind, payload, columns in events:
        before = time.perf_counter()
        if what == "append":
            cursor.execute(APPEND, [kind, payload], prepare=True)
            cursor.fetchone()
        else:
            cursor.execute(INSERT, columns, prepare=True)
        spent.append(time.perf_counter() - before)
    return began, time.monotonic(), spent


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
