"""Jobs of the accounts room."""

from datetime import UTC, datetime

from celery import shared_task

from accounts import lock_mail


@shared_task
def tell_of_locks() -> None:
    lock_mail.tell(now=datetime.now(UTC))
