"""The outbox: every intent leaves as one mail, whatever fails or repeats (ALR-5).

The row is the truth. A sender claims it for a while, sends with a Message-ID made from the row's id, and marks it. A sender
that dies in between leaves a claim that runs out; what is then sent again carries the same Message-ID, so that a mailbox
shows it once. A dead mail server costs time, never a mail.
"""

import contextlib
import random
import smtplib
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.core.mail import BadHeaderError, EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection, transaction
from django.db.models import F, QuerySet

from accounts.roles import Right, may
from alerts import expiry, mails
from alerts.models import AlertPolicy, Entry, Hit, Notification, NotificationKind, NotificationStatus, Recipient
from audit.context import Actor
from audit.events import Kind
from audit.record import record_many

BATCH = 50
# Mails that tell of many intents at once, in one batch.
LETTERS = 5
LEASE = timedelta(minutes=2)
# A batch stops so long before its claims run out that one more slow mail cannot outlast them.
LEASE_RESERVE = timedelta(seconds=45)
FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(minutes=10)
# A mail server may be away for a day and more; one that refuses a mail for good is asked a few times.
ATTEMPTS = 200
ATTEMPTS_WHEN_REFUSED = 5
REFUSED_FOR_GOOD = 500
_OF_READS = {NotificationKind.HIT, NotificationKind.SHARED}


@dataclass(frozen=True)
class _Letter:
    """Intents that go in one mail, with what it says. `compose` is None when nothing is left to tell."""

    intents: Sequence[Notification]
    entries: Mapping[UUID, Entry]
    compose: Callable[[], EmailMessage] | None
    is_recipient: bool

    @property
    def attempts(self) -> int:
        return self.intents[0].attempts

    @property
    def rows(self) -> QuerySet[Notification]:
        return Notification.objects.filter(pk__in=[intent.pk for intent in self.intents])


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
    letters = _letters(claimed, now)
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
        alone = due.filter(letter__isnull=True).select_for_update(skip_locked=True).order_by("next_attempt_at")
        claimed = list(alone.values_list("pk", flat=True)[:BATCH])
        for letter in due.filter(letter__isnull=False).order_by().values_list("letter", flat=True).distinct()[:LETTERS]:
            if _is_mine(letter):
                claimed += due.filter(letter=letter).select_for_update(skip_locked=True).values_list("pk", flat=True)
        Notification.objects.filter(pk__in=claimed).update(next_attempt_at=now + LEASE, attempts=F("attempts") + 1)
    return claimed


