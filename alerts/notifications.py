"""The outbox: every intent leaves as one mail, whatever fails or repeats (ALR-5).

The row is the truth. A sender claims it for a while, sends with a Message-ID made from the row's id, and marks it. A sender
that dies in between leaves a claim that runs out; what is then sent again carries the same Message-ID, so that a mailbox
shows it once. A dead mail server costs time, never a mail.
"""

import contextlib
import random
import smtplib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.mail import BadHeaderError, EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import F

from alerts import mails
from alerts.models import Entry, Hit, Notification, NotificationStatus, Recipient
from audit.context import Actor
from audit.events import Kind
from audit.record import record

BATCH = 50
LEASE = timedelta(minutes=2)
# A batch stops so long before its claims run out that one more slow mail cannot outlast them.
LEASE_RESERVE = timedelta(seconds=45)
FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(minutes=10)
# A mail server may be away for a day and more; one that refuses a mail for good is asked a few times.
ATTEMPTS = 200
ATTEMPTS_WHEN_REFUSED = 5
REFUSED_FOR_GOOD = 500


@dataclass(frozen=True)
class _Letter:
    """An intent with all that its mail says. `entry` and `hit` are None when both were removed meanwhile."""

    notification: Notification
    hit: Hit | None
    entry: Entry | None
    is_recipient: bool


def send_batch(*, now: datetime) -> int:
    """Send what is due, over one connection, and return how many intents were claimed: 0 says that nothing is due.

    Args:
        now: the time by which an intent is due.
    """
    claimed = _claim(now)
    if not claimed:
        return 0
    give_up_at = time.monotonic() + (LEASE - LEASE_RESERVE).total_seconds()
    outgoing = get_connection()
    letters = _letters(claimed)
    with contextlib.closing(_Line(outgoing)) as line:
        for position, letter in enumerate(letters):
            if time.monotonic() > give_up_at or line.is_dead:
                _hand_back(letters[position:], line.error, now)
                break
            _deliver(letter, line, now)
    return len(claimed)


class _Line:
    """The connection of a batch: opened when first needed and after an error; dead once it cannot be opened."""

    def __init__(self, outgoing: BaseEmailBackend) -> None:
        self.outgoing = outgoing
        self.is_open = False
        self.is_dead = False
        self.error: Exception | None = None

    def send(self, message: EmailMessage) -> None:
        if not self.is_open:
            try:
                self.outgoing.open()
            except (smtplib.SMTPException, OSError) as error:
                self.is_dead, self.error = True, error
                raise
            self.is_open = True
        try:
            self.outgoing.send_messages([message])
        except Exception:
            self.close()
            raise

    def close(self) -> None:
        self.is_open = False
        with contextlib.suppress(smtplib.SMTPException, OSError):
            self.outgoing.close()


def _claim(now: datetime) -> list[UUID]:
    """Take what is due away from every other sender until the lease ends; an attempt counts from here on."""
    with transaction.atomic():
        due = Notification.objects.filter(status=NotificationStatus.WAITING, next_attempt_at__lte=now)
        claimed = list(due.select_for_update(skip_locked=True).order_by("next_attempt_at").values_list("pk", flat=True)[:BATCH])
        Notification.objects.filter(pk__in=claimed).update(next_attempt_at=now + LEASE, attempts=F("attempts") + 1)
    return claimed


def _letters(claimed: Sequence[UUID]) -> list[_Letter]:
    notifications = list(Notification.objects.filter(pk__in=claimed).select_related("recipient__aor").order_by("created_at"))
    entries = Entry.objects.select_related("alert_list", "owner").in_bulk({item.entry_id for item in notifications})
    hits = {(hit.entry_id, hit.record_id): hit for hit in Hit.objects.filter(
        plate__in={item.plate for item in notifications}, entry_id__in=entries.keys(),
        record_id__in={item.record_id for item in notifications})}
    told = set(Recipient.objects.filter(entry_id__in=entries.keys()).values_list("entry_id", "user_id"))
    return [_Letter(item, hits.get((item.entry_id, item.record_id)), entries.get(item.entry_id),
                    (item.entry_id, item.recipient_id) in told) for item in notifications]


def _deliver(letter: _Letter, line: _Line, now: datetime) -> None:
    if letter.hit is None or letter.entry is None:
        # The entry was removed after the intent was claimed: there is nothing left to tell.
        Notification.objects.filter(pk=letter.notification.pk).delete()
        return
    if not letter.is_recipient:
        _give_up(letter, "NoLongerRecipient")
        return
    try:
        line.send(mails.of_hit(notification=letter.notification, hit=letter.hit, entry=letter.entry))
    except (smtplib.SMTPException, OSError, BadHeaderError) as error:
        _failed(letter, error, now)
        return
    _sent(letter, now)


def _sent(letter: _Letter, now: datetime) -> None:
    with transaction.atomic():
        Notification.objects.filter(pk=letter.notification.pk).update(
            status=NotificationStatus.SENT, sent_at=now, last_error="")
        _record(Kind.NOTIFICATION_SENT, letter)


def _failed(letter: _Letter, error: Exception, now: datetime) -> None:
    """Try again later, each time a longer while later; give up after so many attempts."""
    attempts = letter.notification.attempts
    code = _smtp_code(error)
    final = isinstance(error, BadHeaderError) or attempts >= (
        ATTEMPTS_WHEN_REFUSED if code >= REFUSED_FOR_GOOD else ATTEMPTS)
    said = f"{type(error).__name__} {code or ''}".strip()
    if final:
        _give_up(letter, said)
        return
    Notification.objects.filter(pk=letter.notification.pk).update(
        next_attempt_at=now + _pause(attempts), last_error=said)


def _give_up(letter: _Letter, why: str) -> None:
    with transaction.atomic():
        Notification.objects.filter(pk=letter.notification.pk).update(status=NotificationStatus.FAILED, last_error=why)
        _record(Kind.NOTIFICATION_FAILED, letter, why=why)


def _hand_back(letters: Sequence[_Letter], error: Exception | None, now: datetime) -> None:
    """The rest of a batch: due again at once, or after a pause where the mail server does not answer."""
    for letter in letters:
        if error is not None:
            _failed(letter, error, now)
        else:
            Notification.objects.filter(pk=letter.notification.pk).update(next_attempt_at=now, attempts=F("attempts") - 1)


def _pause(attempts: int) -> timedelta:
    """Twice as long after each failure, up to the longest; the jitter keeps the waiting from coming back all at once."""
    doubled = min(FIRST_PAUSE * 2 ** min(attempts - 1, 16), LONGEST_PAUSE)
    return doubled * random.uniform(0.5, 1)  # noqa: S311 - spreads load, guards nothing


def _smtp_code(error: Exception) -> int:
    """The server's code and nothing else of its answer, which may repeat addresses and text."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return max((code for code, _ in error.recipients.values()), default=0)
    return error.smtp_code if isinstance(error, smtplib.SMTPResponseException) else 0


def _record(kind: Kind, letter: _Letter, **details: Any) -> None:
    item = letter.notification
    entry = letter.entry
    record(kind, actor=Actor(id=None, name="system", aor=item.recipient.aor_code), plate=item.plate,
           state=entry.state if entry else "", reason=entry.reason if entry else "", notification=item.pk,
           entry=item.entry_id, record=item.record_id, recipient=item.recipient.get_username(), attempts=item.attempts,
           **details)

