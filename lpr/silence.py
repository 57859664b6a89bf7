"""The alarm of a source that falls silent: raised once, told by mail to operations staff, ended when reads come again (BEY-8)."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max

from audit import people
from audit.events import Kind
from audit.outbox import mail, send_each
from audit.record import record
from lpr.models import SilenceAlarm, Source

BODY = """No new read of {label} ({name}) has been captured since {since}.

Its limit is {hours} hours. You are told once; the freshness of all sources stands on the home page.
"""


def watch(*, now: datetime) -> int:
    """Raise and end alarms, and tell what has not been told. Safe to run again and twice at once.

    Args:
        now: the moment by which a source is silent (`Source.silent_after_hours`).

    Returns: how many alarms were told.
    """
    for source in Source.objects.annotate(newest=Max("receipts__newest_captured_at")):
        limit = now - timedelta(hours=source.silent_after_hours)
        # One that has not sent anything yet has its time from the day on which it was added.
        _mark(source, source.is_active and (source.newest or source.created_at) < limit, now)
    if not people.operations().exclude(email="").exists():
        return 0
    return send_each(SilenceAlarm.objects.filter(told_at__isnull=True).select_related("source").order_by("pk"), _tell, now=now)


def _mark(source: Source, is_silent: bool, now: datetime) -> None:
    with transaction.atomic():
        if is_silent:
            _, raised = SilenceAlarm.objects.get_or_create(source=source, defaults={"raised_at": now})
            if raised:
                record(Kind.SOURCE_SILENT, source=source.name)
        elif SilenceAlarm.objects.filter(source=source).delete()[0]:
            record(Kind.SOURCE_HEARD, source=source.name)


def _tell(alarm: SilenceAlarm, now: datetime) -> None:
    """Mail to operations staff, while the alarm's row is locked."""
    newest = alarm.source.receipts.aggregate(at=Max("newest_captured_at"))["at"]
    body = BODY.format(label=alarm.source.label, name=alarm.source.name, hours=alarm.source.silent_after_hours,
                       since=f"{newest:%Y-%m-%d %H:%M} UTC" if newest else "it was added")
    mail(f"no reads from {alarm.source.name}", body,
         to=list(people.operations().exclude(email="").values_list("email", flat=True)))
    alarm.told_at = now
    alarm.save(update_fields=["told_at"])
