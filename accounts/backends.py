"""Signing in with username and password, and rights from the role's group alone (ACC-1, ACC-10)."""

import time
from datetime import UTC, datetime
from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import Permission
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts import lockout, passwords, second_factor, sessions, standing, temporary_passwords
from accounts.models import User
from audit.context import actor_of
from audit.events import Kind
from audit.record import record_durably


class RoleBackend(ModelBackend):
    """Permissions of a user are those of the group named as their role; a user has none of their own."""

    def authenticate(self, request: HttpRequest | None, username: str | None = None, password: str | None = None,
                     **kwargs: Any) -> User | None:
        """The account of this name and password. Every refusal is on the record, and all look alike from outside.

        Raises:
            PermissionDenied: refused; Django tells axes, which counts the address.
            passwords.Busy: too many passwords are being hashed.
        """
        if username is None or password is None:
            return None
        account = User.objects.named(username)
        try:
            why = _try(account, username, password, now=datetime.now(UTC))
        except passwords.Busy:
            _refuse(account, "busy")
            raise
        if why:
            _refuse(account, why)
            raise PermissionDenied
        return account

    def get_user(self, user_id: int) -> User | None:
        """The account behind a session, with every request: nobody once it is closed or while it is suspended (ACC-11)."""
        return standing.usable(user_id, now=datetime.now(UTC))

    def _get_user_permissions(self, user_obj: User) -> QuerySet[Permission]:
        return Permission.objects.none()

    def _get_group_permissions(self, user_obj: User) -> QuerySet[Permission]:
        return Permission.objects.filter(group__name=user_obj.role)


def _refuse(account: User | None, why: str) -> None:
    """What was typed for a name that is nobody's is not kept: people type passwords there."""
    record_durably(Kind.SIGN_IN_REFUSED, actor=actor_of(account), username=account.username if account else "", why=why)


# How long the last hash took: an account that is locked answers no sooner than one that is not.
_last_hash_seconds = 0.0


def _try(account: User | None, username: str, password: str, *, now: datetime) -> str:
    """Reserve, hash, count; return why it was refused, or nothing. An unknown name costs what a known one does."""
    row = lockout.row_of(account, username)
    if temporary_passwords.use(account=account, typed=password, now=now) and account is not None:
        account.password_due = sessions.TEMPORARY
        return ""
    with passwords.hashing_slot():
        try:
            lockout.reserve(row=row, now=now)
        except lockout.Locked:
            time.sleep(_last_hash_seconds)
            return "locked"
        matches = _matches(account, password)
    why = "unknown name" if account is None else "wrong password" if not matches else ""
    if account is not None and not why and not account.is_active:
        why = "closed account"
    if account is not None and not why and standing.is_suspended(account, now=now):
        why = "suspended account"
    if why:
        lockout.failed(row=row, account=account, now=now)
        return why
    return _welcome(account, row, password, now) if account is not None else "unknown name"


def _welcome(account: User, row: str, password: str, now: datetime) -> str:
    """The password was right; say whether it may stay, and close the count where no second factor follows."""
    if passwords.is_blocked(password, account):
        account.password_due = sessions.BLOCKED
    try:
        if second_factor.is_bound(account):
            lockout.passed(row=row, now=now)
        else:
            lockout.succeeded(row=row)
    except lockout.Locked:
        return "locked"
    return ""


def _matches(account: User | None, password: str) -> bool:
    global _last_hash_seconds
    started = time.monotonic()
    if account is None:
        User().set_password(password)
        matches = False
    else:
        matches = account.check_password(password)
    _last_hash_seconds = time.monotonic() - started
    return matches
