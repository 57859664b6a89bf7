"""Mails that were given up, and sending them again (ALR-5).

Operations staff see when, of which kind, to which mail domain and what the server said: neither plate nor case nor person. The
reader is told in the app (alerts.inbox).
"""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import User
from accounts.roles import Role
from alerts import matching
from alerts.models import DeadLetter, Notification, NotificationStatus
from audit.events import Kind
from audit.record import record_many


class NotOperations(Exception):
    """Given-up mails are sent again by operations staff."""


def letters() -> QuerySet[DeadLetter]:
    """One row for each mail that was given up, whatever number of intents it holds."""
    earlier = DeadLetter.objects.filter(letter=OuterRef("letter"), pk__lt=OuterRef("pk"))
    return DeadLetter.objects.filter(Q(letter__isnull=True) | ~Exists(earlier))


def intents_of(letter: DeadLetter) -> QuerySet[DeadLetter]:
    """What was to be told in this mail."""
    return DeadLetter.objects.filter(Q(pk=letter.pk) | Q(letter__isnull=False, letter=letter.letter))


def send_again(*, letters: Collection[UUID], by: User, now: datetime) -> int:
    """Have given-up mails sent again, under the Message-IDs that they had; return how many intents they hold.

    Args:
        letters: ids of rows as `letters()` gives them; what is not given up any more is left out.
        by: operations staff.
        now: the moment of asking.

    Raises:
        NotOperations: nothing is sent.
    """
    if by.role != Role.OPERATIONS or not by.is_active:
        raise NotOperations
    with transaction.atomic(durable=True):
        together = DeadLetter.objects.filter(pk__in=letters, letter__isnull=False).values("letter")
        rows = list(DeadLetter.objects.select_for_update(of=["self"]).filter(Q(pk__in=letters) | Q(letter__in=together)))
        # Tried once at least: so nothing is added to a letter, and its Message-ID stays what it was.
        Notification.objects.filter(pk__in=[row.pk for row in rows]).update(
            status=NotificationStatus.WAITING, attempts=1, next_attempt_at=now, failure_seen_at=None)
        record_many(Kind.NOTIFICATION_RETRIED, [
            {"plate": row.plate, "notification": row.pk, "of": row.kind} for row in rows])
    if rows:
        matching.wake()
    return len(rows)
