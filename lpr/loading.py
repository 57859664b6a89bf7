"""Storing reads: one transaction in which new reads are stored and matched with the alert lists (DAT-3, DAT-4).

What is slow (parsing, photos, geocoding) has happened before (`lpr.deliveries`). Here a batch is copied into a temporary
table, and one statement claims the record ids, stores what is new and lets the matchers write their hits. `matchers` is the one
inversion of the import direction: `alerts` puts its own into the list.
"""

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from django.db import DatabaseError, connections, transaction

from lpr.models import Source
from lpr.wordbook import Place, Wordbook, wordbook_of

ALIAS = "loader"
MATCHING_LOCK = 7303010
LOOK_BACK = timedelta(days=60)
ATTEMPTS = 4
_TRY_AGAIN = {"40P01", "40001"}  # deadlock, serialization failure


@dataclass(frozen=True)
class Matcher:
    """What matches new reads inside the statement that stores them.

    `ctes` is SQL that follows `stored` (plate, state, captured_at, record_id: the rows just stored) and `incoming`
    (all columns of the delivery); `count` is the expression that counts its hits; `after_commit` wakes the senders.
    """

    ctes: str
    count: str
    after_commit: Callable[[], None]


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
    for attempt in range(1, ATTEMPTS + 1):
        try:
            outcome = _store_once(source, reads, received_at, now, beside)
            break
        except DatabaseError as error:
            if getattr(error.__cause__, "sqlstate", None) not in _TRY_AGAIN or attempt == ATTEMPTS:
                raise
    if outcome.hits:
        for matcher in matchers:
            matcher.after_commit()
    return outcome


def _store_once(
    source: Source, reads: Sequence[PreparedRead], received_at: datetime, now: datetime,
    beside: Callable[[Stored], None] | None,
) -> Stored:
    connection = connections[ALIAS]
    connection.ensure_connection()
    # Words are committed before, in statements of their own: an id that is remembered must not be rolled back.
    words = wordbook_of(connection)
    words.learn(source_id=source.pk, cameras={read.camera for read in reads}, makes={read.make for read in reads},
                models={read.model for read in reads}, places={read.place for read in reads})
    rows, twice = _rows(source.pk, reads, words)
    with transaction.atomic(using=ALIAS, durable=True):
        counted = _store_rows(source, rows, received_at, now) if rows else _Counted(0, 0, (), ())
        conflicts = sorted({*twice, *_conflicting(reads, counted, now)})
        outcome = Stored(counted.stored, len(reads) - counted.stored - len(conflicts), counted.hits, tuple(conflicts))
        if beside is not None:
            beside(outcome)
    return outcome


# --- The batch as PostgreSQL's binary COPY ------------------------------------------------------------------------------
_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_END = b"\xff\xff"
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
# Thirteen fields, each with its length before it; the plate's own bytes and the state follow.
_ROW = struct.Struct(">hiqi16si16siiiiiiiiiiiiihi?i")


def _rows(source_id: int, reads: Sequence[PreparedRead], words: Wordbook) -> tuple[dict[UUID, bytes], list[int]]:
    """The rows of a batch by record id, and the positions whose record id stands twice in it with other content."""
    rows: dict[UUID, bytes] = {}
    twice: list[int] = []
    pack = _ROW.pack
    makes, models, cameras, places = words.makes, words.models, words.cameras_of(source_id), words.places
    first_digests: dict[UUID, bytes] = {}
    for position, (record_id, digest, plate, state, captured_at, latitude, longitude, camera, make, model, place,
                   confidence, cut) in enumerate(reads):
        if first_digests.setdefault(record_id, digest) != digest:
            twice.append(position)
            continue
        since = captured_at - _EPOCH
        rows[record_id] = pack(
            13, 8, (since.days * 86400 + since.seconds) * 1_000_000 + since.microseconds, 16, record_id.bytes, 16, digest,
            4, latitude, 4, longitude, 4, cameras[camera], 4, places[place], 4, makes[make], 4, models[model],
            2, confidence, 1, cut, len(plate),
        ) + plate.encode() + (b"\0\0\0\2" + state.encode() if state else b"\0\0\0\0")
    return rows, twice


def _store_rows(source: Source, rows: dict[UUID, bytes], received_at: datetime, now: datetime) -> "_Counted":
    with connections[ALIAS].cursor() as cursor:
        with cursor.copy("COPY pg_temp.delivery FROM STDIN (FORMAT binary)") as copy:
            copy.write(b"".join([_HEADER, *rows.values(), _END]))
        # A statement of its own: the one that follows must take its snapshot after the lock, so that an activation which
        # waited for this loading finds its reads, and one before it is seen (decision of `alerts.matching`).
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s::bigint)", [MATCHING_LOCK])
        cursor.execute(_statement(tuple(matchers)), {
            "week": week_of(now), "first_week": week_of(now - LOOK_BACK), "received_at": received_at,
            "source_id": source.pk, "source": source.label, "rows": len(rows),
        })
        return _Counted(*cursor.fetchone())


