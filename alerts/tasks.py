"""What workers and the scheduler do for alerts. Tasks carry no data: what is due stands in the database (decision 2)."""

from datetime import UTC, datetime
from pathlib import Path

from celery import shared_task
from django.conf import settings

from alerts import drafts, expiry, handover, matching, notifications, returned_mail


@shared_task
def send_waiting() -> None:
    """Send until nothing is due. Woken after each loading with hits, and by the scheduler for what was not woken."""
    while notifications.send_batch(now=datetime.now(UTC)):
        pass


@shared_task
def read_returned_mail() -> None:
    """Read the mails that came back, where a mail server lays them into a folder (ALR-5)."""
    if settings.BOUNCE_MAILDIR:
        while returned_mail.empty(Path(settings.BOUNCE_MAILDIR), now=datetime.now(UTC)):
            pass


@shared_task
def resume_activations() -> None:
    """Finish the activations that a crash interrupted."""
    matching.resume_activations(now=datetime.now(UTC))


@shared_task
def erase_ended_drafts() -> None:
    """Erase the uploaded files that nobody confirmed in their hour."""
    drafts.erase_ended(now=datetime.now(UTC))


@shared_task
def age_entries() -> None:
    """Prompt for, end and erase the entries whose time has come (ALR-7, ALR-8)."""
    expiry.age(now=expiry.earlier_clock())


@shared_task
def keep_time_of_handovers() -> None:
    """Find the lists whose owner is not active, and end those that nobody took over in time."""
    handover.keep_time(now=expiry.earlier_clock())
