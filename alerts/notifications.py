"""The outbox: every intent leaves as one mail, whatever fails or repeats (ALR-5).

The row is the truth. A sender claims it for a while, sends with a Message-ID made from the row's id, and marks it. A sender
that dies in between leaves a claim that runs out; what is then sent again carries the same Message-ID, so that a mailbox
shows it once. A dead mail server costs time, never a mail.
"""

import contextlib
import logging
import random
import smtplib
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import F

from alerts import bounces, digests
from alerts.letters import Letter, letters_of
from alerts.models import Notification, NotificationKind, NotificationStatus
from alerts.models.notification import NO_LONGER_RECIPIENT
from audit.context import Actor
from audit.events import Kind
from audit.record import record_many

logger = logging.getLogger(__name__)

BATCH = 50
# Mails that tell of many intents at once, in one batch.
LETTERS = 5
LEASE = timedelta(minutes=2)
# A batch stops so long before its claims run out that one more slow mail cannot outlast them.
LEASE_RESERVE = timedelta(seconds=45)
FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(minutes=10)
# A mail server may be away for days: a mail is given up by its age, whatever number of attempts that took. It was tried so often
# at least, as after days in which nothing was sent, or when operations send it again. One that is refused for good is asked a
# few times.
GIVE_UP_AFTER = timedelta(days=3)
ATTEMPTS_AT_LEAST = 20
ATTEMPTS_WHEN_REFUSED = 5
REFUSED_FOR_GOOD = 500
_OF_READS = {NotificationKind.HIT, NotificationKind.SHARED}


def send_batch(*, now: datetime) -> int:
    """Send what is due, over one connection, and return how many intents were taken up: 0 says that nothing is due.

    Args:
        now: the time by which an intent is due.
    """
    claimed, put_aside = _take(now)
    if not claimed:
        return put_aside
    give_up_at = time.monotonic() + (LEASE - LEASE_RESERVE).total_seconds()
    outgoing = get_connection()
    letters = letters_of(claimed, now)
    with contextlib.closing(_Line(outgoing)) as line:
        for position, letter in enumerate(letters):
            if time.monotonic() > give_up_at or line.is_dead:
                _hand_back(letters[position:], line.error, now)
                break
            _deliver(letter, line, now)
    return len(claimed) + put_aside


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
    return _take(now)[0]


def _take(now: datetime) -> tuple[list[UUID], int]:
    """What was claimed, and how many intents were put aside to leave later, together with others."""
    with transaction.atomic():
        due = Notification.objects.filter(status=NotificationStatus.WAITING, next_attempt_at__lte=now)
        alone = due.filter(letter__isnull=True).select_for_update(skip_locked=True).order_by("next_attempt_at")
        claimed = list(alone.values_list("pk", flat=True)[:BATCH])
        gathered = digests.gather(claimed=claimed, now=now)
        claimed = [pk for pk in claimed if pk not in gathered.later | gathered.busy]
        for letter in due.filter(letter__isnull=False).order_by().values_list("letter", flat=True).distinct()[:LETTERS]:
            if digests.is_mine(letter):
                claimed += due.filter(letter=letter).select_for_update(skip_locked=True).values_list("pk", flat=True)
        Notification.objects.filter(pk__in=claimed).update(next_attempt_at=now + LEASE, attempts=F("attempts") + 1)
    return claimed, len(gathered.later)


def _deliver(letter: Letter, line: _Line, now: datetime) -> None:
    if letter.compose is None:
        # What it tells of was removed after the intent was claimed.
        letter.rows.delete()
        return
    if not letter.is_recipient:
        give_up(letter, NO_LONGER_RECIPIENT)
        return
    try:
        line.send(letter.compose())
    except Exception as error:  # noqa: BLE001 - whatever is wrong with one mail holds no other back
        if not isinstance(error, smtplib.SMTPException | OSError | ValueError):
            logger.error("a mail could not be made: %s", type(error).__name__)
        _failed(letter, error, now)
        return
    _sent(letter, now)


def _sent(letter: Letter, now: datetime) -> None:
    with transaction.atomic():
        letter.rows.update(status=NotificationStatus.SENT, sent_at=now, last_error="", bounce="")
        _record(Kind.NOTIFICATION_SENT, letter)


def _failed(letter: Letter, error: Exception, now: datetime) -> None:
    """Try again later, each time a longer while later; give up what is too old, or was refused too often."""
    code, answer = bounces.code_of(error), bounces.answer(error)
    said = f"{type(error).__name__} {code or ''}".strip()
    # A value error says that no such mail can be made: an address that is none, a name with a line break.
    is_over = (letter.attempts >= ATTEMPTS_WHEN_REFUSED if _is_for_good(error, code)
               else letter.attempts >= ATTEMPTS_AT_LEAST and now - letter.made_at >= GIVE_UP_AFTER)
    if isinstance(error, ValueError) or is_over:
        give_up(letter, said, said=answer)
        return
    letter.rows.update(next_attempt_at=now + _pause(letter.attempts), last_error=said,
                       bounce=bounces.struck(answer, secrets=letter.secrets))


def _is_for_good(error: Exception, code: int) -> bool:
    """Whether the server refuses this mail, and not us: a password that it does not know any more is a server that is away."""
    return isinstance(error, smtplib.SMTPRecipientsRefused | smtplib.SMTPDataError) and code >= REFUSED_FOR_GOOD


def give_up(letter: Letter, why: str, *, said: str = "") -> None:
    """Count a letter as one that did not arrive: operations and its reader see it (alerts.dead_letters, alerts.inbox).

    Args:
        letter: one that is tried no more, or that came back.
        why: in a word or two of our own.
        said: the mail server's words; what the mail told of is struck out of them.
    """
    with transaction.atomic():
        letter.rows.update(status=NotificationStatus.FAILED, last_error=why, bounce=bounces.struck(said, secrets=letter.secrets))
        _record(Kind.NOTIFICATION_FAILED, letter, why=why)


def _hand_back(letters: Sequence[Letter], error: Exception | None, now: datetime) -> None:
    """The rest of a batch: due again at once, or after a pause where the mail server does not answer."""
    for letter in letters:
        if error is not None:
            _failed(letter, error, now)
        else:
            letter.rows.update(next_attempt_at=now, attempts=F("attempts") - 1)


def _pause(attempts: int) -> timedelta:
    """Twice as long after each failure, up to the longest; the jitter keeps the waiting from coming back all at once."""
    doubled = min(FIRST_PAUSE * 2 ** min(attempts - 1, 16), LONGEST_PAUSE)
    return doubled * random.uniform(0.5, 1)  # noqa: S311 - spreads load, guards nothing


def _record(kind: Kind, letter: Letter, **details: Any) -> None:
    """One event for each intent, so that an auditor finds it by its plate."""
    events = []
    for item in letter.intents:
        entry = letter.entries.get(item.entry_id)
        # What the intent tells of: a read, or for de-confliction another user's entry.
        about: dict[str, Any] = {"record": item.record_id} if item.kind in _OF_READS else {"of": item.kind}
        if item.kind in _OF_READS and item.letter:
            about["letter"] = item.letter
        events.append({
            "actor": Actor(id=None, name="system", aor=item.recipient.aor_code), "plate": item.plate,
            "state": entry.state if entry else "", "reason": entry.reason if entry else "", "notification": item.pk,
            "entry": item.entry_id, "recipient": item.recipient.get_username(), "attempts": item.attempts, **about, **details})
    record_many(kind, events)
