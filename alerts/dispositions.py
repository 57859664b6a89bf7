"""What became of a hit, as those who may see it say; what a list's hits came to, and all of one's lists and sources
(ALR-5, ALR-9, BEY-9).

A disposition is part of the hit and goes with it (ALR-8). What somebody else says later counts; each saying is on record.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import TruncDate

from accounts.models import User
from alerts.models import AlertList, Disposition, Entry, Hit
from audit import charts
from audit.events import Kind
from audit.record import record, record_durably
from lpr.policy import zone_of
from lpr.search import sane

LONGEST = 300
_COUNTS = {"hits": Count("pk")} | {
    name: Count("pk", filter=Q(disposition=value)) for name, value in (
        ("confirmed", Disposition.CONFIRMED), ("misread", Disposition.MISREAD), ("no_interest", Disposition.NO_INTEREST))}
DAYS = 30
SHOWN = 5


class DispositionRefused(ValueError):
    """What is said of the hit cannot be kept; `field` says where, the message is a plain sentence."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class HitNotFound(Exception):
    """No hit of this id that this user may see."""


@dataclass(frozen=True)
class Yield:
    """What a list brings: `hits` in the last `days`, entries that never hit, the oldest entries, hits by disposition."""

    days: int
    hits: int
    hits_a_day: float
    chart: charts.Chart | None
    never_hit: int
    oldest: Sequence[Entry]
    dispositions: Sequence[tuple[str, int]]


@dataclass(frozen=True)
class Tally:
    """What became of the hits of one list (`list_id`), of one source, or of all. The parts add up to `hits`."""

    label: str
    hits: int
    confirmed: int
    misread: int
    no_interest: int
    list_id: UUID | None = None

    @property
    def unsaid(self) -> int:
        return self.hits - self.confirmed - self.misread - self.no_interest

    @property
    def misread_percent(self) -> float | None:
        """Of the hits of which somebody said what became of them; None where nobody did."""
        said = self.hits - self.unsaid
        return 100 * self.misread / said if said else None


@dataclass(frozen=True)
class Statistics:
    total: Tally
    lists: Sequence[Tally]
    sources: Sequence[Tally]


def say(*, hit: UUID, by: User, disposition: str, action_taken: str = "", now: datetime) -> Hit:
    """Say what became of a hit.

    Args:
        hit: its id; `by` may see it.
        by: who says so.
        disposition: a value of `Disposition`.
        action_taken: what was done, in a few words.
        now: the moment of saying so.

    Raises:
        HitNotFound: there is none for this user.
        DispositionRefused: no listed disposition, or too long a text.
    """
    if disposition not in Disposition.values:
        raise DispositionRefused("disposition", "Choose what became of the hit.")
    action = sane(action_taken).strip()
    if len(action) > LONGEST:
        raise DispositionRefused("action_taken", f"Enter at most {LONGEST} characters.")
    with transaction.atomic(durable=True):
        found = Hit.objects.visible_to(by).filter(pk=hit).first()
        kept = Hit.objects.select_for_update(of=["self"]).select_related("entry").filter(pk=hit).first() if found else None
        if kept is None:
            raise HitNotFound
        kept.disposition, kept.action_taken, kept.disposed_by, kept.disposed_at = disposition, action, by, now
        kept.save(update_fields=["disposition", "action_taken", "disposed_by", "disposed_at"])
        record(Kind.HIT_DISPOSED, plate=kept.plate, state=kept.state, reason=kept.entry.reason, hit=kept.pk,
               entry=kept.entry_id, disposition=disposition, action_taken=action)
    return kept


def statistics(*, user: User, days: int, now: datetime) -> Statistics:
    """What became of the hits of the user's own lists, by list and by source; the look is recorded first.

    Args:
        user: whose lists.
        days: how far back hits are counted.
        now: the end of these days.
    """
    record_durably(Kind.LIST_VIEWED, of="what became of hits", days=days)
    hits: Any = Hit.objects.filter(entry__owner=user, hit_at__gt=now - timedelta(days=days), hit_at__lte=now).order_by()
    by_list = hits.values("entry__alert_list", "entry__alert_list__name").annotate(**_COUNTS)
    by_source = hits.values("source").annotate(**_COUNTS)
    return Statistics(
        total=Tally("All", **hits.aggregate(**_COUNTS)),
        lists=[Tally(row.pop("entry__alert_list__name"), list_id=row.pop("entry__alert_list"), **row)
               for row in by_list.order_by("-hits", "entry__alert_list__name", "entry__alert_list")],
        sources=[Tally(row.pop("source"), **row) for row in by_source.order_by("-hits", "source")])


def yield_of(*, alert_list: AlertList, now: datetime) -> Yield:
    """What one list brings, for the page that its owner opened on record; days are those of the owner's area."""
    hits = Hit.objects.filter(entry__alert_list=alert_list)
    recent = hits.filter(hit_at__gt=now - timedelta(days=DAYS)).count()
    # A list that is younger is measured over its own days.
    days = min(DAYS, max(1, (now - alert_list.created_at).days + 1))
    entries = alert_list.entries.all()
    labels = dict(Disposition.choices) | {"": "Nothing said yet"}
    said = hits.order_by().values_list("disposition").annotate(n=Count("pk")).order_by("disposition")
    return Yield(
        days=days, hits=recent, hits_a_day=recent / days, chart=_chart(hits, zone_of(alert_list.owner), now),
        never_hit=entries.filter(~Exists(Hit.objects.filter(plate=OuterRef("plate"), entry=OuterRef("pk")))).count(),
        oldest=list(entries.order_by("created_at")[:SHOWN]), dispositions=[(labels[value], n) for value, n in said])


def _chart(hits: QuerySet[Hit], zone: ZoneInfo, now: datetime) -> charts.Chart | None:
    """Hits of each of the last days, those confirmed drawn darker."""
    today = now.astimezone(zone).date()
    counted = {day: (whole, part) for day, whole, part in hits.filter(hit_at__gt=now - timedelta(days=DAYS + 1)).order_by()
               .annotate(day=TruncDate("hit_at", tzinfo=zone)).values("day").annotate(
                   whole=Count("pk"), part=Count("pk", filter=Q(disposition=Disposition.CONFIRMED)))
               .values_list("day", "whole", "part")}
    last = [today - timedelta(days=back) for back in reversed(range(DAYS))]
    return charts.of_days([(day, *counted.get(day, (0, 0))) for day in last], text="{whole} hits, {part} confirmed")
