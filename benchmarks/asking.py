"""Officers of a benchmark: their accounts, and a browser that signs in and asks."""

import re
from datetime import UTC, datetime, timedelta

from accounts.models import AOR, Course, TrainingRecord, User
from accounts.roles import Role
from benchmarks import traffic
from benchmarks.measure import CannotRun
from benchmarks.serving import Browser
from lpr.models import ReasonCode

PASSWORD = "a made-up pass phrase of a benchmark"


def officer(username: str) -> None:
    """An officer with all training on record."""
    aor, _ = AOR.objects.get_or_create(code="BENCH", defaults={"name": "Benchmark"})
    person = User(username=username, full_name="Benchmark Officer", email=f"{username}@agency.example", role=Role.OFFICER,
                  aor=aor, component="ERO", job_category="ero_officer")
    person.set_password(PASSWORD)
    person.save()
    train(person)


def train(person: User) -> None:
    """Put all that the person's role needs on record."""
    today = datetime.now(UTC).date()
    for course in Course.objects.required_of(person):
        TrainingRecord.objects.create(user=person, course=course, completed_on=today - timedelta(days=30),
                                      valid_until=today + timedelta(days=300))


def reason() -> str:
    """The code of a reason that needs no offense."""
    return ReasonCode.objects.filter(is_criminal=False, components__contains=["ERO"]).values_list("code", flat=True)[0]


class Asker(Browser):
    """A browser that takes nothing but success for an answer.

    Raises:
        CannotRun: the service refused or failed.
    """

    def sign_in(self, username: str) -> None:
        self.page("/accounts/login/")
        self._sent("/accounts/login/", {"username": username, "password": PASSWORD})
        self.page("/accounts/rules/")
        self._sent("/accounts/rules/", {"agree": "on"})

    def ask(self, plate: str, reason: str) -> str:
        """Ask about five years of a plate; return the address of the result."""
        return self._sent("/queries/new/", {
            "plate": plate, "state": traffic.STATE, "reason": reason, "timeframe": "5y", "for_whom": "self",
            "case_reference": "Subject name John Doe, case number 12345678"})

    def page(self, path: str) -> bytes:
        answer = self.get(path)
        if answer.status != 200:
            raise CannotRun(f"GET {path} answered {answer.status}.")
        return answer.body

    def _sent(self, path: str, fields: dict[str, str]) -> str:
        answer = self.post(path, fields)
        if answer.status not in (302, 303):
            errors = re.findall(r'class="usa-error-message"[^>]*>([^<]+)', answer.body.decode())
            raise CannotRun(f"POST {path} answered {answer.status}. {' '.join(errors)}")
        return answer.location
