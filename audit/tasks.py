"""Jobs of the audit room."""

from datetime import UTC, datetime
from uuid import UUID

from celery import shared_task

from audit import alarms, deliveries, exports, letters, mailings, seals, statistics
from audit.contract import approval
from audit.incidents import clocks
from audit.retention import months
from audit.reviews import calendar


@shared_task
def seal() -> None:
    try:
        for _ in seals.seal_all(now=datetime.now(UTC)):
            pass
    except seals.SealRefused as refused:
        alarms.raise_alarm(alarms.TAMPERED, str(refused), now=datetime.now(UTC))
        raise


@shared_task
def make_export(export: str) -> None:
    exports.make(export=UUID(export), now=datetime.now(UTC))


@shared_task
def keep_exports() -> None:
    """Take up the exports that a worker left, and erase those whose day is over."""
    exports.resume(now=datetime.now(UTC))
    exports.erase_ended(now=datetime.now(UTC))


@shared_task
def make_delivery(delivery: str) -> None:
    deliveries.make(delivery=UUID(delivery), now=datetime.now(UTC))


@shared_task
def keep_deliveries() -> None:
    """Take up the deliveries that a worker left, remind of those that wait, and erase the files whose life is over."""
    deliveries.resume(now=datetime.now(UTC))
    deliveries.watch(now=datetime.now(UTC))
    deliveries.erase_ended(now=datetime.now(UTC))


@shared_task
def count_usage() -> None:
    """Count the days whose log may have grown, for the usage reports."""
    statistics.count_due(now=datetime.now(UTC))


@shared_task
def verify_log() -> None:
    """The whole log against its seals, each day, in the process that has the auditor's login."""
    alarms.verify(now=datetime.now(UTC))


@shared_task
def watch_the_record() -> None:
    """A database that is away, events that the log did not take, seals and a verification that are late."""
    alarms.watch(now=datetime.now(UTC))


@shared_task
def send_record_mail() -> None:
    # What is owed already leaves, whatever keeps something new from being owed.
    mailings.send_waiting(now=datetime.now(UTC))
    mailings.owe(now=datetime.now(UTC))
    mailings.send_waiting(now=datetime.now(UTC))


@shared_task
def send_letters() -> None:
    letters.send_waiting(now=datetime.now(UTC))


@shared_task
def remind_of_reviews() -> None:
    """Remind the managers of areas whose review is due."""
    calendar.remind(now=datetime.now(UTC))


@shared_task
def prompt_of_incidents() -> None:
    """Prompt the keepers of incidents whose reports are due."""
    clocks.prompt(now=datetime.now(UTC))


@shared_task
def remind_of_contract_end() -> None:
    """Remind agency and operator as the days after the end of the contract run out."""
    approval.remind(now=datetime.now(UTC))


@shared_task
def drop_approved_months() -> None:
    """Drop the months of the log that both sides have approved."""
    months.drop_approved(now=datetime.now(UTC))
