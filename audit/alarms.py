"""Alarms about the record itself: it cannot be written, it is sealed late, it or its database was altered, a delivery of it is
overdue, rows lie outside of their months (AUD-1, AUD-2, AUD-13, BEY-2).

An alarm is an event, a mail to operator and agency, and whatever rooms above hang on it (an incident opens). One alarm mails
once an hour, for as long as its cause lasts.
"""

import logging
import smtplib
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError

from audit import mailings, outbox, seals, signing, verification
from audit.events import Kind
from audit.record import AuditUnavailable, record_durably

logger = logging.getLogger(__name__)
TAMPERED = "the audit log or its database was altered"
SEALED_LATE = "the audit log is sealed late"
UNWRITTEN = "the audit log cannot be written"
DELIVERY_OVERDUE = "a delivery of the audit log is overdue"
STRAY_ROWS = "rows lie outside of the months that are kept for them"
# Called as (about, text, now) with each new alarm.
listeners: list[Callable[[str, str, datetime], None]] = []


def raise_alarm(about: str, text: str, *, now: datetime) -> None:
    """Raise an alarm, unless the same one was raised in the same hour.

    Args:
        about: one of this module's constants.
        text: what was found, in words; no plate, no name.
    """
    logger.critical("%s", about)
    if mailings.owe_alarm(about, text, now=now):
        record_durably(Kind.ALARM_RAISED, about=about)
        for listener in listeners:
            listener(about, text, now)
        mailings.send_waiting(now=now)


def watch(*, now: datetime) -> None:
    """Look for seals that are late, and for what the log did not take."""
    _watch_spool(now)
    waiting_since = seals.state().waiting_since
    if waiting_since and waiting_since < now - timedelta(seconds=settings.AUDIT_SEAL_ALARM_SECONDS):
        raise_alarm(SEALED_LATE, f"Events wait for their seal since {waiting_since:%Y-%m-%d %H:%M} UTC. Is the sealer's worker "
                    "running, and can it read the signing key?", now=now)


def verify(*, now: datetime) -> None:
    """Check the whole log against its seals, and raise the alarm at the first event that is not what was sealed."""
    try:
        verification.verify()
    except verification.Mismatch as mismatch:
        raise_alarm(TAMPERED, str(mismatch), now=now)
    except signing.SigningKeyMissing as missing:
        raise_alarm(SEALED_LATE, str(missing), now=now)


def _watch_spool(now: datetime) -> None:
    """Tell of events that the log did not take. The database may be away: neither a row nor an event is needed for it."""
    spool, told = Path(settings.AUDIT_SPOOL), Path(f"{settings.AUDIT_SPOOL}.told")
    size = spool.stat().st_size if spool.exists() else 0
    if size == (int(told.read_text()) if told.exists() else 0):
        return
    lines = spool.read_text(encoding="utf-8").splitlines() if size else []
    text = (f"The log did not take {len(lines)} events in all; nothing was shown or done for them. The last:\n\n"
            + "\n".join(lines[-20:]))
    logger.critical("%s", UNWRITTEN)
    try:
        outbox.mail(f"ALARM: {UNWRITTEN}", text, to=_addresses())
    except (OSError, smtplib.SMTPException) as error:
        logger.error("an alarm was not taken by the mail server: %s", type(error).__name__)
        return
    told.write_text(str(size))
    try:
        record_durably(Kind.ALARM_RAISED, about=UNWRITTEN)
    except AuditUnavailable:
        # The event of the alarm is the next one that is not taken: it is not told of again.
        told.write_text(str(spool.stat().st_size))


def _addresses() -> list[str]:
    try:
        return mailings.alarm_addresses()
    except DatabaseError:
        return list(settings.AUDIT_ALARM_RECIPIENTS)
