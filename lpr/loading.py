"""Storing reads: one transaction in which new reads are stored and matched with the alert lists (DAT-3, DAT-4).

What is slow (parsing, photos, geocoding) has happened before (`lpr.deliveries`). Here a batch is copied into a temporary
table, and one statement claims the record ids, stores what is new and lets the matchers write their hits. `matchers` is the one
inversion of the import direction: `alerts` puts its own into the list.

Most batches hold new records alone, and are stored as if all of them did: a record id that was claimed already breaks the
transaction off, and the batch is stored again with care. That costs a third less than to ask about each record first.
"""

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from django.db import DatabaseError, connections, transaction

from accounts.models import User
from lpr.models import Source
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

    New reads are matched inside the statement that stores them: `ctes` is SQL that follows `stored` (plate, state, captured_at,
    record_id: the rows just stored) and `incoming` (all columns of the delivery); `count` is the expression that counts its
    hits; `after_commit` wakes the senders.
    `match_corrected` matches the read that the committed event of a correction makes, in the open transaction. `told_of` gives
    the ids of the users who were alerted on a plate's record, `hit_of` a hit that a user was told of, on record, or None.
    """

    ctes: str
    count: str
    after_commit: Callable[[], None]
    match_corrected: Callable[[UUID], None]
    told_of: Callable[[str, UUID], set[int]]
    hit_of: Callable[[UUID, User], Any]


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
    batch = _packed(source.pk, reads, words)
    once, twice = (reads, set[int]()) if len(batch.record_ids) == len(reads) else _once_each(reads)
    if len(once) < len(reads):
        batch = _packed(source.pk, once, words)
    with transaction.atomic(using=ALIAS, durable=True):
        counted = _store_rows(source, batch, received_at, now, careful=careful) if once else _Counted(0, 0, ())
        other = set(counted.conflicts)
        conflicts = twice | {i for i, read in enumerate(reads) if read.record_id in other} if other else twice
        outcome = Stored(counted.stored, len(reads) - counted.stored - len(conflicts), counted.hits,
                         tuple(sorted(conflicts)))
        if beside is not None:
            beside(outcome)
    return outcome


# --- The batch as PostgreSQL's binary COPY ------------------------------------------------------------------------------
_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_END = b"\xff\xff"
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
# Thirteen fields, each with its length before it; the plate's own bytes and the state follow.
_ROW = struct.Struct(">hiqi16si16siiiiiiiiiiiiihi?i")


class _Packed(NamedTuple):
    """The rows of `pg_temp.delivery`, in the order of its columns; the ids they hold; and the oldest time among them."""

    rows: bytes
    record_ids: set[bytes]
    oldest: datetime


def _packed(source_id: int, reads: Sequence[PreparedRead], words: Wordbook) -> _Packed:
    """Pack the reads, learning first what words are new: in most batches none is."""
    try:
        return _pack(reads, words, words.cameras_of(source_id))
    except KeyError:
        # Committed before, in statements of its own: an id that is remembered must not be rolled back.
        words.learn(source_id=source_id, cameras={read.camera for read in reads}, makes={read.make for read in reads},
                    models={read.model for read in reads}, places={read.place for read in reads})
        return _pack(reads, words, words.cameras_of(source_id))


def _pack(reads: Sequence[PreparedRead], words: Wordbook, cameras: dict[str, int]) -> _Packed:
    pack, makes, models, places = _ROW.pack, words.makes, words.models, words.places
    rows, record_ids, oldest = [_HEADER], set(), timedelta.max
    for (record_id, digest, plate, state, captured_at, latitude, longitude, camera, make, model, place, confidence,
         cut) in reads:
        since = captured_at - _EPOCH
        if since < oldest:
            oldest = since
        id_bytes = record_id.bytes
        record_ids.add(id_bytes)
        rows.append(pack(
            13, 8, (since.days * 86400 + since.seconds) * 1_000_000 + since.microseconds, 16, id_bytes, 16, digest,
            4, latitude, 4, longitude, 4, cameras[camera], 4, places[place], 4, makes[make], 4, models[model],
            2, confidence, 1, cut, len(plate),
        ) + plate.encode() + (b"\0\0\0\2" + state.encode() if state else b"\0\0\0\0"))
    rows.append(_END)
    return _Packed(b"".join(rows), record_ids, _EPOCH + oldest if reads else _EPOCH)


def _once_each(reads: Sequence[PreparedRead]) -> tuple[Sequence[PreparedRead], set[int]]:
    """The reads without repeated record ids, and the positions of those that repeat one with other content."""
    first: dict[UUID, PreparedRead] = {}
    other = {i for i, read in enumerate(reads) if first.setdefault(read.record_id, read).digest != read.digest}
    return list(first.values()), other


class _Counted(NamedTuple):
    """The statement's own answer."""

    stored: int
    hits: int
    conflicts: Sequence[UUID]


