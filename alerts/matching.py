"""Matching: no read is ever stored unmatched, and no match is lost or doubled (DAT-4, ALR-5).

`MATCHER` is part of the one statement that stores reads: hits, their events and one intent for each recipient stand or fall
with the reads. An entry that is added while a loading is under way is seen by neither; `match_back` closes that gap.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from django.db import OperationalError, connection, transaction

from alerts import hits
from alerts.models import Entry
from audit.events import Kind
from audit.record import record_durably
from lpr.loading import MATCHING_LOCK, Matcher

logger = logging.getLogger(__name__)

# How long an officer's request waits for the loadings under way before it leaves the rest to the sweeper.
WAIT_MILLISECONDS = 5000
# Younger activations are still in the hands of the request that made them.
RESUME_AFTER = timedelta(seconds=30)
RESUMED_AT_ONCE = 500


def oldest_open_transaction() -> int:
    """The oldest transaction open now: reads of older ones are no news to an entry that is added in this transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        return cursor.fetchone()[0]


def match_back(*, event: UUID) -> int:
    """Match the entries of a committed activation with the reads whose loading was under way when it was committed.

    The exclusive lock, taken and given back, is a barrier: every loading that began before it is committed after it, and
    every later one sees the entry itself. It is not held while matching, so that loading goes on.

    Args:
        event: the id of a committed ENTRY_ADDED, ENTRY_RENEWED or ENTRY_ACTIVATION_RESUMED, at most a minute old.

    Returns: how many hits were made (DAT-4). Must be called outside of any transaction.
    """
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s::text, true)", [f"{WAIT_MILLISECONDS}ms"])
        cursor.execute("SELECT pg_advisory_xact_lock(%s::bigint)", [MATCHING_LOCK])
    with connection.cursor() as cursor:
        cursor.execute("SELECT store.match_back(%s::uuid)", [event])
        made = cursor.fetchone()[0]
    if made:
        wake()
    return made


def match_back_or_leave(*, event: UUID) -> int:
    """As `match_back`; when it cannot be done now, the sweeper does it (`resume_activations`)."""
    try:
        return match_back(event=event)
    except OperationalError as error:
        logger.warning("matching back is left to the sweeper: %s", type(error).__name__)
        return 0


def match_many_back(*, entries: Sequence[UUID]) -> int:
    """As `match_back_or_leave`, for entries that one committed transaction activated with an event each."""
    resumed = record_durably(Kind.ENTRY_ACTIVATION_RESUMED, entries=[str(entry) for entry in entries])
    return match_back_or_leave(event=resumed.id)


def match_corrected(event: UUID) -> None:
    """Match the read that a correction makes, inside the transaction of its new row; the event is committed (RES-4).

    The caller holds the lock of loadings, so that an entry added meanwhile finds the read by matching back.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT store.match_back(%s::uuid)", [event])


def resume_activations(*, now: datetime) -> int:
    """Finish what a crash or a long loading left between activation and matching back; return how many entries it took.

    Args:
        now: the time; activations of the last half minute are left to the request that makes them.
    """
    waiting = Entry.objects.filter(matched_back_at__isnull=True, activation__isnull=False,
                                   created_at__lt=now - RESUME_AFTER)
    entries = [str(pk) for pk in waiting.order_by("created_at").values_list("pk", flat=True)[:RESUMED_AT_ONCE]]
    if entries:
        resumed = record_durably(Kind.ENTRY_ACTIVATION_RESUMED, entries=entries)
        match_back(event=resumed.id)
    return len(entries)


def wake() -> None:
    """Wake a sender now. A lost broker must not undo what is committed: the sweeper finds the intents (decision 2)."""
    from alerts import tasks

    try:
        # What waits longer than the sweeper's pause is not needed any more.
        tasks.send_waiting.apply_async(retry=False, expires=15)
    except Exception as error:  # noqa: BLE001 - each broker's client has errors of its own, and none may reach the loading
        logger.warning("no sender was woken: %s", type(error).__name__)


def _shared_ctes() -> str:
    """From `found` to hits, events and intents: written once, in the function that matches back."""
    text = (Path(__file__).parent / "sql" / "match_back.sql").read_text()
    start = text.index("-- Shared with the statement that stores reads")
    return text[text.index("\n", start):text.index("-- End of what is shared.")].rstrip()


# LATERAL with OFFSET 0 has each stored read look up its entries by (plate, state), in the order of plates in which reads are
# stored: a join of the planner's own choice would read a million entries for each delivery. What else is said of a read is
# looked up for what was met alone.
_CTES = """
    met AS MATERIALIZED (
        SELECT s.record_id, s.captured_at, w.entry_id, w.owner_id, w.plate, w.state
        FROM stored s
        CROSS JOIN LATERAL (
            SELECT watch.entry_id, watch.owner_id, watch.plate, watch.state FROM public.alerts_watch watch
            WHERE watch.plate = s.plate AND watch.state = s.state AND watch.valid_until > statement_timestamp()
            OFFSET 0) w
        WHERE s.state <> ''
    ),
    found AS MATERIALIZED (
        SELECT m.entry_id, m.owner_id, m.plate, m.state, m.record_id, m.captured_at, i.latitude_e6, i.longitude_e6,
               i.zone, i.address, i.intersection, i.place_state, i.source, i.camera, i.make, i.model
        FROM met m
        JOIN incoming i ON i.record_id = m.record_id AND i.plate = m.plate AND i.state = m.state
                       AND i.captured_at = m.captured_at
    ),"""
MATCHER = Matcher(
    ctes=_CTES + _shared_ctes(),
    count="(SELECT count(*) FROM hit_events)",
    watched="public.alerts_watch",
    after_commit=wake,
    match_corrected=match_corrected,
    told_of=hits.told_of,
    hit_of=hits.shown_to,
    may_see=hits.may_see,
)
