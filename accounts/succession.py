"""Who follows the agency appointer, or the last of operations, once they have left (ACC-4).

Nobody in the service appoints either role from outside, so the installation's command does, on the agency's or the operator's
written word. It closes the account of who left, and the agency's auditors hear of it by mail: whoever runs the installation
cannot put a person of theirs into the agency's chair unnoticed.
"""

from datetime import datetime

from django.db import transaction

from accounts import keys, notices, standing
from accounts.models import Appointment, Notice, RegistrationKey, User
from accounts.models.appointment import LONGEST_AUTHORITY
from accounts.models.user import fold
from accounts.roles import FIRST
from audit.events import Kind
from audit.record import record, record_durably


class NotToBeSucceeded(Exception):
    """Nobody is named to follow this person; the message says why not."""


def succeed(*, predecessor: str, username: str, email: str, authority: str, now: datetime) -> str:
    """Close the account of who left, name who follows, and return the address at which that person registers: the only time
    it is shown.

    A key that ran out unused is followed by another, for this or another person.

    Args:
        predecessor: the username of the appointer, or of the last of operations, who left.
        username, email: of who follows.
        authority: the written word on which this is done, as one finds it again: a letter's number and date.
        now: the moment.

    Raises:
        NotToBeSucceeded: the predecessor is not of these roles, or somebody else of the role can act, or is named already.
    """
    try:
        with transaction.atomic(durable=True):
            left = _held(predecessor)
            if why := _why_not(left, username, authority, now):
                raise NotToBeSucceeded(why)
            was_open = standing.close(left, now=now)
            made = Appointment.objects.create(
                role=left.role, full_name=username, username=username, email=email, succeeds=left, authority=authority.strip(),
                appointed_at=now)
            record(Kind.APPOINTMENT_SUCCEEDED, appointment=str(made), role=made.role, username=left.username, closed=was_open,
                   authority=made.authority)
            notices.tell(Notice.Kind.SUCCEEDED, account=left, details=made.authority, by=username, now=now)
            return keys.make(keys.issue(ground=made, by=None, now=now, mails=False), now=now)
    except NotToBeSucceeded as refusal:
        record_durably(Kind.APPOINTMENT_REFUSED, succeeds=fold(predecessor), why=str(refusal))
        raise


def _held(username: str) -> User:
    """The predecessor, whose row is held until the transaction ends, so that two commands come one after the other."""
    found = User.objects.named(username)
    if found is None or found.role not in FIRST:
        raise NotToBeSucceeded("No agency appointer and nobody of operations has this username.")
    return User.objects.select_for_update(of=("self",)).get(pk=found.pk)


def _why_not(left: User, username: str, authority: str, now: datetime) -> str:
    """What stands against a succession, as a sentence; nothing where it may be made."""
    if not 0 < len(authority.strip()) <= LONGEST_AUTHORITY:
        return f"Say on whose written word this is done, in {LONGEST_AUTHORITY} characters at most."
    if User.objects.named(username) is not None:
        return "An account has had this username. Names are never used again."
    other = User.objects.filter(role=left.role, is_active=True).exclude(pk=left.pk).first()
    if other is not None:
        return f"The account {other} has the same role and is open."
    followed = Appointment.objects.filter(succeeds=left)
    if found := followed.filter(account__isnull=False).first():
        return f"{found.account} followed already. Name who follows that person."
    if RegistrationKey.objects.open(now).filter(appointment__in=followed).exists():
        return "Somebody is named already, whose key still stands."
    return ""
