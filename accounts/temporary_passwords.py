"""A password that a recovery mails: once, within fifteen minutes, for the page of a new password and nothing else (ACC-3)."""

from datetime import datetime

from django.db import transaction

from accounts import lockout, standing, typed_secrets
from accounts.models import TemporaryPassword, User
from accounts.models.recovery import LIFE
from audit.context import actor_of
from audit.events import Kind
from audit.record import record


@transaction.atomic(durable=True)
def use(*, account: User | None, typed: str, now: datetime) -> bool:
    """Whether `typed` is a temporary password of `account`, which is spent by this; asked before any hash is computed.

    It counts on no row, since nobody guesses it, and passes the lock, since a full recovery releases a locked account
    (decision 11). An unknown name costs the same look.
    """
    unused = TemporaryPassword.objects.filter(
        user=account, digest=typed_secrets.digest(typed), used_at__isnull=True, mailed_at__gt=now - LIFE)
    if not unused.update(used_at=now) or account is None or not standing.is_open(account, now=now):
        return False
    lockout.forgive(account=account)
    record(Kind.TEMPORARY_PASSWORD_USED, actor=actor_of(account))
    return True
