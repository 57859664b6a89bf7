"""A replay compared with what was answered: the same reads, or the cause of each difference (QRY-10, AUD-6).

The log holds count and digest of an answer, and the store what became of its reads. So that all reads of then are still there is
proven by the digest; which of them are shown no more, and why, is said read by read; what was erased is counted. Nothing is
changed, and what was found is itself on record.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

from django.db import DatabaseError, connection
from django.db.models import TextChoices

from audit.events import Kind
from audit.record import record_durably
from lpr.recall import Opened
from lpr.search import QueryFailed

# How long before a question a read may have been stored by a transaction that ended after it.
LATE = timedelta(minutes=5)


class Cause(TextChoices):
    """Why a replay shows other reads than the answer did. The first are said of single reads, the others counted."""

    CORRECTED = "corrected", "corrected since"
    WITHDRAWN = "withdrawn", "withdrawn since"
    RETENTION = "retention", "hidden: past the retention of the source"
    RETENTION_SHORTER = "retention_shorter", "hidden: the retention of the source was made shorter since"
    AUTHORITY = "authority", "hidden: the authority to show reads from there has ended"
    RETENTION_LONGER = "retention_longer", "shown: the retention of the source was made longer since"
    ERASED_BY_RETENTION = "erased_by_retention", "erased past the retention of the source"
    ERASED_BY_AUTHORITY = "erased_by_authority", "erased with the end of the authority"
    ERASED = "erased", "erased past the retention of the source or with the end of the authority"
    LATE = "late", "shown: being stored at the moment of the question, and there only after it"
    AUTHORITY_CHANGED = "authority_changed", "records of authority were changed since, and with them what is shown"
    UNEXPLAINED = "unexplained", "no cause on record"


@dataclass(frozen=True)
class Difference:
    """`reads`: the ids of the reads meant, each with the moment since when, as far as they are known."""

    cause: Cause
    count: int
    reads: Sequence[tuple[UUID, datetime | None]] = ()

    @property
    def is_explained(self) -> bool:
        return self.cause != Cause.UNEXPLAINED


@dataclass(frozen=True)
class Comparison:
    """Count and digest as answered and as shown now; `is_proven` says that of what is held, the digest is the answered one."""

    answered: tuple[int, str]
    shown: tuple[int, str]
    is_proven: bool
    differences: Sequence[Difference]

    @property
    def is_same(self) -> bool:
        return self.answered == self.shown

    @property
    def is_explained(self) -> bool:
        return all(difference.is_explained for difference in self.differences)


def compare(opened: Opened) -> Comparison:
    """Compare a replay with the answer on record, and record what was found.

    Args:
        opened: the replay of a whole answer, by an audit role, not older than a minute.

    Raises:
        lpr.search.QueryFailed: the store did not answer.
        audit.record.AuditUnavailable: it could not be recorded.
    """
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT * FROM store.replay_outcome(%s::uuid, %s::integer)",
                           [opened.event, LATE // timedelta(seconds=1)])
            outcome = dict(zip((column.name for column in cursor.description), cursor.fetchone(), strict=True))
            cursor.execute("SELECT cause, record_id, since FROM store.replay_differences(%s::uuid)", [opened.event])
            rows = cursor.fetchall()
    except DatabaseError as error:
        raise QueryFailed from error
    found = Comparison(
        answered=(outcome["answered_count"], outcome["answered_digest"]), shown=(outcome["shown_count"], outcome["shown_digest"]),
        is_proven=outcome["answered_digest"] in (
            outcome["held_digest"], outcome["digest_without_late"], outcome["digest_with_closed"]),
        differences=[*_of_single_reads(rows), *_of_the_rest(outcome)])
    record_durably(Kind.QUERY_COMPARED, query=opened.asked.id, replay=opened.event, is_proven=found.is_proven,
                   answered=found.answered[0], answered_digest=found.answered[1], shown=found.shown[0],
                   shown_digest=found.shown[1],
                   differences={difference.cause.value: difference.count for difference in found.differences})
    return found


def _of_single_reads(rows: Sequence[tuple[str, UUID, datetime | None]]) -> list[Difference]:
    found = []
    for cause, group in groupby(rows, key=lambda row: row[0]):
        reads = [(read, since) for _, read, since in group]
        found.append(Difference(Cause(cause), len(reads), reads))
    return found


def _of_the_rest(outcome: dict[str, Any]) -> list[Difference]:
    """Why what is held of then is not what was answered."""
    missing = outcome["answered_count"] - outcome["held_count"]
    if outcome["held_digest"] == outcome["answered_digest"]:
        return []
    if missing < 0 and outcome["digest_without_late"] == outcome["answered_digest"]:
        return [Difference(Cause.LATE, -missing)]
    if missing > 0 and outcome["digest_with_closed"] == outcome["answered_digest"]:
        return [Difference(Cause.AUTHORITY_CHANGED, missing)]
    if missing > 0 and outcome["were_erased"] and (outcome["retention_may_erase"] or outcome["authority_may_erase"]):
        cause = (Cause.ERASED if outcome["retention_may_erase"] and outcome["authority_may_erase"] else
                 Cause.ERASED_BY_RETENTION if outcome["retention_may_erase"] else Cause.ERASED_BY_AUTHORITY)
        return [Difference(cause, missing)]
    # What an authority that was closed then shows now cannot be told apart from what was put in, but by the record of the change.
    if missing < 0 and outcome["authority_changed"]:
        return [Difference(Cause.AUTHORITY_CHANGED, -missing)]
    # As many as then and yet others: at least one is gone and one came.
    return [Difference(Cause.UNEXPLAINED, abs(missing) or 1)]
