"""An account that nobody signs in to for 90 days is disabled, with notice 14 days before (ACC-15).

Only a sign-in counts as use. Without a mail that was taken there is no notice, and without notice nothing is disabled, so a
scheduler that stood still for months gives notice first. A manager of the area who reaffirms the need of a disabled account
may open it again (`needs.reaffirm`, and the form of the account).
"""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Greatest

from accounts import notices, standing
from accounts.models import Idleness, Notice, User
from audit.events import Kind
from audit.record import record


def most() -> timedelta:
    return timedelta(days=settings.IDLE_DAYS)


def notice() -> timedelta:
    return timedelta(days=settings.IDLE_NOTICE_DAYS)


def review(*, now: datetime) -> None:
    """Take back notices that were heeded, give those that are due, disable accounts whose notice was given and not heeded.

    Args:
        now: the moment. Late, twice or at once from two schedulers does no harm.
    """
    # An account that is closed and opened again gets a notice of its own.
    Idleness.objects.filter(user__is_active=False, notice__isnull=False).update(notice=None)
    for user in _open_accounts().filter(idle_since__gt=now - most() + notice(), idleness__notice__isnull=False):
        Idleness.objects.filter(user=user).update(notice=None)
    for user in _open_accounts().filter(idle_since__lte=now - most() + notice(), idleness__notice__isnull=True):
        _give_notice(user, now)
    for user in _open_accounts().filter(idle_since__lte=now - most(), idleness__notice__sent_at__lte=now - notice()):
        _disable(user, now)


def is_over(account: User) -> bool:
    """Whether the account was disabled as idle and no manager has reaffirmed its need since."""
    return Idleness.objects.filter(user=account, disabled_at__isnull=False).exists()


def reaffirmed(account: User, *, now: datetime) -> None:
    """Count idle days of a disabled account anew; joins the open transaction. The need alone is no use of an open account."""
    Idleness.objects.filter(user=account, disabled_at__isnull=False).update(disabled_at=None, notice=None, counted_from=now)


def ending(users: QuerySet[User]) -> QuerySet[Any]:
    """Of `users` those who were given notice, with `idle_since` and the notice."""
    return _with_idle_since(users.filter(is_active=True, idleness__notice__isnull=False)).select_related("idleness__notice")


def ends_at(user: Any) -> datetime:
    """When the account of one of `ending` is disabled unless somebody signs in to it."""
    given = user.idleness.notice.sent_at or user.idleness.notice.made_at
    return max(user.idle_since + most(), given + notice())


def _with_idle_since(users: QuerySet[Any]) -> QuerySet[Any]:
    """GREATEST passes over what is not there: a sign-in, a reaffirmation."""
    return users.annotate(idle_since=Greatest(F("created_at"), F("last_login"), F("idleness__counted_from")))


def _open_accounts() -> QuerySet[Any]:
    """Those of an area: whoever is disabled has a manager who can say that they are needed."""
    return _with_idle_since(User.objects.filter(is_active=True, aor__isnull=False)).select_related("idleness__notice")


def _give_notice(user: Any, now: datetime) -> None:
    with transaction.atomic():
        row, _ = Idleness.objects.select_for_update().get_or_create(user=user)
        if row.notice_id is None:
            at = max(user.idle_since + most(), now + notice())
            row.disabled_at = None
            row.notice = notices.tell(Notice.Kind.IDLE_NOTICE, account=user, details=f"{at:%Y-%m-%d}", now=now)
            row.save()
            record(Kind.IDLE_NOTICED, username=user.username, ends_at=at)


def _disable(user: Any, now: datetime) -> None:
    with transaction.atomic(durable=True):
        account = User.objects.select_for_update(of=("self",)).get(pk=user.pk)
        # They may have signed in since the look.
        if not account.is_active or account.last_login != user.last_login:
            return
        standing.close(account, now=now)
        Idleness.objects.filter(user=account).update(disabled_at=now, notice=None)
        notices.tell(Notice.Kind.IDLE_DISABLED, account=account, now=now)
        record(Kind.IDLE_DISABLED, username=account.username, idle_since=user.idle_since)
