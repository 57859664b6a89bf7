"""Looking at hits: what one was told of, newest first; every look is on record before anything is shown (ALR-5, ALR-9).

An owner's page also holds hits of their entries that they were not told of: made for an earlier owner, or while a course of
theirs had lapsed (ALR-11, alerts/sql/rest.sql). They never count as new.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import User
from alerts.models import Entry, Hit, Notification, NotificationKind, Reader, Recipient
from alerts.models.notification import NO_LONGER_RECIPIENT
from audit.cursors import Cursor
from audit.events import Kind
from audit.record import record_durably
from lpr import error_reports


class HitNotFound(Exception):
    """No hit of this id that this user may see."""


@dataclass(frozen=True)
class SeenHit:
    """A hit as one person sees it. `is_new` says that this person sees it for the first time; `notification` is None where they
    were not told of it; `case_reference` and `other_name` are empty for anybody but the owner."""

    hit: Hit
    notification: Notification | None
    list_id: UUID
    list_name: str
    owner: str
    reason: str
    is_own: bool
    is_new: bool
    case_reference: str = ""
    other_name: str = ""

    @property
    def is_mailed(self) -> bool:
        """Whether there is or was a mail about it: not where its reader could not be told when it would have left."""
        return self.notification is not None and self.notification.last_error != NO_LONGER_RECIPIENT


@dataclass(frozen=True)
class Page:
    hits: Sequence[SeenHit]
    next: Cursor | None


def page(*, user: User, cursor: Cursor | None = None, size: int, now: datetime) -> Page:
    """One page of the hits that `user` may see; from then on they count as seen.

    Args:
        user: who looks.
        cursor: `next` of the page before; None for the first.
        size: hits on a page.
        now: the moment of looking.

    Raises:
        audit.record.AuditUnavailable: the look cannot be recorded.
    """
    rows = _newest(user, size + 1, cursor)
    seen = _together(rows[:size], user)
    record_durably(Kind.HITS_VIEWED, count=len(seen), hits=[item.hit.pk for item in seen])
    Notification.objects.filter(pk__in=[row.pk for row in rows[:size]], seen_at__isnull=True).update(seen_at=now)
    return Page(seen, Cursor(*_place(rows[size - 1])) if len(rows) > size else None)


def one(*, hit: UUID, user: User, now: datetime) -> SeenHit:
    """One hit that `user` may see; the look is recorded first, and it counts as seen from then on.

    Raises:
        HitNotFound: there is none, or not for this user.
    """
    found = opened(hit=hit, user=user)
    rows = list(_told(user).filter(plate=found.plate, entry_id=found.entry_id, record_id=found.record_id))
    seen = _together(rows[:1] or [found], user)
    if not seen:
        raise HitNotFound
    record_durably(Kind.HITS_VIEWED, count=1, hits=[found.pk])
    Notification.objects.filter(pk__in=[row.pk for row in rows], seen_at__isnull=True).update(seen_at=now)
    return seen[0]


def newest(*, user: User, size: int) -> list[SeenHit]:
    """The newest hits for an overview; they are on record as shown, and still count as new."""
    seen = _together(_newest(user, size), user)
    if seen:
        record_durably(Kind.HITS_VIEWED, count=len(seen), hits=[item.hit.pk for item in seen])
    return seen


def unseen(*, user: User, most: int | None = None) -> int:
    """How many hits `user` was told of and has not looked at; with `most`, counted no further than that."""
    return _told(user).filter(seen_at__isnull=True).order_by()[:most].count()


def opened(*, hit: UUID, user: User) -> Hit:
    """A hit that `user` may see.

    Raises:
        HitNotFound: there is none, or not for this user.
    """
    found = Hit.objects.visible_to(user).filter(pk=hit).first()
    if found is None:
        raise HitNotFound
    mark([found])
    return found


def mark(hits: Collection[Hit]) -> None:
    """Say on each hit whether its read was corrected or withdrawn since (BEY-7)."""
    wrong = error_reports.wrong({hit.record_id for hit in hits})
    for hit in hits:
        if outcome := wrong.get(hit.record_id):
            hit.marked, hit.plate_stays = outcome


def shown_to(hit: UUID, user: User) -> Hit | None:
    """A hit that `user` may see, for one more look, on record; None where there is none (lpr.loading.Matcher)."""
    try:
        found = opened(hit=hit, user=user)
    except HitNotFound:
        return None
    record_durably(Kind.HITS_VIEWED, count=1, hits=[found.pk])
    return found


def may_see(hit: UUID, user: User) -> bool:
    """Whether `user` may see a hit, for what belongs to a look that is on record already."""
    return Hit.objects.visible_to(user).filter(pk=hit).exists()


def look(*, hit: UUID, user: User) -> UUID:
    """Put one more look of `user` at a hit on record and return its event.

    Raises:
        HitNotFound: there is none, or not for this user.
    """
    found = opened(hit=hit, user=user)
    return record_durably(Kind.HITS_VIEWED, count=1, hits=[found.pk]).id


def told_of(plate: str, record_id: UUID) -> set[int]:
    """Who was told, or is owed the news, of hits of a record, and whose they are today: an owner sees hits that they were not
    told of (BEY-7)."""
    told = Notification.objects.filter(plate=plate, record_id=record_id).values_list("recipient_id", flat=True)
    owners = Hit.objects.filter(plate=plate, record_id=record_id).values_list("owner_id", flat=True)
    return {*told, *owners}


def _told(user: User) -> QuerySet[Notification]:
    """What `user` was told of and may still see. A hit that was both matched and shared stands here once."""
    is_recipient = Exists(Recipient.objects.filter(entry_id=OuterRef("entry_id"), user=user))
    is_shared = Exists(_of_same_hit(user).filter(kind=NotificationKind.SHARED))
    return Notification.objects.filter(Exists(Reader.objects.filter(user=user)), recipient=user).filter(
        Q(kind=NotificationKind.HIT) & is_recipient & ~is_shared | Q(kind=NotificationKind.SHARED))


def _untold(user: User) -> QuerySet[Hit]:
    """The hits of the user's own entries that were told to others alone."""
    is_told = Exists(_of_same_hit(user).filter(kind__in=[NotificationKind.HIT, NotificationKind.SHARED]))
    return Hit.objects.visible_to(user).filter(~is_told, owner=user)


