"""Who keeps an account: who may ask for its deletion and put a sanction on record (ACC-6, ACC-9, ACC-11; the table of rights).

An Agency Manager keeps the officers, support staff and supervisors of the own area. Whoever was appointed beyond that is in the
hands of who appoints the role: managers and auditors of the agency appointer, operator staff of operations. Nobody keeps
themself, so no manager removes the colleague who could remove them.
"""

from typing import TYPE_CHECKING

from accounts.roles import APPOINTS, ASKERS, Role

if TYPE_CHECKING:
    from accounts.models.user import User, UserQuerySet


def kept_by(by: "User") -> "UserQuerySet":
    """The accounts, open or closed, that `by` keeps."""
    from accounts.models.user import User

    if not by.is_active:
        return User.objects.none()
    others = User.objects.exclude(pk=by.pk).exclude(is_superuser=True)
    if by.role == Role.AGENCY_MANAGER and by.aor_id:
        return others.filter(aor_id=by.aor_id, role__in=ASKERS)
    return others.filter(role__in=APPOINTS.get(by.role, ()))


def keeps(by: "User", account: "User") -> bool:
    return kept_by(by).filter(pk=account.pk).exists()


def asked_for_by(by: "User") -> "UserQuerySet":
    """The accounts whose deletion `by` may ask the manager for: of a supervisor's own area, those who query under them."""
    from accounts.models.user import User

    if by.role != Role.SUPERVISOR or not by.is_active or not by.aor_id:
        return User.objects.none()
    return User.objects.filter(aor_id=by.aor_id, role__in=(Role.OFFICER, Role.SUPPORT_STAFF), deleted_at__isnull=True)
