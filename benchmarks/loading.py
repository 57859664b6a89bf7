"""Batches of 10,000 reads stored and matched with a million alert entries, against COPY of the same rows without any of it.

By CPU, client and server session together. Our side begins with checked reads (`lpr.loading.store`) and pays for everything
after them: its own packing of the rows, the claim of record ids, the months and their key, matching, hits with their events
and notifications. The plain sides are two: a bare heap, and the very months and key into which our side stores. Their text is
made before the clock starts. The reads are those of the last day. Before, the same is done with a hundredth of the entries: what
a loading costs must not grow with the lists.
"""

import random
import uuid
from datetime import UTC, datetime, timedelta
from hashlib import md5

from django.db import connections

from accounts.models import User
from accounts.roles import Role
from benchmarks import asking, ground
from benchmarks.measure import CannotRun, Ratio, cpu_clock, percentile, ratio, turn_by_turn
from lpr import loading
from lpr.loading import PreparedRead
from lpr.models import Source
from lpr.wordbook import Place

STANDARD_SIZE = 200_000  # reads stored by each side, in batches of 10,000
GOAL = 6.0
GOAL_INDEXED = 1.6
GOAL_ENTRIES = 1.25
BATCH = 10_000
WARM = 7  # by then the server keeps its plans
ENTRIES = 1_000_000
FEW_ENTRIES = 10_000
ENTRIES_OF_LIST = 2_500
OWNERS = 100
HITS_OF_BATCH = 10

STATES = ("NY", "NJ", "CT", "PA", "OH")
# Entry n watches this plate; reads of other vehicles bear plates that begin with another letter.
WATCHED = "'W' || lpad({n}::text, 7, '0')"
_ENTRIES = f"""
INSERT INTO alerts_entry (id, alert_list_id, owner_id, plate, state, reason, case_reference, other_name, other_unit, status,
                          created_at, valid_until, activation, matched_back_at)
SELECT gen_random_uuid(), l.id, l.owner_id, {WATCHED.format(n="n")}, (%(states)s::text[])[n %% 5 + 1], 'REMOVAL',
       'Case number ' || n, '', '', 'active', now(), now() + interval '300 days', gen_random_uuid(), now()
FROM generate_series(%(first)s::integer, %(end)s::integer - 1) n
JOIN alerts_alertlist l ON l.name = 'List ' || n / %(of_list)s
"""
_LISTS = """
INSERT INTO alerts_alertlist (id, owner_id, name, scope, is_single_plate, collapse_minutes, created_at)
SELECT gen_random_uuid(), (%(owners)s::bigint[])[n %% cardinality(%(owners)s::bigint[]) + 1], 'List ' || n, 'self', false, 0,
       now()
FROM generate_series(%(first)s::integer, %(end)s::integer - 1) n
"""


