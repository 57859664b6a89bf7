"""Whoever's training lapsed sees what is missing, the rules and the way out, and nothing else, on every channel (ACC-7)."""

from datetime import timedelta

import pytest
import time_machine

from accounts import training
from accounts.models import Course, TrainingRecord, User

pytestmark = [pytest.mark.usefixtures("database"), pytest.mark.req("ACC-7")]
PAGE = "/accounts/training/"


def lapse(user: User, now, *, code: str = "data-privacy") -> None:
    TrainingRecord.objects.filter(user=user, course__code=code).update(valid_until=now.date())


@pytest.mark.parametrize("path", ["/", "/queries/", "/queries/new/", "/alerts/", "/alerts/upload/", "/groups/", "/coverage/",
                                  "/accounts/password/", "/accounts/second-factor/set-up/"])
def test_every_page_leads_to_what_is_missing(path, officer, signed_in, now, events):
    client = signed_in(officer)
    lapse(officer, now)
    assert client.get(path).url.startswith(PAGE)
    assert client.post(path, {"plate": "ABC123"}).url == PAGE
    assert events("access.refused", actor="officer")[-1]["details"]["why"] == "training-missing"


def test_the_session_that_is_open_closes_with_the_day(officer, signed_in, now):
    """Not at the next sign-in: the gate is asked with every request."""
    TrainingRecord.objects.filter(user=officer, course__code="data-privacy").update(
        valid_until=now.date() + timedelta(days=1))
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    with time_machine.travel(midnight - timedelta(minutes=5), tick=False):
        client = signed_in(officer)
        assert client.get("/queries/").status_code == 200
    with time_machine.travel(midnight + timedelta(minutes=5), tick=False):
        assert client.get("/queries/").url.startswith(PAGE)


@pytest.mark.parametrize(("method", "path"), [
    ("get", "/api/v1/queries/"), ("post", "/api/v1/queries/"), ("get", "/api/v1/alert-lists/"), ("post", "/api/v1/alert-lists/"),
    ("get", "/api/v1/hits/"), ("get", "/api/v1/schema/")])
def test_the_api_refuses_and_says_why(method, path, officer, api, now, events):
    client = api(officer)
    lapse(officer, now)
    answer = getattr(client, method)(path, {}, format="json") if method == "post" else client.get(path)
    assert (answer.status_code, answer.json()["type"]) == (403, "training-missing")
    assert events("access.refused", actor="officer")
    assert not events("query.attempted")


@pytest.mark.parametrize("path", ["/admin/", "/admin/accounts/user/", "/admin/accounts/user/export.csv",
                                  "/admin/accounts/trainingrecord/roster/", "/admin/accounts/accessrequest/"])
def test_the_back_office_is_closed_to_a_manager_whose_training_lapsed(path, manager, signed_in, now, events):
    client = signed_in(manager)
    lapse(manager, now, code="escalation")
    assert client.get(path).url.startswith(PAGE)
    assert client.post(path, {"action": "reaffirm"}).url == PAGE
    assert not events("desk.viewed")
    assert not events("users.exported")


def test_the_page_names_what_lapsed_what_was_never_taken_and_what_ends_soon(officer, signed_in, now):
    client = signed_in(officer)
    lapse(officer, now)
    TrainingRecord.objects.filter(user=officer, course__code="lawful-use").delete()
    page = client.get(PAGE).content.decode()
    assert f"lapsed on {now:%b} {now.day}, {now.year}" in page
    assert "never completed" in page
    assert page.count("status--bad") == 2
    for closed in ("/queries/", "/accounts/password/", "/accounts/second-factor/set-up/", "/admin/"):
        assert f'href="{closed}"' not in page
    assert client.get("/rules/").status_code == 200
    assert client.post("/accounts/logout/").status_code == 302
    TrainingRecord.objects.create(user=officer, course=Course.objects.get(code="lawful-use"), completed_on=now.date())
    TrainingRecord.objects.filter(user=officer, course__code="data-privacy").update(valid_until=now.date() + timedelta(days=9))
    assert "status--warn" in signed_in(officer).get(PAGE).content.decode()


def test_the_standing_of_a_person_agrees_with_the_gate(officer, untrained, manager, auditor, appointer, now):
    """Two ways to ask the same: one query with each request, one look at many people."""
    for days in (0, 300, 335, 336, 400):
        moment = now + timedelta(days=days)
        for person, standing in training.standings(User.objects.all(), now=moment).items():
            missing = {course.pk for course in standing.missing} | {course.pk for course, _ in standing.expired}
            assert missing == set(Course.objects.missing_for(person, moment).values_list("pk", flat=True)), (person, days)
            assert training.is_complete(person, now=moment) == (standing.state in {"complete", "expiring"})
