"""Sharing: who is told of a list's hits, changed while it lives; and one hit shown to others on the case (ALR-4)."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from accounts.models import User, UserGroup
from alerts import lists, matching
from alerts.models import AlertList, Collapse, Entry, Hit, Notification, NotificationKind, Recipient
from audit.events import Kind
from audit.record import record


class CollapseNotListed(lists.ListRefused):
    """Repeated sightings wait for one of the listed times."""

    field = "collapse_minutes"


class AlreadyTold(lists.ListRefused):
    """Everybody who is named knows of the hit already."""

    field = "users"


def change(
    *, alert_list: AlertList, by: User, scope: str, users: Collection[User] = (), group: UserGroup | None = None,
    collapse_minutes: int | None = None, now: datetime,
) -> AlertList:
    """Say who is told of the list's hits from now on, and how. Who is no longer told sees no hit of it any more.

    Args:
        alert_list: one of `by`'s lists.
        by: its owner.
        scope, users, group: who is told, as for `lists.create`.
        collapse_minutes: a value of `Collapse`: for how long further sightings at a place wait for one mail; None: as it is.
        now: the moment of changing.

    Raises:
        lists.ListRefused: see its kinds.
        CollapseNotListed: no such time.
        AlertList.DoesNotExist: it is not `by`'s, or was removed.
    """
    if collapse_minutes is not None and collapse_minutes not in Collapse.values:
        raise CollapseNotListed("Choose what happens to repeated sightings.")
    with transaction.atomic(durable=True):
        kept = AlertList.objects.select_for_update(of=["self"]).visible_to(by).get(pk=alert_list.pk)
        named = list(kept.users.all())
        before = lists.sharing(kept, named)
        if collapse_minutes is not None:
            kept.collapse_minutes = collapse_minutes
        lists.share(kept, scope=scope, users=users, group=group, named=named, now=now)
        record(Kind.LIST_SHARED, list=kept.pk, before=before, after=lists.sharing(kept, kept.users.all()))
    return kept


def show_hit(*, hit: Hit, by: User, users: Collection[User], now: datetime) -> int:
    """Tell other users of one hit of one's own, by mail and in the app; return how many were not told of it yet.

    Args:
        hit: of an entry of `by`.
        by: who shares.
        users: with whom; the case text is not shown to them.
        now: the moment of sharing.

    Raises:
        lists.RecipientsMissing, lists.RecipientNotAllowed: nobody is named, or one who may not be told.
        AlreadyTold: nobody is told who does not know of it.
        Hit.DoesNotExist: it is not of an entry of `by`, or was removed.
    """
    told = lists.told("users", users)
    with transaction.atomic(durable=True):
        # A removal waits for the entry's lock, and takes with it what is told here; one that came first leaves no hit.
        list(Entry.objects.select_for_update(no_key=True).visible_to(by).filter(pk=hit.entry_id).values_list("pk"))
        own = Hit.objects.select_for_update(of=["self"]).select_related("entry").get(pk=hit.pk, entry__owner=by)
        of_hit = Notification.objects.filter(plate=own.plate, entry_id=own.entry_id, record_id=own.record_id)
        # Who was told as a recipient and is none any more sees the hit no more.
        recipients = Recipient.objects.filter(entry_id=own.entry_id, user__in=told).values("user")
        known = {by.pk, *of_hit.filter(Q(kind=NotificationKind.SHARED) | Q(kind=NotificationKind.HIT, recipient__in=recipients),
                                       ).values_list("recipient_id", flat=True)}
        new = [user for user in told if user.pk not in known]
        if not new:
            raise AlreadyTold("Everybody whom you named was told of this hit already.")
        Notification.objects.bulk_create([Notification(
            kind=NotificationKind.SHARED, entry_id=own.entry_id, record_id=own.record_id, recipient=user, plate=own.plate,
            created_at=now, next_attempt_at=now) for user in new], ignore_conflicts=True)
        record(Kind.HIT_SHARED, plate=own.plate, state=own.state, reason=own.entry.reason, hit=own.pk, entry=own.entry_id,
               list=own.entry.alert_list_id, users={str(user.pk): user.get_username() for user in told})
    matching.wake()
    return len(new)
