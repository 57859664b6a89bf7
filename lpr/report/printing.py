"""Who prints which reads of which query: on record before anything is read (RES-3, RES-7).

An id opens nothing by itself: the database gives out those of the selected reads that the logged query found, takes the
selection from the committed event of the printing, and nothing from us but that event's id (decision 5).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from accounts.models import User
from audit.events import Kind
from lpr import recall, search
from lpr.recall import Asked
from lpr.search import Read

MOST_BY_ADDRESS = 50
MOST_BY_FORM = 200

Purpose = Literal["print", "pdf"]


class SelectionNotValid(ValueError):
    """The selection cannot be printed; the message is a sentence for the one who made it."""


class NothingToPrint(Exception):
    """None of the selected reads is among those of the query: another query's, or corrected, withdrawn or past retention."""


@dataclass(frozen=True)
class Printed:
    """What goes into one report: `id` and `at` are of its own event, `missing` counts selected reads that are not in it."""

    id: UUID
    at: datetime
    asked: Asked
    printer: User
    reads: list[Read]
    missing: int


def selection(ids: Sequence[str], *, by_address: bool) -> list[UUID]:
    """The selected reads, each once, in the order of the selection.

    Args:
        ids: as they came.
        by_address: whether they stood in the address, which holds fewer than a form.

    Raises:
        SelectionNotValid: none, too many, or no ids of reads.
    """
    most = MOST_BY_ADDRESS if by_address else MOST_BY_FORM
    if not ids:
        raise SelectionNotValid("Tick at least one read in the result, then print.")
    if len(ids) > most and by_address:
        raise SelectionNotValid(f"An address holds at most {MOST_BY_ADDRESS} reads. Tick reads in the result and print from "
                                f"there: that takes up to {MOST_BY_FORM}.")
    if len(ids) > most:
        raise SelectionNotValid(f"A report holds at most {MOST_BY_FORM} reads. Tick fewer, and print more than once.")
    try:
        return list(dict.fromkeys(UUID(id) for id in ids))
    except ValueError as error:
        raise SelectionNotValid("The selection holds something that is no read. Tick again in the result.") from error


def print_reads(*, query: UUID, user: User, reads: Sequence[UUID], purpose: Purpose) -> Printed:
    """Record that `user` prints reads of a logged query, then take them from the store (RES-3, RES-7).

    Args:
        query: the id of the attempt.
        user: who prints: the asker, or an audit role of their area.
        reads: the record ids that the user selected.
        purpose: `print` for the print view, `pdf` for the download.

    Raises:
        lpr.recall.QueryNotFound: there is no such query, or this user may not open it.
        NothingToPrint: the query did not find any of these reads, or shows them no more; the attempt is on record.
        lpr.search.QueryFailed: the store did not answer.
        audit.record.AuditUnavailable: the printing cannot be recorded; nothing is read.
    """
    opened = recall.opened(query=query, user=user, purpose=purpose, kind=Kind.REPORT_PRINTED, reads=list(reads))
    # A query whose answer failed showed nothing, so there is nothing of it to print.
    found = search.selected(event=opened.event) if opened.asked.count is not None else []
    if not found:
        raise NothingToPrint
    return Printed(opened.event, opened.at, opened.asked, user, found, len(reads) - len(found))
