"""Jobs of the store of reads."""

from datetime import UTC, datetime

from celery import shared_task
from django.db import connection

from lpr import correction_mail


@shared_task
def maintain_partitions() -> None:
    """Make the months of reads and events and the weeks of record ids that are due, and drop the weeks that are over."""
    now = datetime.now(UTC)
    with connection.cursor() as cursor:
        cursor.execute("SELECT audit.maintain_partitions(%s::timestamptz)", [now])
        cursor.execute("SELECT store.maintain_partitions(%s::timestamptz)", [now])


@shared_task
def send_correction_mail() -> None:
    """Tell who was shown a read that was corrected since."""
    correction_mail.send_waiting(now=datetime.now(UTC))
