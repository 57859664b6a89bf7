"""Storing reads: one transaction in which new reads are stored and matched with the alert lists (DAT-3, DAT-4).

What is slow (parsing, photos, geocoding) has happened before (`lpr.deliveries`). Most batches hold new records alone, and are
stored as if all of them did: record ids and reads are copied straight into their tables, and the few reads whose plates somebody
watches are given to the matchers. A record id that was claimed already breaks the transaction off, and the batch is stored again
with care: from a temporary table, by one statement that claims the record ids, stores what is new and lets the matchers write
their hits. `matchers` is the one inversion of the import direction: `alerts` puts its own into the list.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from django.db import DatabaseError, connections, transaction

from accounts.models import User
from lpr import packing
from lpr.models import Source
from lpr.packing import Packed
from lpr.wordbook import Place, Wordbook, wordbook_of

ALIAS = "loader"
MATCHING_LOCK = 7303010
LOOK_BACK = timedelta(days=60)
ATTEMPTS = 5
_CLAIMED_ALREADY = "23505"
_TRY_AGAIN = {_CLAIMED_ALREADY, "40P01", "40001"}  # deadlock, serialization failure


@dataclass(frozen=True)
class Matcher:
    """What `alerts` does for reads: it matches them, and knows who was alerted.

    New reads are matched in the transaction that stores them: `ctes` is SQL that follows `stored` (plate, state, captured_at,
    record_id: the rows just stored) and `incoming` (all columns of the delivery); `count` is the expression that counts its
    hits; `watched` is the table or view whose `plate` holds each that may be hit: other reads are not matched; `after_commit`
    wakes the senders.
    `match_corrected` matches the read that the committed event of a correction makes, in the open transaction. `told_of` gives
    the ids of the users who were alerted on a plate's record, `hit_of` a hit that a user was told of, on record, or None;
    `may_see` says whether a user may see a hit, and records nothing.
    """

    ctes: str
    count: str
    watched: str
    after_commit: Callable[[], None]
    match_corrected: Callable[[UUID], None]
    told_of: Callable[[str, UUID], set[int]]
    hit_of: Callable[[UUID, User], Any]
    may_see: Callable[[UUID, User], bool]


matchers: list[Matcher] = []


class NoMatcher(Exception):
    """No matcher is registered, so a read would be stored unmatched (DAT-4)."""


class PreparedRead(NamedTuple):
    """A checked read, ready to be stored. `digest` is 16 bytes over everything that was sent (`lpr.deliveries`).

    `captured_at` is aware; coordinates are millionths of a degree; `confidence` is 0 to 100, or -1 where it was not given.
    """

    record_id: UUID
    digest: bytes
    plate: str
    state: str
    captured_at: datetime
    latitude_e6: int
    longitude_e6: int
    camera: str
    make: str
    model: str
    place: Place
    confidence: int
    plate_photo_cut: bool


@dataclass(frozen=True)
class Stored:
    """What became of a batch; `conflicts` are the positions in the batch whose record id came before with other content."""

    stored: int
    duplicates: int
    hits: int
    conflicts: tuple[int, ...] = ()


def store(
    *,
    source: Source,
    reads: Sequence[PreparedRead],
    received_at: datetime,
    now: datetime,
    beside: Callable[[Stored], None] | None = None,
) -> Stored:
    """Store the reads that are new and match them, in one transaction (DAT-3, DAT-4).

    Args:
        source: whose reads they are.
        reads: checked; the order does not matter, except that the first of two with one record id is kept.
        received_at: when they arrived.
        now: the time by which record ids are remembered, in weeks.
        beside: called before the commit with the outcome, for what must stand or fall with the reads (receipt, event).

    Raises:
        NoMatcher: nothing would match them.
        DatabaseError: after some attempts where it was a deadlock; nothing is stored then.
    """
    if not matchers:
        raise NoMatcher("No matcher is registered with lpr.loading.")
    careful = False
    for attempt in range(1, ATTEMPTS + 1):
        try:
            outcome = _store_once(source, reads, received_at, now, beside, careful=careful)
            break
        except DatabaseError as error:
            state = getattr(error.__cause__, "sqlstate", None)
            if state not in _TRY_AGAIN or attempt == ATTEMPTS:
                raise
            careful = careful or state == _CLAIMED_ALREADY
    if outcome.hits:
        for matcher in matchers:
            matcher.after_commit()
    return outcome


def _store_once(
    source: Source, reads: Sequence[PreparedRead], received_at: datetime, now: datetime,
    beside: Callable[[Stored], None] | None, *, careful: bool,
) -> Stored:
    connection = connections[ALIAS]
    connection.ensure_connection()
    words = wordbook_of(connection)
    batch, twice = _packed(source.pk, reads, received_at, words), set[int]()
    if len(set(batch.ids)) < len(reads):
        once, twice = _once_each(reads)
        batch = _packed(source.pk, once, received_at, words)
    # A read of the last weeks cannot have been stored before its record id was first remembered.
    careful = careful or batch.oldest <= now - LOOK_BACK + timedelta(days=1)
    with transaction.atomic(using=ALIAS, durable=True):
        counted = _store_rows(source, batch, now, careful=careful) if reads else _Counted(0, 0, ())
        other = set(counted.conflicts)
        conflicts = twice | {i for i, read in enumerate(reads) if read.record_id in other} if other else twice
        outcome = Stored(counted.stored, len(reads) - counted.stored - len(conflicts), counted.hits,
                         tuple(sorted(conflicts)))
        if beside is not None:
            beside(outcome)
    return outcome


def _packed(source_id: int, reads: Sequence[PreparedRead], received_at: datetime, words: Wordbook) -> Packed:
    """Pack the reads, learning first what words are new: in most batches none is."""
    try:
        return packing.pack(source_id, reads, received_at, words)
    except KeyError:
        # Committed before, in statements of its own: an id that is remembered must not be rolled back.
        words.learn(source_id=source_id, cameras={read.camera for read in reads}, makes={read.make for read in reads},
                    models={read.model for read in reads}, places={read.place for read in reads})
        return packing.pack(source_id, reads, received_at, words)


def _once_each(reads: Sequence[PreparedRead]) -> tuple[Sequence[PreparedRead], set[int]]:
    """The reads without repeated record ids, and the positions of those that repeat one with other content."""
    first: dict[UUID, PreparedRead] = {}
    other = {i for i, read in enumerate(reads) if first.setdefault(read.record_id, read).digest != read.digest}
    return list(first.values()), other


class _Counted(NamedTuple):
    """What was stored and matched, and the record ids that came before with other content."""

    stored: int
    hits: int
    conflicts: Sequence[UUID]


def _store_rows(source: Source, batch: Packed, now: datetime, *, careful: bool) -> _Counted:
    weeks = {"week": week_of(now), "first_week": week_of(now - LOOK_BACK)}
    with connections[ALIAS].cursor() as cursor:
        if not careful:
            cursor.execute(_KNOWN_BEFORE, weeks | {"ids": packing.array_of_ids(batch)})
            careful = cursor.fetchone()[0]
        if careful:
            _copy(cursor, "pg_temp.delivery", packing.rows_of_delivery(batch))
            _wait_for_activations(cursor)
            cursor.execute(_careful(tuple(matchers)), weeks | {"source": source.label})
            return _Counted(*cursor.fetchone())
        _copy(cursor, f"store.recent_record ({packing.CLAIM_COLUMNS})", packing.rows_of_claims(batch, weeks["week"]))
        _copy(cursor, f"store.read ({packing.READ_COLUMNS})", packing.rows_of_reads(batch))
        _wait_for_activations(cursor)
        return _Counted(len(batch.reads), _matched(cursor, source, batch), ())


def _matched(cursor: Any, source: Source, batch: Packed) -> int:
    """Match the reads that were just stored, and return how many hits were made.

    Most are of plates that nobody watches: those are found first, and the others alone matched. An entry that is committed
    between the two statements is no loss, because whoever activates it waits for this loading (`alerts.matching`).
    """
    cursor.execute(_watched(tuple(matchers)), {"plates": " ".join(batch.plates)})
    positions = [batch.by_plate[at] for (plate,) in cursor.fetchall()
                 for at in range(bisect_left(batch.plates, plate), bisect_right(batch.plates, plate))]
    if not positions:
        return 0
    _copy(cursor, "pg_temp.delivery", packing.rows_of_delivery(batch, positions))
    cursor.execute(_all_new(tuple(matchers)), {"source": source.label})
    return cursor.fetchone()[0]


def _wait_for_activations(cursor: Any) -> None:
    """A statement of its own: the one that follows must take its snapshot after the lock, so that an activation which waited
    for this loading finds its reads, and one before it is seen (`alerts.matching`)."""
    cursor.execute("SELECT pg_advisory_xact_lock_shared(%s::bigint)", [MATCHING_LOCK])


def _copy(cursor: Any, into: str, rows: bytes) -> None:
    with connections[ALIAS].wrap_database_errors, cursor.copy(f"COPY {into} FROM STDIN (FORMAT binary)") as copy:
        copy.write(rows)


def week_of(moment: datetime) -> Any:
    """The Monday (UTC) under which record ids of a moment are remembered."""
    day = moment.astimezone(UTC).date()
    return day - timedelta(days=day.weekday())


# Whether any record came in one of the weeks before this one. The key of each week is asked for all ids at once.
_KNOWN_BEFORE = """
SELECT EXISTS (SELECT FROM store.recent_record r
               WHERE r.record_id = ANY (ARRAY(SELECT unnest(%(ids)s::uuid[])))
               AND r.week >= %(first_week)s::date AND r.week < %(week)s::date)