def week_of(moment: datetime) -> Any:
    """The Monday (UTC) under which record ids of a moment are remembered."""
    day = moment.astimezone(UTC).date()
    return day - timedelta(days=day.weekday())


class _Counted(NamedTuple):
    """The statement's own answer. `unclaimed` ids belong to another loading, committed while ours was waiting for it."""

    stored: int
    hits: int
    conflicts: Sequence[UUID]
    unclaimed: Sequence[UUID]


def _conflicting(reads: Sequence[PreparedRead], counted: _Counted, now: datetime) -> list[int]:
    """The positions of the record ids that came before with other content."""
    other = set(counted.conflicts)
    if counted.unclaimed:
        first = {read.record_id: read.digest for read in reversed(reads)}
        with connections[ALIAS].cursor() as cursor:
            cursor.execute("SELECT record_id, digest FROM store.recent_record WHERE week = %s::date"
                           " AND record_id = ANY(%s::uuid[])", [week_of(now), list(counted.unclaimed)])
            other |= {record_id for record_id, digest in cursor.fetchall() if bytes(digest) != first[record_id]}
    return [position for position, read in enumerate(reads) if read.record_id in other] if other else []


# `earlier` is LATERAL with OFFSET 0, so that each id is looked up in the key of each week: a join of the planner's own
# choice would read whole weeks. Claims and reads are ordered, so that two loaders wait for each other in one order.
_HEAD = """
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
    ON CONFLICT DO NOTHING
    RETURNING record_id
),
stored AS MATERIALIZED (
    INSERT INTO store.read (captured_at, received_at, stored_at, record_id, latitude_e6, longitude_e6, source_id, camera_id,
                            place_id, make_id, model_id, confidence, plate_photo_cut, plate, state)
    SELECT d.captured_at, %(received_at)s::timestamptz, statement_timestamp(), d.record_id, d.latitude_e6, d.longitude_e6,
           %(source_id)s::integer, d.camera_id, d.place_id, d.make_id, d.model_id, nullif(d.confidence, -1),
           d.plate_photo_cut, d.plate, d.state
    FROM pg_temp.delivery d JOIN claimed USING (record_id)
    ORDER BY d.plate, d.state, d.captured_at, d.record_id
    ON CONFLICT DO NOTHING
    RETURNING plate, state, captured_at, record_id
),
-- The words are looked up for the rows that are hits alone.
incoming AS NOT MATERIALIZED (
    SELECT d.record_id, d.plate, d.state, d.captured_at, %(received_at)s::timestamptz AS received_at,
           d.latitude_e6, d.longitude_e6, %(source_id)s::integer AS source_id, %(source)s::text AS source,
           (SELECT w.name FROM store.camera w WHERE w.id = d.camera_id) AS camera,
           (SELECT w.name FROM store.make w WHERE w.id = d.make_id) AS make,
           (SELECT w.name FROM store.model w WHERE w.id = d.model_id) AS model,
           (SELECT w.zone FROM store.place w WHERE w.id = d.place_id) AS zone,
           (SELECT w.address FROM store.place w WHERE w.id = d.place_id) AS address,
           (SELECT w.intersection FROM store.place w WHERE w.id = d.place_id) AS intersection,
           (SELECT w.state FROM store.place w WHERE w.id = d.place_id) AS place_state
    FROM pg_temp.delivery d
)"""
_TAIL = """
SELECT (SELECT count(*) FROM stored)::integer,
       ({hits})::integer,
       ARRAY(SELECT DISTINCT e.record_id FROM earlier e WHERE NOT e.same),
       ARRAY(SELECT d.record_id FROM pg_temp.delivery d
             WHERE (SELECT count(*) FROM claimed) + (SELECT count(DISTINCT e.record_id) FROM earlier e) < %(rows)s::integer
               AND d.record_id NOT IN (SELECT c.record_id FROM claimed c)
               AND d.record_id NOT IN (SELECT e.record_id FROM earlier e))
"""


@cache
def _statement(registered: tuple[Matcher, ...]) -> str:
    """The one statement. The matchers' own text may hold a percent sign, which would read as a parameter."""
    parts = [_HEAD, *(matcher.ctes.replace("%", "%%").strip().rstrip(",") for matcher in registered)]
    return ",\n".join(parts) + _TAIL.format(hits=" + ".join(matcher.count for matcher in registered))
