"""Lockout of an account: five failures in fifteen minutes, until its manager releases it (ACC-12, decision 11).

An attempt is reserved in a transaction of its own before anything is hashed, so that thirty guesses at once are five.
Whatever secret is tried (password, code, answer) counts in the same row, and an unknown name behaves as a known one.
"""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils.crypto import salted_hmac

from accounts.models import Lockout, Role, User
from audit.context import actor_of
from audit.events import Kind
from audit.record import record

# Returns a row when the attempt may be made. Times older than the window are forgotten on the way.
RESERVE = """
    INSERT INTO accounts_lockout AS l (username, attempts) VALUES (%(row)s, ARRAY[%(now)s::timestamptz])
    ON CONFLICT (username) DO UPDATE
    SET attempts = ARRAY(SELECT t FROM unnest(l.attempts) t WHERE t > %(since)s::timestamptz) || %(now)s::timestamptz
    WHERE (l.locked_at IS NULL OR %(through_lock)s::boolean)
        AND (SELECT count(*) FROM unnest(l.attempts) t WHERE t > %(since)s::timestamptz) < %(limit)s::int
    RETURNING username
"""
# Takes the one reserved attempt back and leaves the failures before it.
TAKE_BACK = """
    UPDATE accounts_lockout AS l
    SET attempts = l.attempts[:array_position(l.attempts, %(now)s::timestamptz) - 1]
        || l.attempts[array_position(l.attempts, %(now)s::timestamptz) + 1:]
    WHERE username = %(row)s AND locked_at IS NULL AND %(now)s::timestamptz = ANY(l.attempts)
"""
# Returns a row to the one failure that locks.
LOCK = """
    UPDATE accounts_lockout AS l SET locked_at = %(now)s::timestamptz, told_at = NULL
    WHERE username = %(row)s AND locked_at IS NULL
        AND (SELECT count(*) FROM unnest(l.attempts) t WHERE t > %(since)s::timestamptz) >= %(limit)s::int
    RETURNING username
"""


class Locked(Exception):
    """The account is locked, or as many attempts as are allowed are under way."""


class MayNotRelease(Exception):
    """Only an Agency Manager of the account's area releases it, and nobody their own."""


def row_of(account: User | None, username: str) -> str:
    """The name of the row that counts: the account's, or a digest of what was typed where there is no account."""
    if account is not None:
        return account.username
    return salted_hmac("accounts.lockout", username, algorithm="sha256").hexdigest()


def reserve(*, row: str, now: datetime, through_lock: bool = False) -> None:
    """Count one attempt before it is made.

    Args:
        row: what `row_of` names.
        now: the moment of the attempt.
        through_lock: a recovery is under way, whose end releases the account: the limit counts, the lock does not.

    Raises:
        Locked: nothing may be tried.
    """
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(RESERVE, _facts(row, now) | {"through_lock": through_lock})
        if cursor.fetchone() is None:
            raise Locked


def failed(*, row: str, account: User | None, now: datetime) -> None:
    """Note that a reserved attempt was wrong; the last one allowed locks, on the record, and has the people told."""
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(LOCK, _facts(row, now))
        if cursor.fetchone() is not None:
            record(Kind.ACCOUNT_LOCKED, actor=actor_of(account), username=account.username if account else "")
            transaction.on_commit(_have_them_told, robust=True)


def succeeded(*, row: str, through_lock: bool = False) -> None:
    """Note that a reserved attempt was right, and start counting anew.

    Raises:
        Locked: a parallel guess locked the account meanwhile.
    """
    rows = Lockout.objects.filter(username=row)
    if not (rows if through_lock else rows.filter(locked_at__isnull=True)).update(attempts=[]):
        raise Locked


def passed(*, row: str, now: datetime) -> None:
    """Note that a reserved attempt was right where another secret follows: only the last one forgives the failures before.

    Else whoever knows the password could sign in again after every four guesses at the code.

    Raises:
        Locked: a parallel guess locked the account meanwhile.
    """
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(TAKE_BACK, {"row": row, "now": now})
    if Lockout.objects.filter(username=row, locked_at__isnull=False).exists():
        raise Locked


def forgive(*, account: User) -> None:
    """Forget the failures of an account whose owner holds a temporary password; a lock stays until the recovery is done."""
    Lockout.objects.filter(username=account.username).update(attempts=[])


def release_recovered(*, account: User) -> None:
    """Open an account whose owner has recovered it in full, on the record of the open transaction (decision 11)."""
    row = Lockout.objects.filter(username=account.username)
    if row.filter(locked_at__isnull=False).exists():
        record(Kind.ACCOUNT_RELEASED, actor=actor_of(account), username=account.username, how="recovery")
    row.update(attempts=[], locked_at=None, told_at=None)


def release(*, username: str, by: User, now: datetime) -> None:
    """Open a locked account again, on the record.

    Args:
        username: the account's.
        by: an Agency Manager of the account's area.
        now: the moment of the release.

    Raises:
        MayNotRelease: `by` is not a manager of the account's area, or it is their own account.
    """
    account = User.objects.visible_to(by).filter(username=username).first()
    if account is None or by.role != Role.AGENCY_MANAGER or account.pk == by.pk:
        raise MayNotRelease
    with transaction.atomic(durable=True):
        Lockout.objects.filter(username=username).update(attempts=[], locked_at=None, told_at=None)
        record(Kind.ACCOUNT_RELEASED, actor=actor_of(by), username=username)


def _facts(row: str, now: datetime) -> dict[str, Any]:
    since = now - timedelta(seconds=settings.LOCKOUT_WINDOW_SECONDS)
    return {"row": row, "now": now, "since": since, "limit": settings.LOCKOUT_FAILURES}


def _have_them_told() -> None:
    """Wake the worker; a dead broker delays the mail until the scheduler's next round, and nothing else."""
    from accounts.tasks import tell_of_locks

    tell_of_locks.apply_async(retry=False)
