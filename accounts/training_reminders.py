"""Reminders that training ends: 30 days before, 7 days before, on the day; the managers hear what has lapsed (ACC-7).

What was said is a row each, so nothing is said twice; after a standstill the latest stage is said and those before it are not.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from accounts import notices, training
from accounts.models import AOR, Course, Notice, Role, TrainingRecord, TrainingReminder, User
from accounts.training import Standing
from audit.events import Kind
from audit.record import record

End = tuple[Course, date]


def remind(*, now: datetime) -> None:
    """Say what is due. Late, twice or at once from two schedulers does no harm.

    Args:
        now: the moment; a day is one of UTC, as in `training`.
    """
    ending = TrainingRecord.objects.filter(valid_until__lte=now.date() + training.soon())
    people = User.objects.filter(is_active=True, pk__in=ending.values("user"))
    for person, standing in training.standings(people, now=now).items():
        if standing.expiring or standing.expired:
            _remind(person, standing, now)
    for area in AOR.objects.filter(pk__in=_unlisted().values("user__aor")):
        _list_lapses(area, now)


def _remind(person: User, standing: Standing, now: datetime) -> None:
    with transaction.atomic():
        # Of two schedulers the second finds what the first has said.
        User.objects.select_for_update(of=("self",)).get(pk=person.pk)
        said: dict[tuple[int, date], int] = {}
        for course, end, days in TrainingReminder.objects.filter(user=person).values_list("course", "valid_until", "days"):
            said[course, end] = min(days, said.get((course, end), days))
        for kind, event, ends in ((Notice.Kind.TRAINING_EXPIRING, Kind.TRAINING_REMINDED, standing.expiring),
                                  (Notice.Kind.TRAINING_LAPSED, Kind.TRAINING_LAPSED, standing.expired)):
            due = {(course, end): _stage(end, now.date()) for course, end in ends}
            _say(person, kind, event, {(course, end): days for (course, end), days in due.items()
                                       if days < said.get((course.pk, end), days + 1)}, now)


def _stage(end: date, today: date) -> int:
    """Of the stages that have come, the last."""
    return min(days for days in settings.TRAINING_REMINDER_DAYS if (end - today).days <= days)


def _say(person: User, kind: Notice.Kind, event: Kind, due: Mapping[End, int], now: datetime) -> None:
    if not due:
        return
    notice = notices.tell(kind, account=person, details=_lines([*due]), now=now)
    TrainingReminder.objects.bulk_create(
        TrainingReminder(user=person, course=course, valid_until=end, days=days, notice=notice)
        for (course, end), days in due.items())
    record(event, username=person.username, courses={course.code: str(end) for course, end in due})


def _unlisted() -> QuerySet[TrainingReminder]:
    return TrainingReminder.objects.filter(days=0, listed_at__isnull=True)


def _list_lapses(area: AOR, now: datetime) -> None:
    """One mail to each manager of the area; while it has none, the lapses wait for one."""
    managers = User.objects.filter(role=Role.AGENCY_MANAGER, aor=area, is_active=True)
    with transaction.atomic():
        lapses = list(_unlisted().filter(user__aor=area).select_for_update(skip_locked=True, of=("self",))
                      .select_related("user", "course"))
        if not lapses or not managers:
            return
        of_person: dict[User, list[End]] = {}
        for lapse in lapses:
            of_person.setdefault(lapse.user, []).append((lapse.course, lapse.valid_until))
        details = "\n\n".join(f"{person.full_name} ({person.username})\n{_lines(ends)}" for person, ends in of_person.items())
        for manager in managers:
            notices.tell(Notice.Kind.TRAINING_LAPSED_IN_AREA, account=manager, details=details, now=now)
        TrainingReminder.objects.filter(pk__in=[lapse.pk for lapse in lapses]).update(listed_at=now)
        record(Kind.TRAINING_LAPSES_LISTED, area=area.code, usernames=sorted(person.username for person in of_person))


def _lines(ends: Sequence[End]) -> str:
    return "\n".join(f"- {course.name}, until {end:%Y-%m-%d}" for course, end in ends)
