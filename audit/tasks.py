"""Jobs of the audit room."""

from datetime import UTC, datetime
from uuid import UUID

from celery import shared_task

from audit import exports, seals, statistics


@shared_task
def seal() -> None:
    for _ in seals.seal_all(now=datetime.now(UTC)):
        pass


@shared_task
def make_export(export: str) -> None:
    exports.make(export=UUID(export), now=datetime.now(UTC))


@shared_task
def keep_exports() -> None:
    """Take up the exports that a worker left, and erase those whose day is over."""
    exports.resume(now=datetime.now(UTC))
    exports.erase_ended(now=datetime.now(UTC))


@shared_task
def count_usage() -> None:
    """Count the days whose log may have grown, for the usage reports."""
    statistics.count_due(now=datetime.now(UTC))
