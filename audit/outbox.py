"""Mails that rows owe: the row is the truth, its mail follows, and no worker that dies or server that is down loses one. No
address that refuses and no row that cannot be sent keeps a mail from the others."""

import logging
import smtplib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.mail import EmailMessage, get_connection
from django.db import transaction
from django.db.models import Model, QuerySet

logger = logging.getLogger(__name__)
BATCH = 500
Attachment = tuple[str, bytes, str]
# What is about this one address or mail; any other error is one of the mail server, and of every mail.
REFUSALS = (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError, ValueError)


class NotTaken(OSError):
    """Nobody took a mail, or the mail server went away before everybody was asked."""


@dataclass
class Handed:
    """What became of a mail to each address: who took it, who refused it and why, who was not asked since the server is away."""

    taken: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)


def send_each(waiting: QuerySet, send: Callable[[Any, datetime], bool | None], *, now: datetime) -> int:
    """Hand each waiting row to `send`, which mails and marks it, in a transaction of its own; what fails waits.

    Args:
        waiting: rows that owe a mail, each locked while it is handed over.
        send: mails what the row owes and marks the row, so that it is no longer among `waiting`; answers False where a part of
            it is still owed.
        now: the time noted on what was sent.

    Returns:
        how many rows were handed over.
    """
    sent = 0
    for pk in list(waiting.values_list("pk", flat=True)[:BATCH]):
        try:
            with transaction.atomic():
                row: Model | None = waiting.select_for_update(skip_locked=True, of=("self",)).filter(pk=pk).first()
                if row is not None:
                    sent += send(row, now) is not False
        except Exception as error:  # whatever is wrong with one row, the next may be an alarm
            # The words of an error may tell of what was mailed; the operator's log holds its type and place alone.
            logger.error("what a row of %s owes was not done: %s", waiting.model.__name__, type(error).__name__, exc_info=True)
    return sent


def hand_over(subject: str, body: str, *, to: list[str], attachments: list[Attachment] | None = None) -> Handed:
    """One mail to each address, so that nobody sees the others and who refuses keeps it from nobody.

    Args:
        attachments: each as name, content and type.
    """
    handed = Handed()
    if not to:
        return handed
    try:
        with get_connection() as server:
            for address in to:
                try:
                    server.send_messages([EmailMessage(f"PlateLedger: {subject}", body, to=[address], attachments=attachments,
                                                       headers={"Auto-Submitted": "auto-generated"})])
                    handed.taken.append(address)
                except REFUSALS as error:
                    handed.refused[address] = _in_a_word(error)
    except OSError as error:
        # What smtplib raises is an OSError too.
        logger.error("the mail server is away: %s", type(error).__name__)
    handed.left = [address for address in to if address not in {*handed.taken, *handed.refused}]
    return handed


def mail(subject: str, body: str, *, to: list[str], attachments: list[Attachment] | None = None) -> None:
    """One mail to each address, of a row that is sent as a whole. Arguments as for `hand_over`.

    Raises:
        NotTaken: nobody took it, or the mail server is away; the row waits.
    """
    handed = hand_over(subject, body, to=to, attachments=attachments)
    if handed.refused:
        logger.error("%s of %s addresses refused a mail", len(handed.refused), len(to))
    if handed.left or (to and not handed.taken):
        raise NotTaken(f"{len(to) - len(handed.taken)} of {len(to)} did not take it")


def _in_a_word(error: Exception) -> str:
    """The error and the server's code; its text may repeat what was mailed."""
    code = getattr(error, "smtp_code", "")
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code = next((code for code, _ in error.recipients.values()), "")
    return f"{type(error).__name__} {code}".strip()
