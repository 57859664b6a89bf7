"""Look before use: plate, state and vehicle are ticked against both photos before a read is printed or watched (BEY-6).

The answers are events, and what counts is asked of the log: no page, session or cache says that a read was compared.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, connection

from accounts.models import User
from audit.events import Kind
from audit.record import record_durably
from lpr import recall, search

FIELDS = ("same_plate", "same_state", "same_vehicle")


class NotCompared(Exception):
    """Some of the reads were not compared with their photographs, or not found alike; `reads` are their ids."""

    def __init__(self, reads: Collection[UUID]) -> None:
        super().__init__(f"{len(reads)} not compared")
        self.reads = reads


@dataclass(frozen=True)
class Answers:
    """Whether a read's plate, state and vehicle are what both photographs show."""

    same_plate: bool
    same_state: bool
    same_vehicle: bool


def record_answers(*, read: UUID, answers: Answers, query: UUID | None = None, hit: UUID | None = None) -> None:
    """Put on record what the user saw; an answer that is not yes throughout opens nothing.

    Args:
        read: the record id.
        answers: the three ticks.
        query: the attempt that found the read, or
        hit: the hit that it made.
    """
    record_durably(Kind.READ_COMPARED, query=query, hit=hit, read=read, same_plate=answers.same_plate,
                   same_state=answers.same_state, same_vehicle=answers.same_vehicle)


def require(*, query: UUID, user: User, reads: Sequence[UUID], ticked: dict[UUID, Answers]) -> None:
    """Record the ticks that came with the selection, then insist that each selected read was compared by its asker.

    An audit role that replays a query judges the query, not the vehicle, and compares nothing.

    Args:
        query: the attempt.
        user: who is about to print or export.
        reads: the selected reads.
        ticked: the answers that came with the selection.

    Raises:
        NotCompared: some are missing; on record is what was ticked.
        lpr.recall.QueryNotFound: this user may not open the query.
        lpr.search.QueryFailed: the log did not answer.
    """
    if not ticked and not settings.LOOK_BEFORE_USE:
        return
    opened = recall.opened(query=query, user=user, purpose="compare")
    for read in reads:
        if read in ticked:
            record_answers(read=read, answers=ticked[read], query=query)
    if not settings.LOOK_BEFORE_USE or opened.is_replay:
        return
    compared = _compared(opened.event)
    if missing := [read for read in reads if read not in compared]:
        raise NotCompared(missing)


def is_done(*, read: UUID, look: UUID) -> bool:
    """Whether the actor of the look compared the read and found it alike, or need not.

    Args:
        read: the record id.
        look: the committed event by which the read's query or hit was just opened.
    """
    return not settings.LOOK_BEFORE_USE or read in _compared(look)


def ticks(sent: dict[str, Iterable[str]]) -> dict[UUID, Answers]:
    """The ticks of a form that holds several reads: each field lists the ids of the reads for which it is ticked."""
    by_field = [{str(text) for text in sent.get(field, ())} for field in FIELDS]
    found = {}
    for text in set().union(*by_field):
        try:
            found[UUID(text)] = Answers(*(text in ids for ids in by_field))
        except ValueError:
            continue
    return found


def _compared(event: UUID) -> set[UUID]:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT store.reads_compared(%s::uuid)", [event])
            return {row[0] for row in cursor.fetchall()}
    except DatabaseError as error:
        raise search.QueryFailed from error