def _store_rows(
    source: Source, batch: _Packed, received_at: datetime, now: datetime, *, careful: bool
) -> _Counted:
    weeks = {"week": week_of(now), "first_week": week_of(now - LOOK_BACK)}
    with connections[ALIAS].cursor() as cursor:
        with cursor.copy("COPY pg_temp.delivery FROM STDIN (FORMAT binary)") as copy:
            copy.write(batch.rows)
        cursor.execute(_KNOWN_BEFORE, weeks)
        careful = careful or cursor.fetchone()[0]
        # A statement of its own: the one that follows must take its snapshot after the lock, so that an activation which
        # waited for this loading finds its reads, and one before it is seen (`alerts.matching`).
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s::bigint)", [MATCHING_LOCK])
        # A read of the last weeks cannot have been stored before its record id was first remembered.
        recent = batch.oldest > now - LOOK_BACK + timedelta(days=1)
        cursor.execute(_statement(tuple(matchers), careful=careful, recent=recent),
                       weeks | {"received_at": received_at, "source_id": source.pk, "source": source.label})
        return _Counted(*cursor.fetchone())


def week_of(moment: datetime) -> Any:
    """The Monday (UTC) under which record ids of a moment are remembered."""
    day = moment.astimezone(UTC).date()
    return day - timedelta(days=day.weekday())


# Whether any record came in one of the weeks before this one. The key of each week is asked for all ids at once.
_KNOWN_BEFORE = """
SELECT EXISTS (SELECT FROM store.recent_record r WHERE r.record_id = ANY (ARRAY(SELECT d.record_id FROM pg_temp.delivery d))
               AND r.week >= %(first_week)s::date AND r.week < %(week)s::date)
"""

# Claims are in order, so that two loaders wait for each other in one order; a claim that is there already breaks off before any
# read is stored, so that the server's message shows an id and no plate.
_ALL_NEW = """
WITH claimed AS MATERIALIZED (
    INSERT INTO store.recent_record (record_id, week, digest)
    SELECT d.record_id, %(week)s::date, d.digest FROM pg_temp.delivery d
    ORDER BY d.record_id
    RETURNING 1
),
fresh AS NOT MATERIALIZED (
    SELECT d.* FROM pg_temp.delivery d WHERE (SELECT count(*) FROM claimed) > 0
),"""

# `earlier` is LATERAL with OFFSET 0, so that each id is looked up in the key of each week: a join of the planner's own
# choice would read whole weeks.
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
fresh AS NOT MATERIALIZED (
    SELECT d.* FROM pg_temp.delivery d WHERE d.record_id IN (SELECT c.record_id FROM claimed c)
),"""

_STORED = """
stored AS MATERIALIZED (
    INSERT INTO store.read (captured_at, received_at, stored_at, record_id, latitude_e6, longitude_e6, source_id, camera_id,
                            place_id, make_id, model_id, confidence, plate_photo_cut, plate, state)
    SELECT d.captured_at, %(received_at)s::timestamptz, statement_timestamp(), d.record_id, d.latitude_e6, d.longitude_e6,
           %(source_id)s::integer, d.camera_id, d.place_id, d.make_id, d.model_id, nullif(d.confidence, -1),
           d.plate_photo_cut, d.plate, d.state
    FROM fresh d
    ORDER BY d.plate, d.state, d.captured_at, d.record_id
    {on_conflict}
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

_OUTCOME = "\nSELECT (SELECT count(*) FROM stored)::integer, ({hits})::integer, ARRAY({conflicts})"


@cache
def _statement(registered: tuple[Matcher, ...], *, careful: bool, recent: bool) -> str:
    """The one statement. The matchers' own text may hold a percent sign, which would read as a parameter.

    Args:
        careful: some record ids may be claimed already.
        recent: no read is so old that it can be stored although its claim is forgotten. To ask about the key of each read
            before it is stored costs a fifth of the whole.
    """
    matching = [matcher.ctes.replace("%", "%%").strip().rstrip(",") for matcher in registered]
    hits = " + ".join(matcher.count for matcher in registered)
    conflicts = "SELECT DISTINCT e.record_id FROM earlier e WHERE NOT e.same" if careful else "SELECT NULL::uuid WHERE false"
    stored = _STORED.format(on_conflict="" if recent and not careful else "ON CONFLICT DO NOTHING")
    ctes = ",\n".join([(_SOME_KNOWN if careful else _ALL_NEW) + stored, *matching])
    return ctes + _OUTCOME.format(hits=hits, conflicts=conflicts)