def run(size: int) -> list[Ratio]:
    """`size`: reads that each side stores; below 10,000 as one batch."""
    with ground.database("loading"):
        watch(0, FEW_ENTRIES)
        source = Source.objects.create(name="bench-toll", label="Made-up toll road camera", kind="toll_road")
        batch = min(size, BATCH)
        with ground.session("postgres") as admin:
            admin.execute("CREATE TABLE bench_heap AS SELECT * FROM store.read WITH NO DATA")
            loader = connections[loading.ALIAS]
            loader.ensure_connection()
            clock = cpu_clock(loader.connection.info.backend_pid, admin.info.backend_pid)
            hits: list[int] = []
            deliveries, others = Deliveries(batch, seed=1), Deliveries(batch, seed=2)

            def store(number: int) -> None:
                now = datetime.now(UTC)
                outcome = loading.store(source=source, reads=deliveries.reads(number), received_at=now, now=now)
                if outcome.stored != batch:
                    raise CannotRun(f"Of {batch} reads {outcome.stored} were stored.")
                hits.append(outcome.hits)

            def copy(number: int) -> None:
                with admin.cursor().copy("COPY bench_heap FROM STDIN") as rows:
                    rows.write(deliveries.text(number))

            def copy_indexed(number: int) -> None:
                with admin.cursor().copy("COPY store.read FROM STDIN") as rows:
                    rows.write(others.text(number))

            # Made before any clock runs.
            rounds = max(size // batch, 1)
            deliveries.make(2 * (WARM + rounds))
            others.make(WARM + rounds)
            few = turn_by_turn({"store": store}, rounds=rounds, warm=WARM, clock=clock, say="loading, few entries")["store"]
            watch(FEW_ENTRIES, ENTRIES)
            deliveries.turn(WARM + rounds)
            cost = turn_by_turn({"store": store, "copy": copy, "copy_indexed": copy_indexed}, rounds=rounds, warm=WARM,
                                clock=clock, say="loading")
    ours, heap, indexed = (percentile(cost[side], 0.5) for side in ("store", "copy", "copy_indexed"))
    what = (f"lpr.loading.store ({ours * 1000:.0f} ms CPU a batch, {batch / ours:,.0f} reads a second) against COPY into {{}}:"
            f" batches of {batch:,}, {ENTRIES:,} active entries, {sum(hits) / len(hits):.0f} hits a batch")
    return [
        Ratio("loading", ratio(cost["store"], cost["copy"]), GOAL, what.format(f"a bare heap ({heap * 1000:.1f} ms)")),
        Ratio("loading_indexed", ratio(cost["store"], cost["copy_indexed"]), GOAL_INDEXED,
              what.format(f"the same months with their key ({indexed * 1000:.1f} ms)")),
        Ratio("loading_entries", ratio(cost["store"], few), GOAL_ENTRIES,
              f"lpr.loading.store with {ENTRIES:,} active entries ({ours * 1000:.0f} ms CPU a batch of {batch:,}) against the"
              f" same with {FEW_ENTRIES:,} ({percentile(few, 0.5) * 1000:.0f} ms)"),
    ]


def watch(first: int, end: int) -> None:
    """Entries from number `first` to before `end`, both whole lists, with their lists and owners; made by the administrator."""
    owners = []
    for number in range(OWNERS):
        owner, is_new = User.objects.get_or_create(username=f"bench{number}", defaults={
            "full_name": f"Owner {number}", "email": f"o{number}@agency.example", "role": Role.OFFICER, "component": "ERO"})
        if is_new:
            asking.train(owner)
        owners.append(owner.pk)
    with ground.session("postgres") as admin:
        admin.execute(_LISTS, {"owners": owners, "first": first // ENTRIES_OF_LIST, "end": end // ENTRIES_OF_LIST})
        admin.execute(_ENTRIES, {"states": list(STATES), "first": first, "end": end, "of_list": ENTRIES_OF_LIST})
    ground.settle()


class Deliveries:
    """Batches of checked reads, and the same rows as text for COPY."""

    def __init__(self, batch: int, *, seed: int, hits: int | None = None) -> None:
        self._batch = batch
        self._chance = random.Random(seed)
        self._first = 0
        self._hits = HITS_OF_BATCH * batch // BATCH if hits is None else hits
        self._reads: list[list[PreparedRead]] = []
        self._texts: list[bytes] = []
        self._places = [Place("NY", "America/New_York", f"{n} Broadway, New York", f"Broadway & W {n} St", n % 2 == 0)
                        for n in range(2000)]

    def make(self, count: int) -> None:
        for _ in range(count):
            reads = [self._read(number) for number in range(self._batch)]
            self._chance.shuffle(reads)
            self._reads.append(reads)
            self._texts.append("".join(map(_line, reads)).encode())

    def turn(self, first: int) -> None:
        """From now on round 0 is batch `first`."""
        self._first = first

    def reads(self, number: int) -> list[PreparedRead]:
        return self._reads[self._first + number]

    def text(self, number: int) -> bytes:
        return self._texts[self._first + number]

    def _read(self, number: int) -> PreparedRead:
        chance = self._chance
        watched = number < self._hits
        vehicle = int((FEW_ENTRIES if watched else ENTRIES) * chance.random())
        record_id = uuid.UUID(int=chance.getrandbits(128), version=5)
        return PreparedRead(
            record_id=record_id, digest=md5(record_id.bytes, usedforsecurity=False).digest(),
            plate=f"W{vehicle:07d}" if watched else f"{chance.choice('ABCDEFGH')}{vehicle:06d}",
            state=STATES[vehicle % 5] if watched else chance.choice(STATES),
            captured_at=datetime.now(UTC) - timedelta(seconds=chance.random() * 86_400),
            latitude_e6=40_700_000 + chance.randrange(100_000), longitude_e6=-74_000_000 + chance.randrange(100_000),
            camera=f"Camera {chance.randrange(500)}", make=f"Make {vehicle % 40}", model=f"Model {vehicle % 400}",
            place=chance.choice(self._places), confidence=85 + chance.randrange(15), plate_photo_cut=False)


def _line(read: PreparedRead) -> str:
    """A row of store.read as COPY takes it; ids of words are of the same size as real ones."""
    at = read.captured_at.isoformat()
    return "\t".join(map(str, (
        at, at, at, read.record_id, read.latitude_e6, read.longitude_e6, 1, hash(read.camera) % 500, hash(read.place) % 2000,
        hash(read.make) % 40, hash(read.model) % 400, read.confidence, "f", read.plate, read.state))) + "\n"
