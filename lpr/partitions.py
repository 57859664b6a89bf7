"""Months of reads from their making to their end (DAT-8): by the scheduler and by `manage.py maintain_partitions`.

Every step finds for itself what is left to do, so that a run that comes late, twice or after a crash does the rest.
"""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction

from audit import alarms
from audit.events import Kind
from audit.record import record
from lpr import photo_store, quarantine
from lpr.models import Receipt, Source

READS_AT_ONCE = 1000


@dataclass(frozen=True)
class Maintained:
    """What a run did: partitions made, months closed and dropped; reads, receipts and set-aside records erased."""

    made: int
    closed: int
    dropped: int
    reads: int
    receipts: int
    quarantined: int


def make(*, now: datetime) -> int:
    """Make the months of reads and events and the weeks of record ids that are due, drop the weeks that are over.

    Returns: how many were made.
    """
    return (_called("SELECT audit.maintain_partitions(%s::timestamptz)", now)
            + _called("SELECT store.maintain_partitions(%s::timestamptz)", now))


def maintain(*, now: datetime) -> Maintained:
    """Do all that is due for the months of reads. Call it outside of any transaction; again and at once is harmless.

    Args:
        now: the time; the database takes its own where that is earlier.

    Raises:
        AuditUnavailable: the log cannot be written; what was erased until then is erased.
    """
    made, reads = make(now=now), _erase_reads(now)
    receipts, quarantined = _erase_receipts(now), quarantine.erase_over(now=now)
    dropped = _called("SELECT store.drop_months_over(%s::timestamptz)", now)
    closed = 0
    while _called("SELECT (store.close_month(%s::timestamptz) IS NOT NULL)::integer", now):
        closed += 1
    done = Maintained(made, closed, dropped, reads, receipts, quarantined)
    if any(asdict(done).values()):
        with transaction.atomic():
            record(Kind.STORE_MAINTAINED, **asdict(done))
    return done


def stray_rows() -> int:
    """How many rows lie in a default partition; there should be none."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT store.stray_rows()")
        return cursor.fetchone()[0]


def watch(*, now: datetime) -> None:
    """Raise the alarm while rows lie in a default partition: nothing is lost, but their month was not there when they came."""
    if stray := stray_rows():
        alarms.raise_alarm(alarms.STRAY_ROWS, f"{stray} rows of reads, record ids or events lie in a default partition. Reads go "
                           "to their month when the job that makes the months runs (`maintain_partitions`). What stays needs a "
                           "look: does the scheduler run, and are the clocks of the servers right?", now=now)


def _erase_reads(now: datetime) -> int:
    """Erase reads past their source's retention: the photos first, so that a crash leaves a row that is found again."""
    erased = 0
    before: list[UUID] = []
    while True:
        with connection.cursor() as cursor:
            cursor.execute("SELECT record_id FROM store.reads_over(%s::timestamptz, %s::integer)", [now, READS_AT_ONCE])
            over = [row[0] for row in cursor.fetchall()]
        if not over:
            return erased
        if over == before:
            raise RuntimeError("Reads that are over were not erased: store.reads_over and store.delete_reads_over differ.")
        before = over
        for record_id in over:
            photo_store.erase(record_id)
        with connection.cursor() as cursor:
            cursor.execute("SELECT store.delete_reads_over(%s::timestamptz, %s::uuid[])", [now, over])
            erased += cursor.fetchone()[0]


def _erase_receipts(now: datetime) -> int:
    """Receipts are kept as long as the reads of their source."""
    return sum(Receipt.objects.filter(source=source, received_at__lte=now - timedelta(days=source.retention_days)).delete()[0]
               for source in Source.objects.all())


def _called(statement: str, now: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, [now])
        return cursor.fetchone()[0]
