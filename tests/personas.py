"""The people of the tests: one of each role in New York City, others in Chicago, and what they did as the log has it."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts import sanctions
from accounts.models import AOR, Course, Sanction, TrainingRecord, User
from accounts.roles import Role
from config import databases

PASSWORD = "correct horse battery staple"
RULES_PAGE = "/accounts/rules/"


def train(user: User, *, days_ago: int = 30) -> None:
    """A record of every course that the role needs, completed `days_ago`."""
    completed_on = (datetime.now(UTC) - timedelta(days=days_ago)).date()
    for course in Course.objects.required_of(user):
        valid_until = completed_on + timedelta(days=365) if course.interval_months else None
        TrainingRecord.objects.create(user=user, course=course, completed_on=completed_on, valid_until=valid_until)


def lapse(user: User, *, days_ago: int) -> None:
    """Let one yearly course of the user end so many days ago."""
    taken = TrainingRecord.objects.filter(user=user, valid_until__isnull=False).earliest("pk")
    TrainingRecord.objects.filter(pk=taken.pk).update(valid_until=datetime.now(UTC).date() - timedelta(days=days_ago))


def suspend(user: User, *, by: User) -> Sanction:
    """A suspension in force since a minute ago, by the database's clock too."""
    begun = datetime.now(UTC) - timedelta(minutes=1)
    return sanctions.impose(account=user, kind="suspension", reason="Asked about a neighbor", evidence="Review 12", by=by,
                            ends_at=begun + timedelta(days=3), now=begun)


@pytest.fixture
def aor_nyc(database: None) -> AOR:
    return AOR.objects.create(code="NYC", name="New York City", time_zone="America/New_York")


@pytest.fixture
def aor_chi(database: None) -> AOR:
    return AOR.objects.create(code="CHI", name="Chicago", time_zone="America/Chicago")


@pytest.fixture
def make_user(database: None) -> Callable[..., User]:
    """`make_user(username, role=..., aor=..., component=..., trained=True, **fields)`."""

    def make(username: str, *, trained: bool = True, **fields: Any) -> User:
        user = User(username=username, **{"full_name": username.title(), "email": f"{username}@agency.example"} | fields)
        user.set_password(PASSWORD)
        user.save()
        if trained:
            train(user)
        return user

    return make


@pytest.fixture
def officer(make_user: Callable[..., User], aor_nyc: AOR) -> User:
    return make_user("officer", role=Role.OFFICER, aor=aor_nyc, component="ERO", job_category="ero_officer")


@pytest.fixture
def officer2(make_user: Callable[..., User], aor_nyc: AOR) -> User:
    return make_user("officer2", role=Role.OFFICER, aor=aor_nyc, component="ERO", job_category="ero_officer")


@pytest.fixture
def agent(make_user: Callable[..., User], aor_nyc: AOR) -> User:
    return make_user("agent", role=Role.OFFICER, aor=aor_nyc, component="HSI", job_category="hsi_agent")


@pytest.fixture
def officer_chi(make_user: Callable[..., User], aor_chi: AOR) -> User:
    return make_user("officer_chi", role=Role.OFFICER, aor=aor_chi, component="ERO", job_category="ero_officer")


@pytest.fixture
def support(make_user: Callable[..., User], aor_nyc: AOR) -> User:
    return make_user("support", role=Role.SUPPORT_STAFF, aor=aor_nyc, component="ERO",
                     job_category="mission_support_specialist")


@pytest.fixture
def supervisor(make_user: Callable[..., User], aor_nyc: AOR) -> User:
    return make_user("supervisor", role=Role.SUPERVISOR, aor=aor_nyc, component="ERO", job_category="ero_officer")


@pytest.fixture
def manager(make_user: Callable[..., User], aor_nyc: AOR) -> User:
    return make_user("manager", role=Role.AGENCY_MANAGER, aor=aor_nyc)


@pytest.fixture
def other_manager(make_user: Callable[..., User], aor_chi: AOR) -> User:
    return make_user("other_manager", role=Role.AGENCY_MANAGER, aor=aor_chi)


@pytest.fixture
def auditor(make_user: Callable[..., User]) -> User:
    return make_user("auditor", role=Role.OPR_AUDITOR)


@pytest.fixture
def appointer(make_user: Callable[..., User]) -> User:
    return make_user("appointer", role=Role.AGENCY_APPOINTER)


@pytest.fixture
def operator(make_user: Callable[..., User]) -> User:
    """Operator staff who keep sources, keys and policies."""
    return make_user("operator", role=Role.OPERATIONS)


@pytest.fixture
def quality(make_user: Callable[..., User]) -> User:
    return make_user("quality", role=Role.DATA_QUALITY)


@pytest.fixture
def untrained(make_user: Callable[..., User], aor_nyc: AOR) -> User:
    return make_user("untrained", role=Role.OFFICER, aor=aor_nyc, component="ERO", job_category="ero_officer",
                     trained=False)


@pytest.fixture
def superuser(make_user: Callable[..., User]) -> User:
    return make_user("superuser", is_superuser=True)


def sign_in(client: Client, user: User, *, password: str = PASSWORD) -> None:
    """Through the page, as a person does."""
    answer = client.post("/accounts/login/", {"username": user.username, "password": password})
    assert answer.status_code == 302, answer.content.decode()


def affirm(client: Client) -> None:
    answer = client.post(RULES_PAGE, {"agree": "on"})
    assert answer.status_code == 302, answer.content.decode()


@pytest.fixture
def signed_in() -> Callable[[User], Client]:
    """`signed_in(user)`: a browser that went through login and splash."""

    def enter(user: User) -> Client:
        client = Client()
        sign_in(client, user)
        affirm(client)
        return client

    return enter


@pytest.fixture
def api() -> Callable[[User], APIClient]:
    """`api(user)`: an API client with the session of a normal login, splash affirmed."""

    def enter(user: User) -> APIClient:
        client = APIClient()
        sign_in(client, user)
        affirm(client)
        return client

    return enter


@pytest.fixture
def events(database: None) -> Callable[..., list[dict[str, Any]]]:
    """`events("query.attempted", actor="officer")`: what the log holds, newest last, read past every door of the service.

    Each event is its payload (actor, aor, plate, details, ...) with `id`, `at` and `kind`.
    """

    def read(kind: str | None = None, **columns: Any) -> list[dict[str, Any]]:
        with databases.administrator() as connection:
            rows = connection.execute("SELECT id, at, kind, payload FROM audit.event ORDER BY at, id").fetchall()
        found = [{"id": str(id), "at": at, "kind": name} | json.loads(payload) for id, at, name, payload in rows]
        return [event for event in found
                if (kind is None or event["kind"] == str(kind))
                and all(event.get(name) == value for name, value in columns.items())]

    return read
