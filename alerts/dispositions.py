"""What became of a hit, as those who were told of it say; and what a list's hits came to (ALR-5, ALR-9, BEY-9).

A disposition is part of the hit and goes with it (ALR-8). What somebody else says later counts; each saying is on record.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Exists, OuterRef

from accounts.models import User
from alerts.models import AlertList, Disposition, Entry, Hit
from audit.events import Kind
from audit.record import record
from lpr.search import sane

LONGEST = 300
DAYS = 30
SHOWN = 5


class DispositionRefused(ValueError):
    """What is said of the hit cannot be kept; `field` says where, the message is a plain sentence."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class HitNotFound(Exception):
    """No hit of this id that this user was told of."""


@dataclass(frozen=True)
class Yield:
    """What a list brings: `hits` in the last `days`, entries that never hit, the oldest entries, hits by disposition."""

    days: int
    hits: int
    hits_a_day: float
    never_hit: int
    oldest: Sequence[Entry]
    dispositions: Sequence[tuple[str, int]]


def say(*, hit: UUID, by: User, disposition: str, action_taken: str = "", now: datetime) -> Hit:
    """Say what became of a hit.

    Args:
        hit: its id; `by` was told of it.
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


def yield_of(*, alert_list: AlertList, now: datetime) -> Yield:
    """What one list brings, for the page that its owner opened on record."""
    hits = Hit.objects.filter(entry__alert_list=alert_list)
    recent = hits.filter(hit_at__gt=now - timedelta(days=DAYS)).count()
    # A list that is younger is measured over its own days.
    days = min(DAYS, max(1, (now - alert_list.created_at).days + 1))
    entries = alert_list.entries.all()
    labels = dict(Disposition.choices) | {"": "Nothing said yet"}
    said = hits.order_by().values_list("disposition").annotate(n=Count("pk")).order_by("disposition")
    return Yield(
        days=days, hits=recent, hits_a_day=recent / days,
        never_hit=entries.filter(~Exists(Hit.objects.filter(plate=OuterRef("plate"), entry=OuterRef("pk")))).count(),
        oldest=list(entries.order_by("created_at")[:SHOWN]), dispositions=[(labels[value], n) for value, n in said])
