"""Whether an account may be used now, and from when on its sessions count (ACC-1, ACC-9, ACC-11).

An account is closed by a column, at once and until somebody opens it. A suspension is never written into a column: it begins
and ends by the clock, so the clock is asked, at sign-in and with every request. What once closed an account has cut its
sessions for good: one that began earlier does not come back when the account does.
"""

from datetime import UTC, datetime
from functools import cache
from typing import Any

from django.db.models import Exists, OuterRef, Subquery
from django.db.models.functions import Greatest

from accounts import recovery
from accounts.models import DeletionRequest, Sanction, User

# What stands in the statement for whom and when.
_SOMEBODY, _SOME_TIME = -1, datetime(1, 1, 1, tzinfo=UTC)


def usable(pk: int, *, now: datetime) -> User | None:
    """The account of a session, with `cut_at`, or None where it is closed or suspended. One look, made with every request."""
    sql, parameters = _statement()
    given = {_SOMEBODY: pk, _SOME_TIME: now}
    return next(iter(User.objects.raw(sql, [given.get(value, value) for value in parameters])), None)


@cache
def _statement() -> tuple[str, tuple[Any, ...]]:
    """The look as SQL, put together once: each request would pay for that again."""
    theirs = OuterRef("pk")
    sanctioned = Sanction.objects.begun(_SOME_TIME).filter(account=theirs).order_by("-starts_at").values("starts_at")[:1]
    filed = DeletionRequest.objects.filter(account=theirs, filed_at__isnull=False).order_by("-filed_at").values("filed_at")[:1]
    return User.objects.filter(
        ~Exists(Sanction.objects.suspending(_SOME_TIME).filter(account=theirs)), pk=_SOMEBODY, is_active=True,
    ).annotate(cut_at=Greatest(Subquery(sanctioned), Subquery(filed))).query.sql_with_params()


def is_suspended(account: User, *, now: datetime) -> bool:
    return Sanction.objects.suspending(now).filter(account=account).exists()


def is_open(account: User, *, now: datetime) -> bool:
    """Whether its owner may enter, and may be mailed what lets them enter."""
    return account.is_active and not is_suspended(account, now=now)


def close(account: User, *, now: datetime) -> bool:
    """Close an account and spend what would open it; joins the open transaction, which holds the account's row afterwards.

    Returns: whether it was open.
    """
    locked = User.objects.select_for_update(of=("self",)).get(pk=account.pk)
    was_open, locked.is_active = locked.is_active, False
    if was_open:
        locked.save(update_fields=["is_active"])
    account.is_active = False
    recovery.spend_all(user=locked, now=now)
    return was_open
