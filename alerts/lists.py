"""Alert lists: who keeps them and who else is told of their hits (ALR-1, ALR-4)."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import User, UserGroup
from alerts.models import AlertList, Reader, Scope
from audit.events import Kind
from audit.record import record
from lpr.policy import zone_of


class ListRefused(ValueError):
    """The list cannot be kept so; `field` says where, the message is a plain sentence."""

    field = ""


class NameNotValid(ListRefused):
    """The name is empty or holds what would end a line in the head of a mail."""

    field = "name"


class RecipientsMissing(ListRefused):
    """The scope names users, and none is given."""

    field = "users"


class RecipientNotAllowed(ListRefused):
    """A named user's account is closed or suspended, lacks training, or its role has no part in alerts (ALR-11, ACC-7)."""

    field = "users"


class GroupNotAllowed(ListRefused):
    """No group is given, it has ended, or the owner is not in it (ACC-16)."""

    field = "group"


def create(
    *, owner: User, name: str, scope: str = Scope.SELF, users: Collection[User] = (), group: UserGroup | None = None,
    now: datetime,
) -> AlertList:
    """Make an empty list (ALR-1) and record it.

    Args:
        owner: whose list it is.
        name: what mails and pages call it; never a plate.
        scope: who is told of its hits: a value of `Scope`.
        users, group: the named users or the group of that scope.
        now: the moment of making.

    Raises:
        ListRefused: see its kinds.
    """
    with transaction.atomic():
        return make(owner=owner, name=name, scope=scope, users=users, group=group, is_single_plate=False, now=now)


def make(
    *, owner: User, name: str, scope: str, users: Collection[User], group: UserGroup | None, is_single_plate: bool,
    now: datetime,
) -> AlertList:
    """As `create`, in the transaction that is open."""
    name = name.strip()
    if not name or not name.isprintable():
        raise NameNotValid("Enter a name of one line.")
    if len(name) > 100:
        raise NameNotValid("Enter a name of at most 100 characters.")
    made = AlertList(owner=owner, name=name, is_single_plate=is_single_plate)
    share(made, scope=scope, users=users, group=group, now=now)
    record(Kind.LIST_CREATED, list=made.id, name=name, **sharing(made, made.users.all()))
    return made


def share(
    alert_list: AlertList, *, scope: str, users: Collection[User], group: UserGroup | None, named: Collection[User] = (),
    now: datetime,
) -> None:
    """Save the list with who is told of its hits, in the transaction that is open.

    Args:
        named: who stands on the list already, and may stay though they cannot be told today.

    Raises:
        ListRefused: see its kinds.
    """
    users = told(scope, users, named=named)
    alert_list.group = _allowed_group(alert_list.owner, scope, group, now)
    alert_list.scope = scope
    alert_list.save()
    alert_list.users.set(users)


def sharing(alert_list: AlertList, users: Iterable[User]) -> dict[str, Any]:
    """What an event says of who is told: scope, and the users or the group by name and id."""
    return {
        "scope": alert_list.scope, "collapse_minutes": alert_list.collapse_minutes,
        "users": {str(user.pk): user.get_username() for user in users},
        "group": {"id": alert_list.group_id, "name": alert_list.group.name} if alert_list.group else None,
    }


def name_of_single_plate(owner: User, now: datetime) -> str:
    """A name by the owner's local time: a case reference would show it to every recipient, and a plate to every log of mails."""
    return f"Alert of {now.astimezone(zone_of(owner)):%Y-%m-%d %H:%M}"


def told(scope: str, users: Collection[User], *, named: Collection[User] = ()) -> Collection[User]:
    """The named users of a scope that names some, each of whom may be told; nobody for another scope.

    Those who were `named` before are not asked about: whose training has lapsed is told nothing meanwhile (`Recipient`), and
    what the owner changes otherwise does not wait for them.

    Raises:
        RecipientsMissing, RecipientNotAllowed: see them.
    """
    if scope != Scope.USERS:
        return ()
    if not users:
        raise RecipientsMissing("Name at least one user to tell.")
    allowed = Reader.objects.among(users) | {user.pk for user in named}
    for user in users:
        if user.pk not in allowed:
            raise RecipientNotAllowed(f"{user.get_username()} cannot be told: the account is closed or suspended, lacks training,"
                                      " or has no part in alerts.")
    return users


def _allowed_group(owner: User, scope: str, group: UserGroup | None, now: datetime) -> UserGroup | None:
    if scope != Scope.GROUP:
        return None
    if group is None or not UserGroup.objects.of(owner, now).filter(pk=group.pk).exists():
        raise GroupNotAllowed("Choose one of your user groups.")
    return group
