"""The second factor stands between password and splash, works once, and counts its failures (BEY-1)."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core import mail
from django.db import connections
from django.test import Client, RequestFactory

from accounts import lockout, notices, recovery_codes, second_factor
from accounts.models import Authenticator, Lockout, RecoveryCode, Role, User
from audit.events import Kind
from config.settings import base, demo
from tests.accounts.factors import bound, code
from tests.personas import PASSWORD, affirm, sign_in

pytestmark = pytest.mark.usefixtures("database")
FACTOR, SET_UP = "/accounts/second-factor/", "/accounts/second-factor/set-up/"
PAGE, API, ADMIN = "/queries/", "/api/v1/queries/", "/admin/"


@pytest.fixture
def moment():
    """The clock stands at the start of the next time step, so that a step does not end inside a test."""
    now = datetime.fromtimestamp((int(datetime.now(UTC).timestamp()) // 30 + 1) * 30, UTC)
    with time_machine.travel(now, tick=False) as clock:
        yield clock


def present() -> datetime:
    return datetime.now(UTC)


def half_open(user: User) -> Client:
    client = Client()
    sign_in(client, user)
    return client


def give(client: Client, typed: str) -> int:
    return client.post(FACTOR, {"code": typed}).status_code


@pytest.mark.req("BEY-1", "ACC-1")
def test_between_password_and_factor_nothing_opens_on_any_channel(officer, manager, moment, events):
    for user in (officer, manager):
        bound(user, present())
    client = half_open(officer)
    for path in (PAGE, "/", "/accounts/rules/", "/rules/", "/accounts/password/", SET_UP, "/accounts/training/"):
        assert client.get(path).url.startswith(FACTOR), path
    assert client.post("/accounts/rules/", {"agree": "on"}).url == FACTOR
    answer = client.get(API)
    assert (answer.status_code, answer.json()["type"]) == (403, "second-factor-required")
    assert half_open(manager).get("/admin/accounts/user/").url.startswith(FACTOR)
    assert not events(Kind.RULES_AFFIRMED)
    refused = [event["details"]["why"] for event in events("access.refused", actor="officer")]
    assert refused == ["second-factor-required", "Forbidden"]


@pytest.mark.req("BEY-1")
def test_a_code_opens_the_session_under_a_new_key_and_then_comes_the_splash(officer, moment, events):
    key = bound(officer, present())
    client = half_open(officer)
    before = client.cookies["session"].value
    answer = client.post(FACTOR, {"code": code(key, present()), "next": PAGE})
    assert answer.url == PAGE
    assert client.cookies["session"].value != before
    stale = Client()
    stale.cookies["session"] = before
    assert stale.get(API).status_code == 401
    assert client.get(PAGE).url.startswith("/accounts/rules/")
    affirm(client)
    assert client.get(PAGE).status_code == client.get(API).status_code == 200
    [event] = events(Kind.FACTOR_GIVEN)
    assert (event["actor"], event["details"]["how"]) == ("officer", "authenticator app")
    assert Lockout.objects.get().attempts == []


@pytest.mark.req("BEY-1")
def test_a_code_works_once_and_with_it_every_earlier_one_is_spent(officer, moment, events):
    key = bound(officer, present())
    assert give(half_open(officer), code(key, present(), steps=1)) == 302
    for steps in (1, 0, -1):
        assert give(half_open(officer), code(key, present(), steps=steps)) == 200
    assert len(events(Kind.FACTOR_REFUSED)) == 3


@pytest.mark.req("BEY-1")
@pytest.mark.parametrize(("steps", "status"), [(-2, 200), (-1, 302), (0, 302), (1, 302), (2, 200)])
def test_one_step_early_or_late_is_accepted_and_two_are_not(officer, moment, steps, status):
    key = bound(officer, present())
    assert give(half_open(officer), code(key, present(), steps=steps)) == status


@pytest.mark.req("BEY-1")
def test_of_parallel_uses_of_one_code_one_at_most_succeeds(officer, now, events):
    key = bound(officer, now)
    clients = [half_open(officer) for _ in range(4)]
    typed, together, statuses = code(key, datetime.now(UTC)), threading.Barrier(4), []

    def use(client: Client) -> None:
        together.wait()
        try:
            statuses.append(give(client, typed))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=use, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200, 200, 200, 302]
    assert len(events(Kind.FACTOR_GIVEN)) == 1


@pytest.mark.req("BEY-1", "ACC-12")
def test_wrong_codes_count_in_the_one_row_and_the_right_password_forgives_none_of_them(officer, moment, events):
    key = bound(officer, present())
    for _ in range(5):
        assert give(half_open(officer), "000000") == 200
    assert len(events("account.locked")) == 1
    client = Client()
    assert client.post("/accounts/login/", {"username": "officer", "password": PASSWORD}).status_code == 200
    assert [event["details"]["why"] for event in events(Kind.FACTOR_REFUSED)] == ["wrong code"] * 5
    lockout.release(username="officer", by=_manager_of(officer), now=present())
    assert give(half_open(officer), code(key, present())) == 302


def _manager_of(user: User) -> User:
    return User.objects.create(username="m", full_name="M", email="m@agency.example", role=Role.AGENCY_MANAGER, aor=user.aor)


@pytest.mark.req("BEY-1", "ACC-12")
def test_a_half_open_session_of_a_locked_account_stays_half_open(officer, moment, events):
    key = bound(officer, present())
    client = half_open(officer)
    Lockout.objects.update(locked_at=present())
    assert give(client, code(key, present())) == 200
    assert events(Kind.FACTOR_REFUSED)[0]["details"]["why"] == "locked"


@pytest.mark.req("BEY-1")
def test_an_empty_answer_is_named_at_its_field_and_counts_nothing(officer, moment):
    bound(officer, present())
    client = half_open(officer)
    page = client.post(FACTOR, {}).content.decode()
    assert "Enter a code." in page
    assert client.post(FACTOR, {"code": "x" * 61}).status_code == 200
    assert Lockout.objects.get().attempts == []


@pytest.mark.req("BEY-1")
def test_where_a_factor_is_required_a_new_user_sets_one_up_before_anything_else(officer, settings, moment, events):
    settings.MFA_REQUIRED = True
    client = half_open(officer)
    assert client.get(PAGE).url.startswith(SET_UP)
    assert client.get(API).json()["type"] == "second-factor-required"
    assert client.get(FACTOR).url.startswith(SET_UP)
    page = client.get(SET_UP).content.decode()
    app = Authenticator.objects.get()
    from accounts import qr_codes

    assert qr_codes.as_text(app.key) in page
    assert qr_codes.of_key(app.key, username="officer").path in page
    assert "style=" not in page
    assert "not the code" in client.post(SET_UP, {"change": "app", "code": "000000"}).content.decode()
    page = client.post(SET_UP, {"change": "app", "code": code(app.key, present())}).content.decode()
    codes = [typed for typed in page.replace("<", " ").replace(">", " ").split() if typed.count("-") == 5]
    assert len(codes) == 10
    assert client.get(PAGE).url.startswith("/accounts/rules/")
    assert [event["details"] for event in events(Kind.FACTOR_BOUND)] == [{"what": "authenticator app"}]
    assert len(events(Kind.RECOVERY_CODES_MADE)) == 1
    assert give(half_open(officer), code(app.key, present())) == 200
    assert give(half_open(officer), codes[0].lower().replace("-", " ")) == 302
    assert give(half_open(officer), codes[0]) == 200
    kept = str(events()) + str(list(RecoveryCode.objects.values())) + str(list(Authenticator.objects.values()))
    assert not [secret for secret in [*codes, app.key.hex(), qr_codes.as_text(app.key)] if secret in kept]


@pytest.mark.req("BEY-1")
def test_a_bound_factor_is_asked_for_where_none_is_required(officer, signed_in, moment):
    client = signed_in(officer)
    client.get(SET_UP)
    key = Authenticator.objects.get().key
    assert client.post(SET_UP, {"change": "app", "code": code(key, present())}).status_code == 200
    assert client.get(PAGE).status_code == 200
    assert half_open(officer).get(PAGE).url.startswith(FACTOR)


@pytest.mark.req("BEY-1")
def test_production_asks_managers_auditors_and_superusers_whatever_the_setting_says(settings):
    assert (base.MFA_REQUIRED, demo.MFA_REQUIRED) == (True, False)
    people = [User(role=role) for role in ("officer", "agency_manager", "opr_auditor")] + [User(is_superuser=True)]
    settings.MFA_REQUIRED, settings.PRODUCTION = False, True
    assert [second_factor.is_required(user) for user in people] == [False, True, True, True]
    settings.PRODUCTION = False
    assert not any(second_factor.is_required(user) for user in people)


@pytest.mark.req("BEY-1")
def test_factors_are_changed_with_a_factor_given_lately(officer, moment, events):
    key = bound(officer, present())
    client = half_open(officer)
    give(client, code(key, present()))
    affirm(client)
    assert client.get(SET_UP).status_code == 200
    moment.shift(timedelta(minutes=16))
    assert client.get(SET_UP).url == f"{FACTOR}?next={SET_UP}"
    assert client.post(SET_UP, {"change": "remove"}).url.startswith(FACTOR)
    assert second_factor.has_app(officer)
    assert give(client, code(key, present())) == 302
    assert client.post(SET_UP, {"change": "codes"}).status_code == 200
    assert recovery_codes.left(officer) == 10
    assert client.post(SET_UP, {"change": "remove"}).url == SET_UP
    assert [event["details"]["what"] for event in events(Kind.FACTOR_REMOVED)] == ["authenticator app"]
    assert (second_factor.is_bound(officer), recovery_codes.left(officer)) == (False, 0)
    assert client.get(PAGE).status_code == 200


@pytest.mark.req("BEY-1")
def test_the_last_factor_stays_where_one_is_required(officer, settings, moment):
    settings.MFA_REQUIRED = True
    bound(officer, present())
    with pytest.raises(second_factor.LastFactor):
        second_factor.remove(user=officer, passkey=None, now=present())
    assert second_factor.is_bound(officer)


def test_a_key_that_lay_about_for_an_hour_is_made_anew(officer, now):
    first = second_factor.being_set_up(user=officer, now=now).key
    assert second_factor.being_set_up(user=officer, now=now + timedelta(minutes=59)).key == first
    assert second_factor.being_set_up(user=officer, now=now + timedelta(minutes=61)).key != first


@pytest.mark.req("BEY-1")
def test_a_lost_phone_is_reset_by_the_manager_after_a_check_and_all_are_told(
    officer, manager, moment, signed_in, events, settings,
):
    key = bound(officer, present())
    recovery_codes.make(user=officer, now=present())
    theirs = half_open(officer)
    give(theirs, code(key, present()))
    affirm(theirs)
    desk = signed_in(manager)
    form = {"action": "reset_factor", "_selected_action": [officer.pk]}
    assert "How you checked who asks" in desk.post("/admin/accounts/user/", form).content.decode()
    asked = desk.post("/admin/accounts/user/", form | {"check": "in person", "note": "  "})
    assert "This field is required" in asked.content.decode()
    assert second_factor.is_bound(officer)
    done = desk.post("/admin/accounts/user/", form | {"check": "in person", "note": "Badge seen at the desk."}, follow=True)
    assert "is reset" in done.content.decode()
    [event] = events(Kind.FACTOR_RESET)
    assert (event["actor"], event["details"]) == ("manager", {
        "username": "officer", "check": "in person", "note": "Badge seen at the desk."})
    assert (second_factor.is_bound(officer), recovery_codes.left(officer)) == (False, 0)
    answer = theirs.get(API)
    assert (answer.status_code, answer.json()["type"]) == (401, "session-ended")
    mail.outbox.clear()
    notices.send_waiting(now=present())
    assert {(message.to[0], message.subject) for message in mail.outbox} >= {
        ("officer@agency.example", "PlateLedger: second factor reset"),
        ("manager@agency.example", "PlateLedger: second factor reset")}
    settings.MFA_REQUIRED = True
    assert half_open(officer).get(PAGE).url.startswith(SET_UP)


@pytest.mark.req("BEY-1", "ACC-6")
def test_nobody_resets_their_own_or_a_foreign_factor(
    officer, supervisor, manager, other_manager, appointer, operator, superuser, now, signed_in, events,
):
    for by, account, may in [
        (other_manager, officer, False), (supervisor, officer, False), (superuser, officer, False), (appointer, officer, False),
        (manager, manager, False), (manager, supervisor, True), (appointer, manager, True), (superuser, operator, True),
        (superuser, superuser, False), (operator, superuser, False)]:
        assert second_factor.may_reset(by, account) is may, (by, account)
    with pytest.raises(second_factor.MayNotReset):
        second_factor.reset(account=officer, by=other_manager, check="video", note="x", now=now)
    form = {"action": "reset_factor", "check": "video", "note": "x"}
    page = signed_in(manager).post("/admin/accounts/user/", form | {"_selected_action": [manager.pk]}, follow=True)
    assert "not yours to reset" in page.content.decode()
    page = signed_in(manager).post("/admin/accounts/user/", form | {"_selected_action": [officer.pk, supervisor.pk]}, follow=True)
    assert "Select one account" in page.content.decode()
    assert not events(Kind.FACTOR_RESET)
    assert events("access.refused", actor="manager")


@pytest.mark.req("BEY-1", "AUD-1")
def test_no_factor_opens_a_session_without_its_record(officer, moment, events):
    from config import databases

    key = bound(officer, present())
    client = half_open(officer)
    with databases.administrator() as connection:
        connection.execute("REVOKE EXECUTE ON FUNCTION audit.append FROM lpr_app")
    assert give(client, code(key, present())) == 503
    with databases.administrator() as connection:
        connection.execute("GRANT EXECUTE ON FUNCTION audit.append TO lpr_app")
    assert client.get(API).status_code == 401


def test_a_mail_server_that_is_down_swallows_no_notice(officer, settings, now):
    recovery_codes.make(user=officer, now=now)
    settings.EMAIL_BACKEND = "tests.accounts.dead_mail.EmailBackend"
    assert notices.send_waiting(now=now) == 0
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert notices.send_waiting(now=now) == 1
    assert notices.send_waiting(now=now) == 0
    assert "New recovery codes" in mail.outbox[0].body


def test_keys_of_apps_are_unreadable_in_the_database_and_outlive_a_change_of_the_installations_key(officer, settings, now):
    app = second_factor.being_set_up(user=officer, now=now)
    key, settings.SECRET_KEY_FALLBACKS = app.key, [settings.SECRET_KEY]
    settings.SECRET_KEY = "another key of the installation"
    app.refresh_from_db()
    assert app.key == key
    assert key.hex() not in app.sealed_key


def test_the_fresh_mark_needs_a_given_factor(officer, now):
    request = RequestFactory().get("/")
    request.session = {}
    assert not second_factor.is_fresh(request, now=now)
