"""Changing one's own password (ACC-1, ACC-3): a wrong old one counts as a failed attempt, the other sessions end."""

from datetime import datetime

from django.db import transaction

from accounts import lockout, notices, passwords, recovery
from accounts.models import Notice, User
from audit.events import Kind
from audit.record import record, record_durably


class OldPasswordWrong(Exception):
    """The old password is not the account's, or no more may be tried."""


def change(*, user: User, old: str, new: str, now: datetime) -> None:
    """Set a new password that the form's validators have passed.

    Args:
        user: the owner, signed in.
        old, new: as typed.
        now: the moment of the attempt.

    Raises:
        OldPasswordWrong: refused, and counted toward lockout.
        passwords.Busy: too many passwords are being hashed.
    """
    row = lockout.row_of(user, user.username)
    with passwords.hashing_slot():
        try:
            lockout.reserve(row=row, now=now)
            matches = user.check_password(old)
            if matches:
                lockout.succeeded(row=row)
                user.set_password(new)
        except lockout.Locked as locked:
            record_durably(Kind.PASSWORD_CHANGE_REFUSED, why="locked")
            raise OldPasswordWrong from locked
    if not matches:
        record_durably(Kind.PASSWORD_CHANGE_REFUSED, why="wrong password")
        lockout.failed(row=row, account=user, now=now)
        raise OldPasswordWrong
    with transaction.atomic(durable=True):
        user.save(update_fields=["password"])
        recovery.spend_all(user=user, now=now)
        record(Kind.PASSWORD_CHANGED)
        notices.tell(Notice.Kind.PASSWORD_CHANGED, account=user, now=now)


def set_recovered(*, user: User, new: str, now: datetime) -> None:
    """Set the password that ends a recovery: the temporary one was spent at sign-in, and a locked account opens again.

    Args:
        user: the owner, in a session that a temporary password opened.
        new: as typed, passed by the form's validators.
        now: the moment.

    Raises:
        passwords.Busy: too many passwords are being hashed.
    """
    with passwords.hashing_slot():
        user.set_password(new)
    with transaction.atomic(durable=True):
        user.save(update_fields=["password"])
        recovery.finish(user=user, now=now)
        record(Kind.PASSWORD_CHANGED, how="recovery")
        notices.tell(Notice.Kind.PASSWORD_CHANGED, account=user, now=now)
