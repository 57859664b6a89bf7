"""Mails that rows owe: the row is the truth, its mail follows, and no worker that dies or server that is down loses one."""

import logging
import smtplib
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.core.mail import EmailMessage, get_connection
from django.db import transaction
from django.db.models import Model, QuerySet

logger = logging.getLogger(__name__)
BATCH = 500
Attachment = tuple[str, bytes, str]


def send_each(waiting: QuerySet, send: Callable[[Any, datetime], None], *, now: datetime) -> int:
    """Hand each waiting row to `send`, which mails and marks it, in a transaction of its own; what fails waits.

    Args:
        waiting: rows that owe a mail, each locked while it is handed over.
        send: mails what the row owes and marks the row, so that it is no longer among `waiting`.
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
                    send(row, now)
                    sent += 1
        except (OSError, smtplib.SMTPException) as error:
            logger.error("a mail of %s was not taken: %s", waiting.model.__name__, type(error).__name__)
    return sent


def mail(subject: str, body: str, *, to: list[str], attachments: list[Attachment] | None = None) -> None:
    """One mail to each address, so that nobody sees the others.

    Args:
        attachments: each as name, content and type.
    """
    get_connection().send_messages([
        EmailMessage(f"PlateLedger: {subject}", body, to=[address], attachments=attachments,
                     headers={"Auto-Submitted": "auto-generated"}) for address in to])