def _of_same_hit(user: User) -> QuerySet[Notification]:
    """For a subquery: what `user` was told of the hit that the outer row is, or tells of."""
    return Notification.objects.filter(recipient=user, **{name: OuterRef(name) for name in ("plate", "entry_id", "record_id")})


def _newest(user: User, size: int, cursor: Cursor | None = None) -> list[Notification | Hit]:
    """What stands on a page, newest first: what the user was told of, and hits that they were not told of."""
    told, untold = _told(user), _untold(user)
    if cursor:
        told = told.filter(Q(created_at__lt=cursor.at) | Q(created_at=cursor.at, pk__lt=cursor.id))
        untold = untold.filter(Q(hit_at__lt=cursor.at) | Q(hit_at=cursor.at, pk__lt=cursor.id))
    rows: list[Notification | Hit] = list(told.order_by("-created_at", "-pk")[:size])
    if len(rows) == size:
        # Older ones stand on a later page.
        untold = untold.filter(hit_at__gte=_place(rows[-1])[0])
    rows += untold.order_by("-hit_at", "-pk")[:size]
    return sorted(rows, key=_place, reverse=True)[:size]


def _place(row: Notification | Hit) -> tuple[datetime, UUID]:
    return (row.hit_at if isinstance(row, Hit) else row.created_at), row.pk


def _together(rows: Sequence[Notification | Hit], user: User) -> list[SeenHit]:
    """Each with its hit and entry; what was removed in between is left out."""
    entries = Entry.objects.select_related("alert_list", "owner").in_bulk({row.entry_id for row in rows})
    hits = {(hit.entry_id, hit.record_id): hit for hit in Hit.objects.select_related("disposed_by").filter(
        plate__in={row.plate for row in rows}, entry_id__in=entries.keys(), record_id__in={row.record_id for row in rows})}
    mark(hits.values())
    seen = []
    for row in rows:
        hit, entry = hits.get((row.entry_id, row.record_id)), entries.get(row.entry_id)
        if hit is None or entry is None:
            continue
        is_own, told = entry.owner_id == user.pk, None if isinstance(row, Hit) else row
        seen.append(SeenHit(
            hit=hit, notification=told, list_id=entry.alert_list_id, list_name=entry.alert_list.name,
            owner=entry.owner.get_username(), reason=entry.reason, is_own=is_own, is_new=bool(told and told.seen_at is None),
            case_reference=entry.case_reference if is_own else "",
            other_name=entry.other_name if is_own else ""))
    return seen
