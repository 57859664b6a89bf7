"""How fresh each source is, by its receipts: silence is seen before an officer misses a read (BEY-8)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Max
from django.template.defaultfilters import pluralize

from lpr.models import Source

_kept: tuple[datetime, list["Freshness"]] | None = None


@dataclass(frozen=True)
class Freshness:
    """`newest_captured_at` is of the newest read; a source that never sent one is stale."""

    label: str
    kind: str
    newest_captured_at: datetime | None
    last_received_at: datetime | None
    is_stale: bool

    @property
    def lag(self) -> str:
        """How long the newest read was on its way, in words; empty where none came."""
        if self.newest_captured_at is None or self.last_received_at is None:
            return ""
        seconds = max(int((self.last_received_at - self.newest_captured_at).total_seconds()), 0)
        for size, name in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
            if seconds >= 2 * size:
                return f"{seconds // size} {name}s"
        return f"{seconds} second{pluralize(seconds)}"


def recently(now: datetime) -> list[Freshness]:
    """As `of_sources`, asked of the receipts once in a while: for pages that are shown all the time."""
    global _kept
    if _kept is None or not timedelta(0) <= now - _kept[0] < timedelta(seconds=settings.FRESHNESS_KEPT_SECONDS):
        _kept = now, of_sources(now)
    return _kept[1]


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
