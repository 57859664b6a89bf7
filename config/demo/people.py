"""The people of the demo: one account for each role, in two areas of responsibility."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from accounts import challenges
from accounts.models import AOR, ChallengeQuestion, Course, TrainingRecord, User
from accounts.roles import Role

ANSWER = "demo"  # to each of the three challenge questions of every account
AORS = {"NYC": ("New York City", "America/New_York"), "CHI": ("Chicago", "America/Chicago")}


@dataclass(frozen=True)
class Person:
    username: str
    full_name: str
    role: str
    aor: str = ""
    component: str = ""
    job_category: str = ""
    trained: bool = True


PEOPLE = (
    Person("officer.ero", "Erin Roth", Role.OFFICER, "NYC", "ERO", "ero_officer"),
    Person("officer.ero2", "Ellis Ortega", Role.OFFICER, "NYC", "ERO", "ero_officer"),
    Person("officer.hsi", "Harper Sims", Role.OFFICER, "NYC", "HSI", "hsi_agent"),
    Person("officer.chi", "Charlie Iverson", Role.OFFICER, "CHI", "ERO", "ero_officer"),
    Person("support.ero", "Sasha Underwood", Role.SUPPORT_STAFF, "NYC", "ERO", "mission_support_specialist"),
    Person("supervisor.nyc", "Sidney Vance", Role.SUPERVISOR, "NYC", "ERO", "ero_officer"),
    Person("manager.nyc", "Morgan Nye", Role.AGENCY_MANAGER, "NYC"),
    Person("manager.chi", "Marion Chase", Role.AGENCY_MANAGER, "CHI"),
    Person("auditor.opr", "Audrey Oates", Role.OPR_AUDITOR),
    Person("appointer.cor", "Cory Appleton", Role.AGENCY_APPOINTER),
    Person("operator.desk", "Dana Desmond", Role.HELP_DESK),
    Person("operator.quality", "Quinn Dale", Role.DATA_QUALITY),
    Person("operator.ops", "Oakley Price", Role.OPERATIONS),
    Person("untrained.ero", "Unity Ernst", Role.OFFICER, "NYC", "ERO", "ero_officer", trained=False),
    Person("admin", "Installation", ""),
)


@transaction.atomic
def settle(*, password: str, now: datetime) -> None:
    """Make the areas, the accounts and their training records; set every password to `password`. Safe to run again."""
    for code, (name, zone) in AORS.items():
        AOR.objects.get_or_create(code=code, defaults={"name": name, "time_zone": zone})
    questions = list(ChallengeQuestion.objects.all()[:3])
    areas = {area.code: area for area in AOR.objects.all()}
    for person in PEOPLE:
        user, is_new = User.objects.get_or_create(
            username=person.username,
            defaults={
                "full_name": person.full_name,
                "email": f"{person.username}@agency.example",
                "role": person.role,
                "aor": areas.get(person.aor),
                "component": person.component,
                "job_category": person.job_category,
                "is_superuser": not person.role,
            },
        )
        if is_new or not user.check_password(password):
            user.set_password(password)
            user.save(update_fields=["password"])
        if is_new and person.trained:
            _train(user, now)
        if is_new:
            challenges.keep(user=user, questions=questions, hashed=challenges.hashes([ANSWER] * len(questions)))


def _train(user: User, now: datetime) -> None:
    """A record of each required course, completed a month ago."""
    completed_on = (now - timedelta(days=30)).date()
    TrainingRecord.objects.bulk_create(
        TrainingRecord(
            user=user,
            course=course,
            completed_on=completed_on,
            valid_until=completed_on + timedelta(days=365) if course.interval_months else None,
        )
        for course in Course.objects.required_of(user)
    )
