"""Hand-over: the lists of an owner whose account is not active rest, and get a new owner in time, or end (ALR-11).

That they rest is never written down: matching asks the account itself (alerts/sql/rest.sql). What is kept is the time that the
manager of the area has to name a successor. Managers are told by mail, as is an owner who can still sign in.
"""

from datetime import datetime, timedelta
from uuid import uuid4

from django.db import transaction

from accounts.models import User
from accounts.roles import Role
from alerts import entries, matching
from alerts.models import AlertList, AlertPolicy, Entry, Handover, Hit, Notification, NotificationKind, Reader, Resting
from audit.events import Kind
from audit.record import record, record_durably, record_many


class HandoverRefused(ValueError):
    """The lists are not handed over; the message is a plain sentence."""


class NotTheManager(HandoverRefused):
    """Successors are named by an Agency Manager of the owner's area."""


class SuccessorNotFit(HandoverRefused):
    """The successor is not of the area, or may not keep alert lists."""


def keep_time(*, now: datetime) -> int:
    """Open what has begun, close what is over, end what nobody took in time; return how many hand-overs that changed.

    Args:
        now: the time. Late, twice or at once from two schedulers does no harm.
    """
    days = AlertPolicy.objects.get(pk=1).handover_days
    resting = dict(Resting.objects.filter(user__in=AlertList.objects.values("owner")).values_list("user_id", "why"))
    opened = sum(_open(owner, why, now, now + timedelta(days=days))
                 for owner, why in resting.items() if not Handover.objects.filter(owner=owner).exists())
    closed = sum(_close(owner) for owner in Handover.objects.exclude(owner__in=resting).values_list("owner_id", flat=True))
    told = sum(_tell(row, now) for row in Handover.objects.select_related("owner"))
    if told:
        matching.wake()
    overdue = Handover.objects.filter(due_at__lte=now).values_list("owner_id", flat=True)
    return opened + closed + sum(_end(owner, now) for owner in overdue)


def name_successor(*, handover: Handover, successor: str, by: User, now: datetime) -> User:
    """Give the lists of an owner at rest to another user, who is told of their hits from now on; return that user.

    Args:
        handover: whose lists.
        successor: the user name of who takes them over.
        by: an Agency Manager of the owner's area, who sees no plate of them.
        now: the moment of handing over.

    Raises:
        NotTheManager, SuccessorNotFit: nothing is handed over.
    """
    if not Handover.objects.visible_to(by).filter(pk=handover.pk).exists():
        raise NotTheManager("Successors are named by an Agency Manager of the owner's area.")
    taker = User.objects.visible_to(by).filter(username__iexact=successor.strip()).first()
    if taker is None or not Reader.objects.among([taker]):
        raise SuccessorNotFit("Enter the user name of a person of your area whose account is active, whose training is complete,"
                              " and who may keep alerts.")
    with transaction.atomic(durable=True):
        # No hit is made for the old owner while the rows change hands.
        entries.wait_for_loadings()
        if _taken(handover.owner_id) is None:
            raise HandoverRefused("These lists were handed over, have ended, or are their owner's again.")
        details = {"from": handover.owner.get_username(), "to": taker.get_username()}
        moved = list(Entry.objects.select_for_update().filter(owner=handover.owner).order_by("pk"))
        lists = list(AlertList.objects.select_for_update().filter(owner=handover.owner).order_by("pk"))
        Hit.objects.filter(owner=handover.owner, plate__in={entry.plate for entry in moved}).update(owner=taker)
        # The new owner has not been prompted yet.
        Entry.objects.filter(pk__in=[entry.pk for entry in moved]).update(owner=taker, prompted_days=None)
        AlertList.objects.filter(pk__in=[row.pk for row in lists]).update(owner=taker)
        event = record(Kind.LISTS_HANDED_OVER, **details, lists=[str(row.pk) for row in lists], entries=len(moved))
        record_many(Kind.ENTRY_HANDED_OVER, [entries.findable(entry) | details for entry in moved])
        letter = uuid4()
        Notification.objects.bulk_create([Notification(
            kind=NotificationKind.TAKEN_OVER, entry_id=row.pk, record_id=event.id, recipient=taker, plate="", letter=letter,
            created_at=now, next_attempt_at=now) for row in lists])
    matching.wake()
    return taker


def refuse(*, handover: Handover, why: str) -> None:
    """Record that a successor was refused. Stands by itself."""
    record_durably(Kind.HANDOVER_REFUSED, owner=handover.owner.get_username(), why=why)


def _taken(owner: int) -> Handover | None:
    """The open hand-over, taken away in the open transaction, so that of two that end it one does."""
    found = Handover.objects.select_for_update().filter(owner=owner).first()
    if found:
        Notification.objects.filter(kind=NotificationKind.AT_REST, entry_id=found.key).delete()
        found.delete()
    return found


def _open(owner: int, why: str, now: datetime, due_at: datetime) -> bool:
    with transaction.atomic(durable=True):
        if not AlertList.objects.filter(owner=owner).exists():
            # Another job has ended them meanwhile.
            return False
        row, is_new = Handover.objects.get_or_create(owner_id=owner, defaults={"why": why, "began_at": now, "due_at": due_at})
        if is_new:
            record(Kind.HANDOVER_OPENED, owner=row.owner.get_username(), why=why, due_at=due_at)
    return is_new


def _tell(row: Handover, now: datetime) -> int:
    """Owe the managers of the area a mail, those too who came later, and the owner whose account is open; each once."""
    people = User.objects.filter(role=Role.AGENCY_MANAGER, aor__isnull=False, aor=row.owner.aor_id, is_active=True)
    owed = {*people.values_list("pk", flat=True), *([row.owner_id] if row.owner.is_active else [])}
    of_row = {"kind": NotificationKind.AT_REST, "entry_id": row.key, "record_id": row.key}
    with transaction.atomic(durable=True):
        # One that another job ended meanwhile owes nothing any more.
        if not list(Handover.objects.select_for_update(of=["self"]).filter(pk=row.pk).values_list("pk")):
            return 0
        owed -= set(Notification.objects.filter(**of_row).values_list("recipient_id", flat=True))
        Notification.objects.bulk_create([Notification(
            **of_row, recipient_id=person, plate="", created_at=now, next_attempt_at=now) for person in sorted(owed)])
    return len(owed)


def _close(owner: int) -> bool:
    with transaction.atomic(durable=True):
        found = _taken(owner)
        if found:
            record(Kind.HANDOVER_CLOSED, owner=found.owner.get_username(), why="the owner is active again, or nothing is left")
    return found is not None


def _end(owner: int, now: datetime) -> bool:
    with transaction.atomic(durable=True):
        entries.wait_for_loadings()
        found = _taken(owner)
        if found is None or not Resting.objects.filter(user_id=owner).exists():
            return False
        gone = entries.erase(Entry.objects.filter(owner_id=owner), note="No successor was named in time.")
        for alert_list in AlertList.objects.filter(owner_id=owner):
            entries.delete_list(alert_list)
        record(Kind.HANDOVER_CLOSED, owner=found.owner.get_username(), why="nobody took the lists over in time",
               entries=len(gone))
    return True
