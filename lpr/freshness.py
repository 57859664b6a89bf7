"""How fresh each source is, by its receipts: silence is seen before an officer misses a read (BEY-8)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Max

from lpr.models import Source


@dataclass(frozen=True)
class Freshness:
    """`newest_captured_at` is of the newest read; a source that never sent one is stale."""

    label: str
    kind: str
    newest_captured_at: datetime | None
    last_received_at: datetime | None
    is_stale: bool


def of_sources(now: datetime) -> list[Freshness]:
    """The freshness of every source that is switched on, by its words."""
    sources = Source.objects.filter(is_active=True).annotate(
        newest=Max("receipts__newest_captured_at"), received=Max("receipts__received_at")).order_by("label")
    return [
        Freshness(
            label=source.label, kind=source.get_kind_display(), newest_captured_at=source.newest,
            last_received_at=source.received,
            is_stale=source.newest is None or source.newest < now - timedelta(hours=source.silent_after_hours))
        for source in sources
    ]
