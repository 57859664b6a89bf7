"""Ten codes on paper for the day on which the phone is gone (BEY-1): shown once, kept as digests, each good for one use."""

from datetime import datetime

from django.db import transaction

from accounts import notices, typed_secrets
from accounts.models import Notice, RecoveryCode, User
from audit.context import actor_of
from audit.events import Kind
from audit.record import record

CODES = 10


@transaction.atomic
def make(*, user: User, now: datetime) -> list[str]:
    """Make ten new codes and drop the old ones, on the record; the answer is the only time that they can be read."""
    codes = [typed_secrets.make() for _ in range(CODES)]
    RecoveryCode.objects.filter(user=user).delete()
    RecoveryCode.objects.bulk_create(RecoveryCode(user=user, digest=typed_secrets.digest(code)) for code in codes)
    record(Kind.RECOVERY_CODES_MADE, actor=actor_of(user))
    notices.tell(Notice.Kind.RECOVERY_CODES_MADE, account=user, now=now)
    return codes


def left(user: User) -> int:
    return RecoveryCode.objects.filter(user=user, used_at__isnull=True).count()


@transaction.atomic
def use(*, user: User, typed: str, now: datetime) -> bool:
    """Whether `typed` is an unused code of `user`; it is spent by this, whoever else tries it at the same moment."""
    unused = RecoveryCode.objects.filter(user=user, digest=typed_secrets.digest(typed), used_at__isnull=True)
    if not unused.update(used_at=now):
        return False
    notices.tell(Notice.Kind.RECOVERY_CODE_USED, account=user, now=now)
    return True