def _is_mine(letter: UUID | None) -> bool:
    """Two senders that lock the rows of one letter at once would each get a part of it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s::text, 0))", [str(letter)])
        return cursor.fetchone()[0]


def _letters(claimed: Sequence[UUID], now: datetime) -> list[_Letter]:
    intents = list(Notification.objects.filter(pk__in=claimed).select_related("recipient__aor").order_by("created_at", "pk"))
    entries = Entry.objects.select_related("alert_list", "owner").in_bulk({item.entry_id for item in intents})
    by_kind = {kind: [item for item in intents if item.kind == kind] for kind in NotificationKind.values}
    return [*_of_hits(by_kind[NotificationKind.HIT] + by_kind[NotificationKind.SHARED], entries),
            *_of_deconfliction(by_kind[NotificationKind.DECONFLICTION], entries),
            *_of_prompts(by_kind[NotificationKind.PROMPT], entries, now)]


def _of_hits(intents: Sequence[Notification], entries: Mapping[UUID, Entry]) -> Iterator[_Letter]:
    hits = {(hit.entry_id, hit.record_id): hit for hit in Hit.objects.filter(
        plate__in={item.plate for item in intents}, entry_id__in={item.entry_id for item in intents},
        record_id__in={item.record_id for item in intents})}
    told = set(Recipient.objects.filter(entry_id__in={item.entry_id for item in intents}).values_list("entry_id", "user_id"))
    for item in intents:
        hit, entry = hits.get((item.entry_id, item.record_id)), entries.get(item.entry_id)
        compose = partial(mails.of_hit, notification=item, hit=hit, entry=entry) if hit and entry else None
        is_told = (item.entry_id, item.recipient_id) in told or (
            item.kind == NotificationKind.SHARED and may(item.recipient, Right.QUERY))
        yield _Letter([item], entries, compose, is_told)


def _of_deconfliction(intents: Sequence[Notification], entries: Mapping[UUID, Entry]) -> Iterator[_Letter]:
    others = Entry.objects.select_related("owner").in_bulk({item.record_id for item in intents})
    for together in _by_letter(intents):
        pairs = [(entries[item.entry_id], others[item.record_id]) for item in together
                 if item.entry_id in entries and item.record_id in others]
        recipient = together[0].recipient
        compose = partial(mails.of_deconfliction, letter=together[0], recipient=recipient, pairs=pairs) if pairs else None
        yield _Letter(together, entries, compose, may(recipient, Right.QUERY))


def _of_prompts(intents: Sequence[Notification], entries: Mapping[UUID, Entry], now: datetime) -> Iterator[_Letter]:
    policy = AlertPolicy.objects.get(pk=1)
    for together in _by_letter(intents):
        due = [entry for item in together if (entry := entries.get(item.entry_id))
               and expiry.is_due(entry=entry, policy=policy, now=now)]
        compose = partial(mails.of_prompts, notification=together[0], entries=due, policy=policy, now=now) if due else None
        yield _Letter(together, entries, compose, may(together[0].recipient, Right.QUERY))


def _by_letter(intents: Sequence[Notification]) -> list[list[Notification]]:
    letters: dict[UUID | None, list[Notification]] = defaultdict(list)
    for item in intents:
        letters[item.letter].append(item)
    return list(letters.values())


def _deliver(letter: _Letter, line: _Line, now: datetime) -> None:
    if letter.compose is None:
        # What it tells of was removed after the intent was claimed.
        letter.rows.delete()
        return
    if not letter.is_recipient:
        _give_up(letter, "NoLongerRecipient")
        return
    try:
        line.send(letter.compose())
    except (smtplib.SMTPException, OSError, BadHeaderError) as error:
        _failed(letter, error, now)
        return
    _sent(letter, now)


def _sent(letter: _Letter, now: datetime) -> None:
    with transaction.atomic():
        letter.rows.update(status=NotificationStatus.SENT, sent_at=now, last_error="")
        _record(Kind.NOTIFICATION_SENT, letter)


def _failed(letter: _Letter, error: Exception, now: datetime) -> None:
    """Try again later, each time a longer while later; give up after so many attempts."""
    code = _smtp_code(error)
    final = isinstance(error, BadHeaderError) or letter.attempts >= (
        ATTEMPTS_WHEN_REFUSED if code >= REFUSED_FOR_GOOD else ATTEMPTS)
    said = f"{type(error).__name__} {code or ''}".strip()
    if final:
        _give_up(letter, said)
        return
    letter.rows.update(next_attempt_at=now + _pause(letter.attempts), last_error=said)


def _give_up(letter: _Letter, why: str) -> None:
    with transaction.atomic():
        letter.rows.update(status=NotificationStatus.FAILED, last_error=why)
        _record(Kind.NOTIFICATION_FAILED, letter, why=why)


def _hand_back(letters: Sequence[_Letter], error: Exception | None, now: datetime) -> None:
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


def _smtp_code(error: Exception) -> int:
    """The server's code and nothing else of its answer, which may repeat addresses and text."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return max((code for code, _ in error.recipients.values()), default=0)
    return error.smtp_code if isinstance(error, smtplib.SMTPResponseException) else 0


def _record(kind: Kind, letter: _Letter, **details: Any) -> None:
    """One event for each intent, so that an auditor finds it by its plate."""
    events = []
    for item in letter.intents:
        entry = letter.entries.get(item.entry_id)
        # What the intent tells of: a read, or for de-confliction another user's entry.
        about = {"record": item.record_id} if item.kind in _OF_READS else {"of": item.kind}
        events.append({
            "actor": Actor(id=None, name="system", aor=item.recipient.aor_code), "plate": item.plate,
            "state": entry.state if entry else "", "reason": entry.reason if entry else "", "notification": item.pk,
            "entry": item.entry_id, "recipient": item.recipient.get_username(), "attempts": item.attempts, **about, **details})
    record_many(kind, events)
