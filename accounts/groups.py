"""User groups: who shares alerts and queries, for what, until when (ACC-16). Every step is on the record.

Who left, was removed, or whose group ended has no access from the next request on, because every request asks anew
(`UserGroup.objects.of`).
"""

from datetime import date, datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from accounts.models import User, UserGroup
from accounts.roles import Right, may
from audit.context import actor_of
from audit.events import Kind
from audit.record import record, record_durably


class NotInThisGroup(Exception):
    """For whoever is neither owner nor member, a group is not there."""


class NotTheOwner(Exception):
    """Only its owner changes a group."""


class NameTaken(Exception):
    """Another group has this name."""


class NotToBeAdded(Exception):
    """No open account of an officer, staff member or supervisor has this name, or the owner named themselves."""


def opened(*, group: UUID, by: User) -> UserGroup:
    """The group, for its owner and members, also after its end; on the record.

    Raises:
        NotInThisGroup: anybody else, and where there is none.
    """
    found = UserGroup.objects.filter(key=group).select_related("owner").first()
    if found is None or not (found.owner_id == by.pk or found.members.filter(pk=by.pk).exists()):
        raise NotInThisGroup
    record_durably(Kind.GROUP_VIEWED, actor=actor_of(by), group=found.pk)
    return found


def create(*, owner: User, name: str, purpose: str, ends_on: date) -> UserGroup:
    """Make a group of one, to which its owner adds the others.

    Args:
        owner: who may query.
        name, purpose: what it is called and what it is for.
        ends_on: the first day on which it shares nothing any more.

    Raises:
        NameTaken: of another group.
    """
    try:
        with transaction.atomic(durable=True):
            group = UserGroup.objects.create(owner=owner, name=name, purpose=purpose, ends_on=ends_on)
            record(Kind.GROUP_CREATED, actor=actor_of(owner), group=group.pk)
    except IntegrityError as error:
        refuse(by=owner, why="name taken")
        raise NameTaken from error
    return group


def change(*, group: UserGroup, by: User, purpose: str, ends_on: date) -> None:
    """Set purpose and end anew.

    Raises:
        NotTheOwner: refused, on the record.
    """
    _require_owner(group, by)
    changed = [name for name, value in (("purpose", purpose), ("ends_on", ends_on)) if getattr(group, name) != value]
    with transaction.atomic(durable=True):
        group.purpose, group.ends_on = purpose, ends_on
        group.save(update_fields=["purpose", "ends_on"])
        record(Kind.GROUP_CHANGED, actor=actor_of(by), group=group.pk, fields=changed)


def add(*, group: UserGroup, by: User, username: str) -> None:
    """Take a person of the agency in, of whatever area; adding a member once more changes nothing.

    Raises:
        NotTheOwner: refused, on the record.
        NotToBeAdded: refused, on the record.
    """
    _require_owner(group, by)
    person = User.objects.named(username.strip())
    if person is None or not may(person, Right.QUERY) or person.pk == group.owner_id:
        refuse(by=by, why="not to be added", group=group.pk)
        raise NotToBeAdded
    with transaction.atomic(durable=True):
        UserGroup.objects.select_for_update(of=("self",)).get(pk=group.pk)
        if not group.members.filter(pk=person.pk).exists():
            group.members.add(person)
            record(Kind.GROUP_MEMBER_ADDED, actor=actor_of(by), group=group.pk, username=person.username)


def remove(*, group: UserGroup, by: User, member: int) -> None:
    """Take a member out; one who is out already stays out.

    Raises:
        NotTheOwner: refused, on the record.
    """
    _require_owner(group, by)
    with transaction.atomic(durable=True):
        UserGroup.objects.select_for_update(of=("self",)).get(pk=group.pk)
        person = group.members.filter(pk=member).first()
        if person is not None:
            group.members.remove(person)
            record(Kind.GROUP_MEMBER_REMOVED, actor=actor_of(by), group=group.pk, username=person.username)


def leave(*, group: UserGroup, by: User) -> None:
    """A member goes; what the group shares is closed to them by the next request."""
    with transaction.atomic(durable=True):
        UserGroup.objects.select_for_update(of=("self",)).get(pk=group.pk)
        if group.members.filter(pk=by.pk).exists():
            group.members.remove(by)
            record(Kind.GROUP_MEMBER_LEFT, actor=actor_of(by), group=group.pk)


def take_out(*, person: User) -> None:
    """Take a person whose account is deleted out of every group; joins the open transaction."""
    for group in UserGroup.objects.select_for_update(of=("self",)).filter(members=person).order_by("pk"):
        group.members.remove(person)
        record(Kind.GROUP_MEMBER_REMOVED, group=group.pk, username=person.username)


def has_ended(group: UserGroup, *, now: datetime) -> bool:
    return group.ends_on is not None and group.ends_on <= now.date()


def refuse(*, by: User, why: str, group: int | None = None) -> None:
    """Note a change that was not made, outside of any transaction."""
    record_durably(Kind.GROUP_REFUSED, actor=actor_of(by), group=group, why=why)


def _require_owner(group: UserGroup, by: User) -> None:
    if group.owner_id != by.pk:
        refuse(by=by, why="not the owner", group=group.pk)
        raise NotTheOwner
