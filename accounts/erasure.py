"""What the deletion of an account erases, and what it keeps (ACC-9).

Erased: everything that opens something (password, answers, second factors, links, keys), everything by which the person can be
reached, and both in the history of the records. Kept: name and id, so that what the person did stays attributable; the log as
it is; and for their retention the records that ACC-5 names, without the address of mail.
"""

from collections.abc import Callable
from datetime import datetime

from django.db.models import Model
from django.db.models.functions import Lower

from accounts import groups, sessions, tickets
from accounts.models import (
    AccessRequest,
    AccountNeed,
    Appointment,
    Authenticator,
    ChallengeAnswer,
    Lockout,
    Notice,
    Passkey,
    PasskeyChallenge,
    RecoveryCode,
    RecoveryLink,
    RegistrationKey,
    TemporaryPassword,
    User,
)
from audit import mailings
from audit.incidents import recipients

# What other rooms hold of a person: each is called with the account inside the transaction of its deletion, and erases by then.
erasers: list[Callable[[User], None]] = []

_OF_THE_ACCOUNT: tuple[type[Model], ...] = (
    ChallengeAnswer, Authenticator, Passkey, PasskeyChallenge, RecoveryCode, RecoveryLink, TemporaryPassword, AccountNeed)


def erase(account: User, *, now: datetime) -> None:
    """Erase what only a living account needs; joins the open transaction, in which the account's row is held.

    Args:
        account: closed already.
        now: the moment of its deletion.
    """
    for model in _OF_THE_ACCOUNT:
        model._default_manager.filter(user=account).delete()
    Notice.objects.filter(account=account).delete()
    Lockout.objects.filter(username=account.username).delete()
    sessions.erase_all(account)
    groups.take_out(person=account)
    tickets.erase_of(account=account, now=now)
    for eraser in erasers:
        eraser(account)
    _erase_keys_and_addresses(account)
    account.set_unusable_password()
    account.email, account.is_active, account.deleted_at = "", False, now
    account.save(update_fields=["password", "email", "is_active", "deleted_at"])
    account.history.update(email="")


def _erase_keys_and_addresses(account: User) -> None:
    """Digests of used keys, and every address that the account ever had, wherever a form names it."""
    RegistrationKey.objects.filter(request__account=account).update(digest=None)
    RegistrationKey.objects.filter(appointment__account=account).update(digest=None)
    AccessRequest.objects.filter(account=account).update(email="")
    Appointment.objects.filter(account=account).update(email="")
    had = {address.lower() for address in [account.email, *account.history.values_list("email", flat=True)] if address}
    AccessRequest.objects.annotate(folded=Lower("supervisor_email")).filter(folded__in=had).update(supervisor_email="")
    mailings.forget(had)
    recipients.forget(had)
