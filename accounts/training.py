"""Training gates access: who may enter, until when a completed course counts (ACC-7)."""

from calendar import monthrange
from datetime import date, datetime

from accounts.models import Course, User
from accounts.models.user import UserQuerySet
from accounts.roles import Role

# Managers and auditors are in no manager's hands: who appoints them also keeps their training (ACC-4).
APPOINTED = frozenset({Role.AGENCY_MANAGER, Role.SUPERVISOR, Role.OPR_AUDITOR})


def is_complete(user: User, *, now: datetime) -> bool:
    return not Course.objects.missing_for(user, now).exists()


def valid_until(course: Course, completed_on: date) -> date | None:
    """The first day on which a completed course no longer counts; None where it is taken once."""
    if course.interval_months is None:
        return None
    years, month = divmod(completed_on.month - 1 + course.interval_months, 12)
    year, month = completed_on.year + years, month + 1
    return date(year, month, min(completed_on.day, monthrange(year, month)[1]))


def may_be_recorded_by(by: User) -> UserQuerySet:
    """Whose training `by` keeps: a manager that of their area, the appointer that of the appointed; nobody their own."""
    people = User.objects.visible_to(by).exclude(pk=by.pk)
    return people.filter(role__in=APPOINTED) if by.role == Role.AGENCY_APPOINTER else people
