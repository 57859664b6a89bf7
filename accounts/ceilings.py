"""The most open accounts of an area and component (ACC-15): every step towards one more takes the same row lock.

A key that is on its way holds a place, so that no approved person comes too late.
"""

from datetime import datetime

from django.conf import settings
from django.db.models import Q

from accounts.models import AOR, AccountCeiling, RegistrationKey, User


class Full(Exception):
    """The area has as many accounts of this component as it may have; the message says how many."""


def take(*, aor: AOR | None, component: str, now: datetime, without: User | None = None, keys_count: bool = True) -> None:
    """Hold the ceiling's row until the transaction ends and see that one more account fits under it.

    Args:
        aor, component: where the account counts. Accounts without either count nowhere.
        now: the moment of the step.
        without: an account that is not counted, because the step is about it.
        keys_count: whether keys that are on their way hold places; not at registration, where one of them is used.

    Raises:
        Full: nothing is left.
        django.db.transaction.TransactionManagementError: no transaction is open.
    """
    if aor is None or not component:
        return
    AccountCeiling.objects.get_or_create(aor=aor, component=component, defaults={"most": settings.ACCOUNT_CEILING})
    ceiling = AccountCeiling.objects.select_for_update().get(aor=aor, component=component)
    taken = User.objects.filter(aor=aor, component=component, is_active=True).exclude(pk=without.pk if without else None).count()
    if keys_count:
        taken += _keys_on_their_way(aor, component, now)
    if taken >= ceiling.most:
        raise Full(f"{aor} has reached its ceiling of {ceiling.most} accounts of {component}, keys on their way included.")


def _keys_on_their_way(aor: AOR, component: str, now: datetime) -> int:
    return RegistrationKey.objects.open(now).filter(
        Q(request__aor=aor, request__component=component)
        | Q(appointment__aor=aor, appointment__component=component)).count()
