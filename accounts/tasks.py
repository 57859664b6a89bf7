"""Jobs of the accounts room."""

from datetime import UTC, datetime

from celery import shared_task

from accounts import (
    access_requests,
    deletion_calls,
    drafts,
    escalation,
    idleness,
    keys,
    knocks,
    lock_mail,
    needs,
    notices,
    recovery_mail,
    retention,
    ticket_mail,
    tickets,
    training_reminders,
)
from accounts.models import RosterDraft


@shared_task
def tell_of_locks() -> None:
    lock_mail.tell(now=datetime.now(UTC))


@shared_task
def send_account_mail() -> None:
    now = datetime.now(UTC)
    recovery_mail.send_waiting(now=now)
    notices.send_waiting(now=now)


@shared_task
def send_request_mail() -> None:
    """What requesters are owed: the state of their request, and keys that no mail server took yet."""
    access_requests.tell(now=datetime.now(UTC))
    keys.deliver_waiting(now=datetime.now(UTC))


@shared_task
def review_needs() -> None:
    needs.review(now=datetime.now(UTC))


@shared_task
def drop_expired_requests() -> None:
    access_requests.drop_expired(now=datetime.now(UTC))
    knocks.forget(now=datetime.now(UTC))
    retention.drop_expired(now=datetime.now(UTC))


@shared_task
def erase_ended_drafts() -> None:
    """Erase the rosters that nobody confirmed in their hour."""
    drafts.erase_ended(RosterDraft, now=datetime.now(UTC))


@shared_task
def remind_of_training() -> None:
    training_reminders.remind(now=datetime.now(UTC))


@shared_task
def review_idleness() -> None:
    idleness.review(now=datetime.now(UTC))


@shared_task
def keep_tickets() -> None:
    """Take in what was asked for, move up what is overdue, and send what is owed."""
    now = datetime.now(UTC)
    tickets.take_in()
    escalation.climb(now=now)
    ticket_mail.send_waiting(now=now)


@shared_task
def age_tickets() -> None:
    tickets.close_quiet(now=datetime.now(UTC))
    tickets.erase_old(now=datetime.now(UTC))


@shared_task
def keep_time_of_deletions() -> None:
    """Call the operator about deletions whose time runs out (ACC-9)."""
    deletion_calls.keep_time(now=datetime.now(UTC))