"""

# `earlier` is LATERAL with OFFSET 0, so that each id is looked up in the key of each week: a join of the planner's own
# choice would read whole weeks. Claims are in order, so that two loaders wait for each other in one order.
_SOME_KNOWN = """
WITH earlier AS MATERIALIZED (
    SELECT d.record_id, d.digest = known.digest AS same
    FROM pg_temp.delivery d
    CROSS JOIN LATERAL (
        SELECT r.digest FROM store.recent_record r
        WHERE r.record_id = d.record_id AND r.week >= %(first_week)s::date AND r.week <= %(week)s::date
        OFFSET 0) known
),
claimed AS MATERIALIZED (
    INSERT INTO store.recent_record (record_id, week, digest)
    SELECT d.record_id, %(week)s::date, d.digest FROM pg_temp.delivery d
    WHERE d.record_id NOT IN (SELECT e.record_id FROM earlier e)
    ORDER BY d.record_id
    RETURNING record_id
),
stored AS MATERIALIZED (
    INSERT INTO store.read (captured_at, received_at, record_id, latitude_e6, longitude_e6, source_id, camera_id, place_id,
                            make_id, model_id, confidence, plate_photo_cut, plate, state)
    SELECT d.captured_at, d.received_at, d.record_id, d.latitude_e6, d.longitude_e6, d.source_id, d.camera_id, d.place_id,
           d.make_id, d.model_id, d.confidence, d.plate_photo_cut, d.plate, d.state
    FROM pg_temp.delivery d WHERE d.record_id IN (SELECT c.record_id FROM claimed c)
    ORDER BY d.plate, d.state, d.captured_at, d.record_id
    ON CONFLICT DO NOTHING
    RETURNING plate, state, captured_at, record_id
),"""

_ALL_STORED = """
WITH stored AS MATERIALIZED (
    SELECT d.plate, d.state, d.captured_at, d.record_id FROM pg_temp.delivery d
),"""

# The words are looked up for the rows that are hits alone.
_INCOMING = """
incoming AS NOT MATERIALIZED (
    SELECT d.record_id, d.plate, d.state, d.captured_at, d.received_at, d.latitude_e6, d.longitude_e6, d.source_id,
           %(source)s::text AS source,
           (SELECT w.name FROM store.camera w WHERE w.id = d.camera_id) AS camera,
           (SELECT w.name FROM store.make w WHERE w.id = d.make_id) AS make,
           (SELECT w.name FROM store.model w WHERE w.id = d.model_id) AS model,
           (SELECT w.zone FROM store.place w WHERE w.id = d.place_id) AS zone,
           (SELECT w.address FROM store.place w WHERE w.id = d.place_id) AS address,
           (SELECT w.intersection FROM store.place w WHERE w.id = d.place_id) AS intersection,
           (SELECT w.state FROM store.place w WHERE w.id = d.place_id) AS place_state
    FROM pg_temp.delivery d
),
"""
_OUTCOME = """
SELECT (SELECT count(*) FROM stored)::integer, {hits}, ARRAY(SELECT DISTINCT e.record_id FROM earlier e WHERE NOT e.same)
"""


@cache
def _watched(registered: tuple[Matcher, ...]) -> str:
    """The plates that one of the matchers watches. All are asked for at once, in the order of the key of what is watched."""
    said = "ARRAY(SELECT unnest(string_to_array(%(plates)s::text, ' ')))"
    return " UNION ".join(f"SELECT plate FROM {matcher.watched} WHERE plate = ANY ({said})" for matcher in registered)  # noqa: S608  # nosec B608


@cache
def _all_new(registered: tuple[Matcher, ...]) -> str:
    """The statement that matches the reads of pg_temp.delivery, which are stored; it answers the number of hits."""
    return f"{_ALL_STORED}{_INCOMING}{_matching(registered)}\nSELECT {_hits(registered)}"


@cache
def _careful(registered: tuple[Matcher, ...]) -> str:
    """The one statement that claims, stores and matches, for a batch of which some may have come before."""
    return f"{_SOME_KNOWN}{_INCOMING}{_matching(registered)}{_OUTCOME.format(hits=_hits(registered))}"


def _matching(registered: tuple[Matcher, ...]) -> str:
    """The matchers' own text; a percent sign in it would read as a parameter."""
    return ",\n".join(matcher.ctes.replace("%", "%%").strip().rstrip(",") for matcher in registered)


def _hits(registered: tuple[Matcher, ...]) -> str:
    return "(" + " + ".join(matcher.count for matcher in registered) + ")::integer"
