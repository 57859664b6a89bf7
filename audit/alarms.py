"""Alarms about the record itself: it cannot be written, it is sealed late, it or its database was altered, nobody has verified
it, a delivery of it is overdue, rows lie outside of their months (AUD-1, AUD-2, AUD-13, BEY-2).

An alarm is an event, a mail to operator and agency, and whatever rooms above hang on it (an incident opens). One alarm mails
once an hour, for as long as its cause lasts. Its row is the truth: what a crash left undone, the watch does.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import Error, transaction

from audit import jobs, mailings, outbox, seals, signing, verification
from audit.events import Kind
from audit.models import LastVerified, Mailing
from audit.record import AuditUnavailable, record, record_durably

logger = logging.getLogger(__name__)
TAMPERED = "the audit log or its database was altered"
SEALED_LATE = "the audit log is sealed late"
UNWRITTEN = "the audit log cannot be written"
UNVERIFIED = "the audit log was not verified"
DELIVERY_OVERDUE = "a delivery of the audit log is overdue"
STRAY_ROWS = "rows lie outside of the months that are kept for them"
HOUR = timedelta(hours=1)
# A verification that was missed has so long to be made up for: a large log takes its time.
MADE_UP_WITHIN = timedelta(hours=3)
# Called as (about, text, now) with each alarm, and again where one failed or a worker died: each does its part once.
listeners: list[Callable[[str, str, datetime], None]] = []


def raise_alarm(about: str, text: str, *, now: datetime) -> None:
    """Raise an alarm, unless the same one was raised in the same hour.

    Args:
        about: one of this module's constants.
        text: what was found, in words; no plate, no name.
    """
    logger.critical("%s", about)
    try:
        with transaction.atomic(durable=True):
            if mailings.owe_alarm(about, text, now=now):
                record(Kind.ALARM_RAISED, about=about)
    except AuditUnavailable:
        # The spool has a line of the event; people hear of it all the same.
        mailings.owe_alarm(about, text, now=now)
    mailings.send_waiting(now=now)
    _tell_rooms(now)


def watch(*, now: datetime) -> None:
    """Look for a database that is away, for what the log did not take, for seals and a verification that are late, and for alarms
    of which the rooms above have not heard."""
    away = ""
    try:
        waiting_since = seals.state().waiting_since
        verified = _last_verified(now)
    except Error as error:
        away = type(error).__name__
    _watch_spool(now, away)
    if away:
        return
    if waiting_since and waiting_since < now - timedelta(seconds=settings.AUDIT_SEAL_ALARM_SECONDS):
        raise_alarm(SEALED_LATE, f"Events wait for their seal since {waiting_since:%Y-%m-%d %H:%M} UTC. Is the sealer's worker "
                    "running, and can it read the signing key?", now=now)
    if verified.at < now - timedelta(hours=settings.AUDIT_VERIFY_ALARM_HOURS):
        _make_up_for(verified, now)
    _tell_rooms(now)


def verify(*, now: datetime) -> None:
    """Check the whole log against its seals, and raise the alarm at the first event that is not what was sealed, or where the
    check cannot be made."""
    try:
        verification.verify()
    except verification.Mismatch as mismatch:
        raise_alarm(TAMPERED, str(mismatch), now=now)
    except signing.SigningKeyMissing as missing:
        raise_alarm(SEALED_LATE, str(missing), now=now)
    except Exception as error:
        logger.exception("the audit log could not be verified")
        raise_alarm(UNVERIFIED, f"The verification could not be made: {type(error).__name__}. Has the worker the auditor's login "
                    "(DATABASE_AUDITOR_URL), and can it read the files beside the signing key? Its own log says more.", now=now)
    else:
        LastVerified.objects.update_or_create(pk=1, defaults={"at": now, "missed_since": None})


def _make_up_for(verified: LastVerified, now: datetime) -> None:
    """A service that stood still has missed its night: it verifies first, and nobody is alarmed if it can."""
    if verified.missed_since is None:
        verified.missed_since = now
        verified.save(update_fields=["missed_since"])
        jobs.wake("audit.tasks.verify_log")
    elif verified.missed_since <= now - MADE_UP_WITHIN:
        raise_alarm(UNVERIFIED, f"The whole log was last found to be what was sealed, or the wait for it began, at "
                    f"{verified.at:%Y-%m-%d %H:%M} UTC. Is the worker running that verifies it each night, and has it the "
                    "auditor's login?", now=now)


def _last_verified(now: datetime) -> LastVerified:
    """Before the first time, the wait for it begins when somebody first looks."""
    return LastVerified.objects.get_or_create(pk=1, defaults={"at": now})[0]


def _tell_rooms(now: datetime) -> None:
    """Each alarm once to each room; where one fails, the alarm waits for the next round."""
    unheard = Mailing.objects.filter(kind=Mailing.Kind.ALARM, heard_at__isnull=True).order_by("made_at")
    outbox.send_each(unheard, _tell_each, now=now)


def _tell_each(alarm: Mailing, now: datetime) -> None:
    for listener in listeners:
        listener(mailings.alarm_of(alarm), alarm.text, alarm.made_at)
    alarm.heard_at = now
    alarm.save(update_fields=["heard_at"])


def _watch_spool(now: datetime, away: str) -> None:
    """Tell of events that the log did not take, and of a database that is `away`, once an hour: neither a row nor an event is
    needed for it. What was told, and when, stands beside the spool."""
    spool, told = Path(settings.AUDIT_SPOOL), Path(f"{settings.AUDIT_SPOOL}.told")
    size = spool.stat().st_size if spool.exists() else 0
    known, told_at = _told(told)
    if (size == known and not away) or (told_at and now - told_at < HOUR):
        return
    lines = spool.read_text(encoding="utf-8").splitlines() if size else []
    text = f"The database does not answer: {away}.\n\n" if away else ""
    if lines:
        text += (f"The log did not take {len(lines)} events in all; nothing was shown or done for them. The last:\n\n"
                 + "\n".join(lines[-20:]))
    logger.critical("%s", UNWRITTEN)
    handed = outbox.hand_over(f"ALARM: {UNWRITTEN}", text, to=_addresses())
    if not handed.taken:
        logger.error("nobody took an alarm: is AUDIT_ALARM_RECIPIENTS set, and the mail server there?")
        return
    if not away:
        try:
            record_durably(Kind.ALARM_RAISED, about=UNWRITTEN)
        except AuditUnavailable:
            # The event of the alarm is one more that is not taken: it is not told of again.
            size = spool.stat().st_size
    told.parent.mkdir(parents=True, exist_ok=True)
    told.write_text(f"{size} {now.isoformat()}")


def _told(told: Path) -> tuple[int, datetime | None]:
    """The size of the spool that was told of last, and when."""
    try:
        size, at = told.read_text().split()
        return int(size), datetime.fromisoformat(at)
    except (OSError, ValueError):
        # Nothing was told, or a worker died while it wrote: better twice than never.
        return 0, None


def _addresses() -> list[str]:
    try:
        return mailings.alarm_addresses()
    except Error:
        return list(settings.AUDIT_ALARM_RECIPIENTS)
