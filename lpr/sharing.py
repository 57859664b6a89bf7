"""Sharing a query of one's own with a user group (QRY-9, ACC-16).

Members open it as its asker does, each look on record under their own name, for as long as they are in the group and the group
goes on. Their inbox tells of it by who shared it, with which group. What was found is not kept: each look is a replay.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet

from accounts.models import User, UserGroup
from audit.events import Kind
from audit.record import record
from lpr.models import SharedQuery


class NotShared(Exception):
    """The query is not this user's, or the group is not one of theirs."""


def share(*, query: UUID, group: UserGroup, by: User, now: datetime) -> None:
    """Let the members of a group open a query; sharing twice changes nothing. Call it outside of any transaction.

    Args:
        query: the id of the attempt, which `by` asked.
        group: a group that `by` is in.
        by: the asker.
        now: the moment of sharing.

    Raises:
        NotShared: see there.
    """
    if _asker_of(query) != by.pk or not UserGroup.objects.of(by, now).filter(pk=group.pk).exists():
        raise NotShared
    with transaction.atomic(durable=True):
        _, is_new = SharedQuery.objects.get_or_create(query=query, group=group, defaults={"shared_by": by, "shared_at": now})
        if is_new:
            record(Kind.QUERY_SHARED, query=query, group=group.pk, name=group.name)


def end(*, query: UUID, group: UUID, by: User) -> None:
    """End a sharing of one's own, by the next request of any member.

    Args:
        query: the id of the attempt.
        group: the key of the group.
        by: who shared it.

    Raises:
        NotShared: there is none of `by`.
    """
    with transaction.atomic(durable=True):
        shared = SharedQuery.objects.select_for_update(of=("self",)).filter(query=query, group__key=group, shared_by=by).first()
        if shared is None:
            raise NotShared
        shared.delete()
        record(Kind.QUERY_SHARING_ENDED, query=query, group=shared.group_id)


def groups_of(*, query: UUID) -> list[UserGroup]:
    """The groups that a query is shared with."""
    return list(UserGroup.objects.filter(pk__in=SharedQuery.objects.filter(query=query).values("group")))


def told(*, user: User, limit: int, now: datetime) -> list[SharedQuery]:
    """The newest sharings of others with groups that `user` is in today, each with `is_new`: their inbox has not shown it."""
    return list(_told(user, now).select_related("group", "shared_by").order_by("-shared_at", "-pk")[:limit])


def unseen(*, user: User, now: datetime) -> int:
    """How many of these the inbox of `user` has not shown."""
    return _told(user, now).filter(is_new=True).count()


def see(*, user: User, shared: Iterable[Any] | None = None, now: datetime) -> None:
    """These sharings are no news to `user` from now on; by default all."""
    rows = _told(user, now).filter(is_new=True) if shared is None else shared
    seen = SharedQuery.seen_by.through
    seen.objects.bulk_create([seen(sharedquery_id=row.pk, user_id=user.pk) for row in rows if row.is_new], ignore_conflicts=True)


def _told(user: User, now: datetime) -> QuerySet[Any]:
    seen = SharedQuery.seen_by.through.objects.filter(sharedquery=OuterRef("pk"), user=user)
    of_groups = SharedQuery.objects.filter(group__in=UserGroup.objects.of(user, now)).exclude(shared_by=user)
    return of_groups.annotate(is_new=~Exists(seen))


def is_shared_with(*, query: UUID, user: User, now: datetime) -> bool:
    """Whether `user` is in a group today that the query is shared with."""
    return SharedQuery.objects.filter(query=query, group__in=UserGroup.objects.of(user, now)).exists()


def _asker_of(query: UUID) -> int | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT actor_id FROM audit.query_owner(%s::uuid)", [query])
        return (cursor.fetchone() or (None,))[0]
