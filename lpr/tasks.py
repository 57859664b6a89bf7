"""Jobs of the store of reads."""

from datetime import UTC, datetime

from celery import shared_task

from lpr import authority, correction_mail, coverage, error_reports, partitions, quarantine, silence


@shared_task
def maintain_partitions() -> None:
    """Make the months of reads and events and the weeks of record ids that are due, drop the weeks that are over, and tell of
    rows that found no month."""
    try:
        partitions.make(now=datetime.now(UTC))
    finally:
        # A month that cannot be made is when it matters most.
        partitions.watch(now=datetime.now(UTC))


@shared_task
def erase_what_is_over() -> None:
    """Erase reads past their retention, drop months that are empty and over, close months that are full (DAT-8); erase the words
    of misread reports that are long resolved."""
    partitions.maintain(now=datetime.now(UTC))
    error_reports.erase_notes(now=datetime.now(UTC))


@shared_task
def send_correction_mail() -> None:
    """Tell who was shown a read that was corrected since."""
    correction_mail.send_waiting(now=datetime.now(UTC))


@shared_task
def refresh_coverage() -> None:
    """Count where reads lie, and tell of a floor that is not reached (DAT-5)."""
    coverage.refresh_due(now=datetime.now(UTC))


@shared_task
def watch_sources() -> None:
    """Tell operations staff of sources that fell silent (BEY-8), and put on record where an authority ended (DAT-2)."""
    authority.notice(now=datetime.now(UTC))
    silence.watch(now=datetime.now(UTC))


@shared_task
def load_repaired() -> None:
    """Load the set-aside records that operations staff repaired, in a worker that has the loader's login (DAT-3)."""
    quarantine.load_repaired(now=datetime.now(UTC))
