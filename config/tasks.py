"""Jobs of the shell."""

from datetime import UTC, datetime

from celery import shared_task

from audit import alarms
from config import databases


@shared_task
def watch_the_database() -> None:
    """Owners, grants, functions and triggers against the manifest: whoever disables a guard is found within minutes."""
    if found := databases.differences():
        alarms.raise_alarm(alarms.TAMPERED, "The database differs from the manifest:\n\n" + "\n".join(found[:50]),
                           now=datetime.now(UTC))
