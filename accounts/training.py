"""Training gates access: who may enter, until when a completed course counts, who lacks what (ACC-7)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db.models import Count, Max, Q, QuerySet, TextChoices

from accounts import months
from accounts.models import Course, TrainingRecord, User
from accounts.models.user import UserQuerySet
from accounts.roles import Role

# Managers and auditors are in no manager's hands: who appoints them also keeps their training (ACC-4).
APPOINTED = frozenset({Role.AGENCY_MANAGER, Role.SUPERVISOR, Role.OPR_AUDITOR})


class State(TextChoices):
    """In a word, the worst first."""

    MISSING = "missing", "Missing"
    EXPIRED = "expired", "Expired"
    EXPIRING = "expiring", "Expires soon"
    COMPLETE = "complete", "Complete"


@dataclass(frozen=True)
class Standing:
    """What is not in order of the courses that a role needs. A date is the first on which the course no longer counts."""

    missing: Sequence[Course]
    expired: Sequence[tuple[Course, date]]
    expiring: Sequence[tuple[Course, date]]

    @property
    def state(self) -> State:
        if self.missing:
            return State.MISSING
        if self.expired:
            return State.EXPIRED
        return State.EXPIRING if self.expiring else State.COMPLETE


def is_complete(user: User, *, now: datetime) -> bool:
    return not Course.objects.missing_for(user, now).exists()


def valid_until(course: Course, completed_on: date) -> date | None:
    """The first day on which a completed course no longer counts; None where it is taken once."""
    return None if course.interval_months is None else months.after(completed_on, course.interval_months)


def soon() -> timedelta:
    """How long before its end a course is said to expire soon: from the first reminder on."""
    return timedelta(days=max(settings.TRAINING_REMINDER_DAYS))


def standings(people: QuerySet[User], *, now: datetime, also: Iterable[TrainingRecord] = ()) -> dict[User, Standing]:
    """How each of `people` stands with the courses of their role, in the order of `people`.

    Args:
        people: accounts, each once.
        now: the moment; a course counts until the day before its record's `valid_until` (UTC).
        also: completions that are not saved and are taken into account.
    """
    records = TrainingRecord.objects.filter(user__in=people).values("user_id", "course_id")
    # None: completed, and never to be taken again.
    until: dict[tuple[int, int], date | None] = {
        (row["user_id"], row["course_id"]): None if row["forever"] else row["until"]
        for row in records.annotate(until=Max("valid_until"), forever=Count("pk", filter=Q(valid_until__isnull=True)))}
    for record in also:
        key = record.user_id, record.course_id
        known = until.get(key, date.min)
        if known is not None:
            until[key] = max(known, record.valid_until) if record.valid_until else None
    courses = list(Course.objects.all())
    return {person: _standing([course for course in courses if person.role in course.roles], person, until, now.date())
            for person in people}


def _standing(required: Sequence[Course], person: User, until: dict[tuple[int, int], date | None], today: date) -> Standing:
    ends = [(course, end) for course in required if (end := until.get((person.pk, course.pk), date.min)) is not None]
    return Standing(
        missing=[course for course, end in ends if end == date.min],
        expired=[(course, end) for course, end in ends if date.min < end <= today],
        expiring=[(course, end) for course, end in ends if today < end <= today + soon()])


def may_be_recorded_by(by: User) -> UserQuerySet:
    """Whose training `by` keeps: a manager that of their area, the appointer that of the appointed; nobody their own."""
    people = User.objects.visible_to(by).exclude(pk=by.pk)
    return people.filter(role__in=APPOINTED) if by.role == Role.AGENCY_APPOINTER else people
