"""The gates: session, rules, training, in this order and on every channel."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.test import Client

from accounts import training
from accounts.models import Course, RulesText, TrainingRecord, User
from tests.personas import PASSWORD, affirm, sign_in, train

pytestmark = pytest.mark.usefixtures("database")
PAGE, API, ADMIN = "/queries/", "/api/v1/queries/", "/admin/"


def half_open(user: User) -> Client:
    """Signed in, before the splash."""
    client = Client()
    sign_in(client, user)
    return client


@pytest.mark.req("ACC-1")
def test_whoever_is_not_signed_in_is_sent_to_sign_in_and_gets_401_from_the_api(database, events):
    client = Client()
    for path in ("/", PAGE, "/rules/", "/accounts/rules/", "/accounts/password/", "/accounts/training/"):
        answer = client.get(path)
        assert (answer.status_code, answer.url) == (302, f"/accounts/login/?next={path}"), path
    assert client.get(ADMIN, follow=True).redirect_chain[-1][0].startswith("/accounts/login/")
    answer = client.get(API)
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Session")
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["status"] == 401
    assert [event["details"]["status"] for event in events("access.refused")] == [401]


@pytest.mark.req("ACC-8")
def test_before_the_splash_pages_lead_to_it_and_the_api_refuses(officer, manager, events):
    client = half_open(officer)
    assert client.get(PAGE).url == "/accounts/rules/?next=%2Fqueries%2F"
    assert client.get("/").url == "/accounts/rules/?next=%2F"
    assert client.get("/accounts/password/").url.startswith("/accounts/rules/")
    answer = client.get(API)
    assert (answer.status_code, answer.json()["type"]) == (403, "rules-not-accepted")
    assert answer["Content-Type"] == "application/problem+json"
    assert half_open(manager).get("/admin/accounts/user/").url.startswith("/accounts/rules/")
    assert client.post(PAGE, {"plate": "X"}).url == "/accounts/rules/"
    refused = events("access.refused", actor="officer")
    assert [event["details"]["why"] for event in refused] == ["Forbidden", "rules-not-accepted"]
    assert client.get("/rules/").status_code == 200


@pytest.mark.req("ACC-8")
def test_affirming_opens_this_session_and_is_recorded_with_its_version(officer, events):
    client = half_open(officer)
    page = client.get("/accounts/rules/?next=/queries/").content.decode()
    assert "Every query starts from a license plate number" in page
    answer = client.post("/accounts/rules/", {"agree": "on", "next": "/queries/"})
    assert answer.url == "/queries/"
    assert client.get(PAGE).status_code == client.get(API).status_code == 200
    [event] = events("rules.affirmed")
    assert (event["actor"], event["details"]["version"]) == ("officer", 1)
    assert half_open(officer).get(PAGE).url.startswith("/accounts/rules/")


@pytest.mark.req("ACC-8")
def test_without_the_tick_the_field_says_so_and_nothing_opens(officer, events):
    client = half_open(officer)
    answer = client.post("/accounts/rules/", {})
    assert "Tick this box" in answer.content.decode()
    assert client.get(API).status_code == 403
    assert not events("rules.affirmed")


@pytest.mark.req("ACC-8")
def test_an_old_version_cannot_be_affirmed_and_a_new_one_asks_again(officer, now, events):
    client = half_open(officer)
    affirm(client)
    RulesText.objects.create(version=2, body="Newer rules.", state="approved", in_force_from=now)
    RulesText.objects.create(body="Not approved.")
    RulesText.objects.create(version=3, body="Next year's.", state="approved", in_force_from=now + timedelta(days=300))
    assert client.get(API).json()["type"] == "rules-not-accepted"
    answer = client.post("/accounts/rules/", {"agree": "on", "version": "1"})
    assert answer.status_code == 403
    assert "Newer rules." in answer.content.decode()
    assert events("access.refused")[-1]["details"]["route"] == "accounts/rules/"
    affirm(client)
    assert client.get(API).status_code == 200


@pytest.mark.req("ACC-8")
def test_nothing_opens_while_no_rules_are_in_force(officer, now):
    with time_machine.travel(now - timedelta(days=400)):
        client = half_open(officer)
        assert "No rules of behavior are in force" in client.get("/accounts/rules/").content.decode()
        assert client.post("/accounts/rules/", {"agree": "on", "version": "0"}).status_code == 403
        assert client.get(API).status_code == 403


@pytest.mark.req("ACC-7")
def test_without_training_only_what_is_missing_is_open(untrained, events):
    client = half_open(untrained)
    affirm(client)
    for path in ("/", PAGE, "/alerts/", "/accounts/password/", ADMIN):
        assert client.get(path).url.startswith("/accounts/training/"), path
    answer = client.get(API)
    assert (answer.status_code, answer.json()["type"]) == (403, "training-missing")
    page = client.get("/accounts/training/").content.decode()
    assert "Lawful use of license plate reader data" in page
    assert "Records management (every 12 months)" in page
    assert "Password reset" not in page
    assert client.get("/rules/").status_code == 200
    train(untrained)
    assert client.get(PAGE).status_code == client.get(API).status_code == 200
    assert "Every course" in client.get("/accounts/training/").content.decode()
    assert events("access.refused", actor="untrained")[0]["details"]["status"] == 403


@pytest.mark.req("ACC-7")
def test_a_yearly_course_lapses_and_the_first_courses_do_not(officer, signed_in, now):
    with time_machine.travel(now + timedelta(days=400)):
        client = signed_in(officer)
        assert client.get(PAGE).url.startswith("/accounts/training/")
        missing = Course.objects.missing_for(officer, now + timedelta(days=400))
        assert {course.interval_months for course in missing} == {12}


@pytest.mark.req("ACC-7")
def test_a_managers_courses_include_escalation_and_password_reset(make_user, aor_nyc, now):
    user = make_user("new", role="agency_manager", aor=aor_nyc, trained=False)
    codes = set(Course.objects.missing_for(user, now).values_list("code", flat=True))
    assert {"escalation", "password-reset", "system-orientation", "data-privacy"} <= codes
    assert len(codes) == 10
    TrainingRecord.objects.create(user=user, course=Course.objects.get(code="escalation"), completed_on=now.date())
    assert not training.is_complete(user, now=now)


@pytest.mark.req("ACC-1")
@pytest.mark.parametrize(("minutes", "api_status"), [(29, 200), (31, 401)])
def test_a_session_ends_after_thirty_idle_minutes(officer, signed_in, now, events, minutes, api_status):
    client = signed_in(officer)
    with time_machine.travel(now + timedelta(minutes=minutes)):
        answer = client.get(API)
        assert answer.status_code == api_status
        if api_status == 401:
            assert answer.json()["type"] == "session-ended"
            [event] = events("session.ended")
            assert (event["actor"], event["details"]["why"]) == ("officer", "idle")
            assert client.get(PAGE).url.startswith("/accounts/login/")


@pytest.mark.req("ACC-1")
def test_a_session_in_use_ends_after_twelve_hours(officer, signed_in, now, events):
    client = signed_in(officer)
    for quarter in range(1, 48):
        with time_machine.travel(now + timedelta(minutes=15 * quarter)):
            assert client.get(PAGE).status_code == 200, quarter
    with time_machine.travel(now + timedelta(hours=12, seconds=1)):
        assert client.get(PAGE).url == "/accounts/login/?next=%2Fqueries%2F"
    [event] = events("session.ended")
    assert event["details"]["why"] == "absolute"


def test_the_mark_of_use_is_written_at_most_once_a_minute(officer, signed_in, now):
    client = signed_in(officer)
    client.get(PAGE)
    before = Session.objects.get().session_data
    with time_machine.travel(now + timedelta(seconds=30)):
        client.get(PAGE)
        assert Session.objects.get().session_data == before
    with time_machine.travel(now + timedelta(seconds=90)):
        client.get(PAGE)
    assert Session.objects.get().session_data != before


@pytest.mark.req("ACC-1")
def test_a_closed_account_is_out_by_its_next_request_and_stays_out(officer, signed_in, events):
    client, on_api = signed_in(officer), signed_in(officer)
    User.objects.filter(pk=officer.pk).update(is_active=False)
    assert on_api.get(API).status_code == 401
    assert client.get(PAGE).url.startswith("/accounts/login/")
    client.get("/accounts/login/")
    User.objects.filter(pk=officer.pk).update(is_active=True)
    assert on_api.get(API).status_code == 401
    assert client.get(PAGE).url.startswith("/accounts/login/")
    assert [event["details"]["why"] for event in events("session.ended", actor="officer")] == ["account", "account"]


@pytest.mark.req("ACC-1")
@pytest.mark.parametrize("change", [{"role": "support_staff"}, {"aor": None}, {"is_superuser": True}, {"password": "!"}])
def test_a_new_role_area_or_password_ends_every_open_session(officer, signed_in, change):
    client = signed_in(officer)
    User.objects.filter(pk=officer.pk).update(**change)
    assert client.get(API).status_code == 401
    assert client.get(PAGE).url.startswith("/accounts/login/")


@pytest.mark.req("ACC-1")
def test_changing_the_password_rotates_the_key_and_ends_the_other_sessions(officer, signed_in, events):
    here, elsewhere = signed_in(officer), signed_in(officer)
    before = here.cookies["session"].value
    new = "an entirely new passphrase"
    form = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    assert here.post("/accounts/password/", form).url == "/accounts/password/"
    assert here.cookies["session"].value != before
    assert here.get(PAGE).status_code == 200
    assert elsewhere.get(API).status_code == 401
    stale = Client()
    stale.cookies["session"] = before
    assert stale.get(API).status_code == 401
    [event] = events("password.changed")
    assert event["actor"] == "officer"
    sign_in(Client(), officer, password=new)
    assert new not in str(events())
    assert PASSWORD not in str(events())


@pytest.mark.req("ACC-1")
def test_bad_new_passwords_are_refused_at_their_field_without_counting(officer, signed_in):
    client = signed_in(officer)
    for first, second, words in [
        ("short", "short", "too short"), ("a" * 15, "a" * 15, "only repeats itself"),
        ("abc" * 7, "abc" * 7, "only repeats itself"), ("x9" + "y!z" * 50, "x9" + "y!z" * 50, "longer than 128"),
        ("my name is Officer ok", "my name is Officer ok", "contains your username"),
        ("a good new passphrase", "another new passphrase", "differ"), (PASSWORD, PASSWORD, "the old password"),
        ("", "", "This field is required"),
    ]:
        page = client.post("/accounts/password/",
                           {"old_password": PASSWORD, "new_password1": first, "new_password2": second}).content.decode()
        assert words in page, first
    officer.refresh_from_db()
    assert officer.check_password(PASSWORD)
