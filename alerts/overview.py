"""What the owner sees of their lists: how many plates, how many hits, what is to be renewed (ALR-7, ALR-9)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from accounts.models import User
from alerts.hits import mark
from alerts.models import AlertList, AlertPolicy, Entry, EntryStatus, Hit
from audit import cursors
from audit.cursors import Cursor
from audit.events import Kind
from audit.record import record_durably

RENEWALS_SHOWN = 100
HITS_SHOWN = 5
# Ways to look at a list other than newest first: what never hit, and what was watched longest.
SHOWN = ("never-hit", "oldest")


class ListNotFound(Exception):
    """No list of this id that this user keeps."""


@dataclass(frozen=True)
class ListsPage:
    """One page of a person's lists; each carries `entry_count` and `hit_count`."""

    lists: Sequence[AlertList]
    next: Cursor | None


@dataclass(frozen=True)
class ListPage:
    """One page of a list's entries; each entry carries `hit_count` and `may_renew`. `validity`: for how long one is renewed, in
    words. `show` is empty or a value of `SHOWN`."""

    alert_list: AlertList
    entries: Sequence[Entry]
    next: Cursor | None
    validity: str
    show: str = ""


@dataclass(frozen=True)
class RenewalsPage:
    """Entries to decide about; each carries `hit_count` and `newest_hits`. `grace_days`: how long an ended one is kept;
    `validity`: for how long one is renewed, in words."""

    entries: Sequence[Entry]
    has_more: bool
    grace_days: int
    validity: str


def open_lists(*, user: User, cursor: Cursor | None = None, size: int) -> ListsPage:
    """A page of the user's own lists, newest first; the look is recorded first.

    Args:
        user: who looks.
        cursor: `next` of the page before; None for the first.
        size: lists on a page.
    """
    record_durably(Kind.LIST_VIEWED, of="all own lists")
    rows, following = cursors.page(lists_of(user=user), by="created_at", cursor=cursor, size=size)
    return ListsPage(rows, following)


def lists_of(*, user: User) -> QuerySet[AlertList]:
    """The user's own lists, each with `entry_count` and `hit_count`."""
    hits = Hit.objects.filter(entry__alert_list=OuterRef("pk")).order_by().values("entry__alert_list")
    return AlertList.objects.visible_to(user).annotate(
        entry_count=_counted(Entry.objects.filter(alert_list=OuterRef("pk")).order_by().values("alert_list")),
        hit_count=_counted(hits),
    ).prefetch_related("users").select_related("group")


def open_list(
    *, alert_list: UUID, user: User, cursor: Cursor | None = None, size: int, show: str = "", now: datetime,
) -> ListPage:
    """A page of one of the user's lists, newest entry first unless `show` says otherwise; the look is recorded first.

    Raises:
        ListNotFound: there is none, or it is another user's.
    """
    found = lists_of(user=user).filter(pk=alert_list).first()
    if found is None:
        raise ListNotFound
    record_durably(Kind.LIST_VIEWED, list=found.pk)
    plates: Any = found.entries.annotate(
        hit_count=_counted(Hit.objects.filter(entry=OuterRef("pk")).order_by().values("entry")))  # type: ignore[no-redef]
    if show == "never-hit":
        plates = plates.filter(hit_count=0)
    rows, following = cursors.page(plates, by="created_at", cursor=cursor, size=size, oldest_first=show == "oldest")
    return ListPage(found, with_state(rows, now), following, validity=AlertPolicy.objects.get(pk=1).validity,
                    show=show if show in SHOWN else "")


def to_renew(*, user: User, now: datetime) -> list[Entry]:
    """The user's entries that end soon or ended in the last days of grace, soonest first (ALR-7)."""
    policy = AlertPolicy.objects.get(pk=1)
    return with_state(Entry.objects.visible_to(user).filter(
        status__in=[EntryStatus.ACTIVE, EntryStatus.EXPIRED], valid_until__lte=now + timedelta(days=policy.prompt_days),
        valid_until__gt=now - timedelta(days=policy.grace_days)).select_related("alert_list").order_by("valid_until"), now)


def open_renewals(*, user: User, now: datetime) -> RenewalsPage:
    """What is to be renewed or removed, soonest end first, each with its hits; the look is recorded first (ALR-7, ALR-9)."""
    found = to_renew(user=user, now=now)
    shown = found[:RENEWALS_SHOWN]
    record_durably(Kind.LIST_VIEWED, of="to be renewed", entries=[entry.pk for entry in shown])
    ids = [entry.pk for entry in shown]
    counts = dict(Hit.objects.filter(entry__in=ids).order_by().values_list("entry").annotate(Count("pk")))
    for entry in shown:
        entry.hit_count = counts.get(entry.pk, 0)
        entry.newest_hits = list(entry.hits.order_by("-captured_at")[:HITS_SHOWN]) if entry.hit_count else []
    mark([hit for entry in shown for hit in entry.newest_hits])
    policy = AlertPolicy.objects.get(pk=1)
    return RenewalsPage(shown, len(found) > len(shown), policy.grace_days, policy.validity)


def with_state(entries: Sequence[Entry] | QuerySet[Entry], now: datetime) -> list[Entry]:
    """The entries with `may_renew` and `is_expired`, as of now."""
    policy = AlertPolicy.objects.get(pk=1)
    found = list(entries)
    for entry in found:
        entry.is_expired = entry.status == EntryStatus.EXPIRED or entry.valid_until <= now
        entry.may_renew = now < entry.valid_until + timedelta(days=policy.grace_days)
    return found


def _counted(rows: QuerySet) -> Coalesce:
    return Coalesce(Subquery(rows.annotate(n=Count("pk")).values("n")), 0, output_field=IntegerField())
