"""Mails that come back after a server took them: what it said is kept with the letter, which counts as given up (ALR-5).

A mail server hands each over to `manage.py read_bounces`, or puts them into a folder (Maildir) that the worker empties. A mail
that names no letter of ours, or one that did not leave or is given up already, changes nothing and is counted on record.
"""

import mailbox
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from django.db import transaction

from alerts import delivery_reports, letters, notifications
from audit.events import Kind
from audit.record import record_durably

# Of a longer mail the beginning is read, in which the report stands.
MOST_BYTES = 1_000_000
READ_AT_ONCE = 500


class Outcome(StrEnum):
    """What a returned mail came to."""

    GIVEN_UP = "given_up"
    STILL_UNDER_WAY = "still_under_way"
    NOT_OURS = "not_ours"
    NO_REPORT = "no_report"


def take(mails: Iterable[bytes], *, now: datetime) -> Mapping[Outcome, int]:
    """Read returned mails, each in a transaction of its own; record and return how many came to what.

    Args:
        mails: each as it came, with its headers.
        now: the moment of reading, for the record of each letter.
    """
    counts = Counter(_take_one(data) for data in mails)
    if counts:
        told: dict[str, Any] = {outcome.value: count for outcome, count in counts.items()}
        record_durably(Kind.RETURNED_MAIL_READ, read_at=now, **told)
    return counts


def empty(folder: Path, *, now: datetime) -> int:
    """Read what lies in a Maildir and erase it there, a batch at most; return how many mails. Again and at once is harmless.

    Args:
        folder: the Maildir; where there is none yet, nothing has come.
        now: the moment of reading.
    """
    if not (folder / "new").is_dir():
        return 0
    box = mailbox.Maildir(folder, create=False)
    taken = {}
    for key in sorted(box.iterkeys())[:READ_AT_ONCE]:
        try:
            with box.get_file(key) as file:
                taken[key] = file.read(MOST_BYTES)
        except (KeyError, FileNotFoundError):
            # Another worker has read it.
            continue
    take(taken.values(), now=now)
    # Not before it is kept. What comes back may repeat the mail, and so a plate: nothing of it stays.
    for key in taken:
        box.discard(key)
    return len(taken)


def _take_one(data: bytes) -> Outcome:
    try:
        report = delivery_reports.read(data[:MOST_BYTES])
    except Exception:  # noqa: BLE001 - anybody can write such a mail, and none may keep the others from being read
        report = None
    if report is None:
        return Outcome.NO_REPORT
    if report.letter is None:
        return Outcome.NOT_OURS
    if not report.has_failed:
        return Outcome.STILL_UNDER_WAY
    with transaction.atomic(durable=True):
        letter = letters.that_left(report.letter)
        if letter is None:
            return Outcome.NOT_OURS
        notifications.give_up(letter, f"Returned {report.status}".strip(), said=report.said)
    return Outcome.GIVEN_UP
