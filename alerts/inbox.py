"""The inbox: what one was told of beside hits, queries shared with one's groups, and mails that did not reach one (ALR-5 to
ALR-7, ALR-11, QRY-9).

It shows the intents themselves, those of one letter together; so it lacks nothing that a mail said, and forgets what was erased.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Count, F, Max, Q, Window
from django.db.models.functions import Coalesce, RowNumber

from accounts.models import User
from alerts import deconfliction
from alerts.hits import mark
from alerts.models import AlertList, Entry, Hit, Notification, NotificationKind, NotificationStatus
from alerts.models.notification import NO_LONGER_RECIPIENT
from audit.cursors import Cursor
from audit.events import Kind
from audit.record import record, record_durably
from lpr import sharing
from lpr.models import SharedQuery

# Queries shared with one's groups that the first page names; the page of queries has them all.
SHARED = 10
# Plates that one notice names; the pages it leads to have them all.
NAMED = 10

_FAILED = Q(status=NotificationStatus.FAILED) & ~Q(last_error=NO_LONGER_RECIPIENT)
_NOTICES = ~Q(kind=NotificationKind.HIT) & ~Q(status=NotificationStatus.FAILED, last_error=NO_LONGER_RECIPIENT)
_UNREAD = _NOTICES & Q(seen_at__isnull=True) | _FAILED & Q(failure_seen_at__isnull=True)


@dataclass(frozen=True)
class Told:
    """One of the things that a notice tells of. `other`: who watches the same; `hit`: which hit; `alert_list`: whose plate."""

    entry: Entry | None = None
    other: User | None = None
    hit: Hit | None = None
    alert_list: AlertList | None = None


@dataclass(frozen=True)
class Notice:
    """What was told at once. `about` names up to `NAMED` of `count`; `bounce` is the mail server's answer to a given-up mail."""

    id: UUID
    kind: str
    at: datetime
    count: int
    is_new: bool
    has_failed: bool
    why: str = ""
    bounce: str = ""
    about: Sequence[Told] = field(default_factory=tuple)


@dataclass(frozen=True)
class Page:
    """`shared`: queries that others share with one's groups, on the first page."""

    notices: Sequence[Notice]
    next: Cursor | None
    shared: Sequence[SharedQuery] = ()


def page(*, user: User, cursor: Cursor | None = None, size: int, now: datetime) -> Page:
    """A page of the notices of `user`, newest first; the look is recorded first, and they count as read from then on.

    Args:
        user: who looks.
        cursor: `next` of the page before; None for the first.
        size: notices on a page.
        now: the moment of looking.

    Raises:
        audit.record.AuditUnavailable: the look cannot be recorded.
    """
    groups = _told(user).values("group", "kind").annotate(
        at=Max("created_at"), count=Count("pk"), unread=Count("pk", filter=_UNREAD), failed=Count("pk", filter=_FAILED),
        why=Max("last_error", filter=_FAILED), said=Max("bounce", filter=_FAILED)).order_by("-at", "-group")
    if cursor:
        groups = groups.filter(Q(at__lt=cursor.at) | Q(at=cursor.at, group__lt=cursor.id))
    rows = list(groups[:size + 1])
    about = _about(user, [row["group"] for row in rows[:size]])
    notices = [Notice(
        id=row["group"], kind=row["kind"], at=row["at"], count=row["count"], is_new=bool(row["unread"]),
        has_failed=bool(row["failed"]), why=row["why"] or "", bounce=row["said"] or "", about=about.get(row["group"], ()))
        for row in rows[:size]]
    shared = [] if cursor else sharing.told(user=user, limit=SHARED, now=now)
    record_durably(Kind.NOTICES_VIEWED, count=len(notices), queries=[str(row.query) for row in shared], entries=sorted(
        {str(told.entry.pk) for notice in notices for told in notice.about if told.entry}))
    shown = _told(user).filter(group__in=[notice.id for notice in notices])
    shown.filter(~Q(kind=NotificationKind.HIT), seen_at__isnull=True).update(seen_at=now)
    shown.filter(_FAILED, failure_seen_at__isnull=True).update(failure_seen_at=now)
    sharing.see(user=user, shared=shared, now=now)
    return Page(notices, Cursor(rows[size - 1]["at"], rows[size - 1]["group"]) if len(rows) > size else None, shared)


def unread(*, user: User, now: datetime) -> int:
    """How many notices and shared queries `user` has not looked at."""
    notices = _told(user).filter(_UNREAD).aggregate(n=Count("group", distinct=True))["n"]
    return notices + sharing.unseen(user=user, now=now)


def read_all(*, user: User, now: datetime) -> None:
    """Count everything that `user` was told of as read: notices, hits and shared queries, with one event.

    Args:
        user: who says so, of what is theirs alone.
        now: the moment of saying so; what comes later is new.
    """
    with transaction.atomic(durable=True):
        theirs = Notification.objects.filter(recipient=user, created_at__lte=now)
        count = theirs.filter(seen_at__isnull=True).update(seen_at=now)
        theirs.filter(_FAILED, failure_seen_at__isnull=True).update(failure_seen_at=now)
        sharing.see(user=user, now=now)
        record(Kind.NOTICES_READ, count=count)


def _told(user: User) -> Any:
    """What the inbox of `user` holds; `group` is the letter, or the intent that is a mail by itself."""
    return Notification.objects.filter(_NOTICES | _FAILED, recipient=user).annotate(group=Coalesce("letter", "pk")).order_by()


def _about(user: User, groups: Sequence[UUID]) -> Mapping[UUID, list[Told]]:
    """By group what it tells of and is still there for this user."""
    numbered = Window(RowNumber(), partition_by=F("group"), order_by=F("pk").asc())
    rows = list(_told(user).filter(group__in=groups).annotate(number=numbered).filter(number__lte=NAMED).order_by("pk"))
    entries = Entry.objects.select_related("alert_list", "owner").in_bulk({row.entry_id for row in rows})
    others = deconfliction.still_named({row.record_id for row in rows if row.kind == NotificationKind.DECONFLICTION})
    lists = AlertList.objects.visible_to(user).in_bulk(
        {row.entry_id for row in rows if row.kind == NotificationKind.TAKEN_OVER})
    hits = {(hit.entry_id, hit.record_id): hit for hit in Hit.objects.visible_to(user).filter(
        plate__in={row.plate for row in rows}, entry_id__in=entries, record_id__in={row.record_id for row in rows})}
    mark(hits.values())
    about: dict[UUID, list[Told]] = defaultdict(list)
    for row in rows:
        told = _one(row, user, entries.get(row.entry_id), others, lists, hits)
        # Who watches a plate by two lists is named once.
        if told and told not in about[row.group]:
            about[row.group].append(told)
    return about


def _one(
    row: Notification, user: User, entry: Entry | None, others: Mapping[UUID, Entry], lists: Mapping[UUID, AlertList],
    hits: Mapping[tuple[UUID, UUID], Hit],
) -> Told | None:
    """What an intent tells of, as far as this user may still know; None where it is gone."""
    own: Any = entry if entry and entry.owner_id == user.pk else None
    if row.kind == NotificationKind.TAKEN_OVER:
        return Told(alert_list=lists[row.entry_id]) if row.entry_id in lists else None
    if row.kind == NotificationKind.DECONFLICTION:
        return Told(entry=own, other=others[row.record_id].owner) if own and row.record_id in others else None
    if row.kind == NotificationKind.PROMPT:
        return Told(entry=own) if own else None
    found = hits.get((row.entry_id, row.record_id))
    return Told(entry=entry, hit=found) if entry and found else None
