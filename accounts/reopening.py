"""What keeps a closed account closed, and its opening again by a step that is taken back (ACC-9, ACC-11, ACC-15)."""

from datetime import datetime

from accounts import ceilings, idleness, needs
from accounts.models import DeletionRequest, Sanction, User


def why_closed(account: User) -> str:
    """What keeps an account closed until it is taken back, as a sentence; nothing where it may be opened."""
    if account.deleted_at:
        return "This account is deleted. Its name is never used again."
    if DeletionRequest.objects.running().filter(account=account).exists():
        return "The deletion of this account is filed. Withdraw that first."
    closing = Sanction.objects.standing().filter(account=account, kind__in=Sanction.CLOSING).first()
    if closing:
        return f"{closing.get_kind_display()} is on record for this account. Lift that first."
    return ""


def need_is_over(account: User, *, now: datetime) -> bool:
    """Whether a manager has to say first that the account is needed."""
    return needs.is_over(account, now=now) or idleness.is_over(account)


def open_again(account: User, *, now: datetime) -> bool:
    """Open what was closed by a step that is taken back, unless something else keeps it closed; joins the open transaction.

    Raises:
        ceilings.Full: its place was given to somebody else.
    """
    locked = User.objects.select_for_update(of=("self",)).get(pk=account.pk)
    if locked.is_active or why_closed(locked) or need_is_over(locked, now=now):
        return False
    ceilings.take(aor=locked.aor, component=locked.component, now=now, without=locked)
    locked.is_active = True
    locked.save(update_fields=["is_active"])
    return True
