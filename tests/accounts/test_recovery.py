"""A forgotten password: link, question, temporary password, new password, and nothing that tells who has an account (ACC-3)."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.test import Client

from accounts import challenges, notices, passwords, recovery, recovery_mail, second_factor
from accounts.models import ChallengeQuestion, Lockout, Notice, RecoveryLink, TemporaryPassword, User
from audit.events import Kind
from tests.accounts.counting_hasher import CountingHasher
from tests.accounts.factors import bound, code
from tests.personas import PASSWORD, affirm, sign_in

pytestmark = pytest.mark.usefixtures("database")
RECOVER, LOGIN, CHANGE = "/accounts/recover/", "/accounts/login/", "/accounts/password/"
PAGE, API = "/queries/", "/api/v1/queries/"
ANSWER, NEW = "Rosebud  Lane", "a quite different phrase"


@pytest.fixture
def owner(officer: User) -> User:
    """An officer with three challenge questions, all answered alike."""
    questions = [ChallengeQuestion.objects.create(text=f"What was it, number {number}?") for number in range(3)]
    challenges.keep(user=officer, questions=questions, hashed=challenges.hashes([ANSWER] * 3))
    return officer


def ask(username: str = "officer", client: Client | None = None):
    return (client or Client()).post(RECOVER, {"username": username})


def mailed(now) -> list[str]:
    """The bodies of what the worker sends now."""
    mail.outbox.clear()
    recovery_mail.send_waiting(now=now)
    return [message.body for message in mail.outbox]


def link(now) -> str:
    ask()
    return re.search(r"http://testserver(/accounts/recover/\S+/)", "".join(mailed(now)))[1]


def answer(path: str, typed: str = ANSWER) -> int:
    return Client().post(path, {"answer": typed}).status_code


def temporary(now, path: str = "") -> str:
    assert answer(path or link(now)) == 200
    [body] = mailed(now)
    return re.search(r"^(\S{4}(-\S{4}){5})$", body, re.M)[1]


def enter(password: str) -> tuple[Client, int]:
    client = Client()
    return client, client.post(LOGIN, {"username": "officer", "password": password}).status_code


def without_tokens(body: bytes) -> str:
    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", body.decode())


@pytest.mark.req("ACC-3")
def test_link_question_temporary_password_and_a_new_password(owner, now, events):
    path = link(now)
    page = Client().get(path).content.decode()
    assert "What was it, number" in page
    assert Client().get(path).content.decode().count("number 0") == page.count("number 0")
    client, status = enter(temporary(now, path))
    assert status == 302
    assert [event["details"]["what"] for event in events(Kind.ACCOUNT_MAILED)] == ["recovery link", "temporary password"]
    for closed in (PAGE, "/", "/accounts/rules/", "/accounts/second-factor/set-up/"):
        assert client.get(closed).url.startswith(CHANGE), closed
    page = client.get(CHANGE).content.decode()
    assert 'name="old_password"' not in page
    assert client.post(CHANGE, {"new_password1": NEW, "new_password2": NEW}).url == "/"
    affirm(client)
    assert client.get(PAGE).status_code == 200
    assert enter(NEW)[1] == 302
    assert enter(PASSWORD)[1] == 200
    [changed] = events(Kind.PASSWORD_CHANGED)
    assert changed["details"] == {"how": "recovery"}
    kinds = [event["kind"] for event in events() if event["kind"].startswith("recovery")]
    assert kinds == [Kind.RECOVERY_ASKED, Kind.RECOVERY_ANSWERED, Kind.TEMPORARY_PASSWORD_USED]
    mail.outbox.clear()
    notices.send_waiting(now=now)
    assert "was changed" in mail.outbox[0].body


@pytest.mark.req("ACC-3", "ACC-12")
def test_known_unknown_closed_and_locked_names_get_one_page_and_cost_the_same_work(
    owner, officer2, officer_chi, now, django_assert_num_queries, events,
):
    User.objects.filter(pk=officer2.pk).update(is_active=False)
    Lockout.objects.create(username="officer_chi", locked_at=now)
    bodies = set()
    for username in ("officer", "officer2", "officer_chi", "nobody"):
        client = Client()
        client.get(RECOVER)
        with django_assert_num_queries(5):
            reply = ask(username, client)
        bodies.add((reply.status_code, without_tokens(reply.content)))
    assert len(bodies) == 1
    assert [event.get("details", {}).get("username", "") for event in events(Kind.RECOVERY_ASKED)] == [
        "officer", "officer2", "officer_chi", ""]
    assert "nobody" not in str(events()) + str(list(RecoveryLink.objects.values()))
    assert len(mailed(now)) == 2
    assert not RecoveryLink.objects.filter(user=None).exists()


@pytest.mark.req("ACC-3")
@pytest.mark.parametrize("path", ["login", "answer"])
def test_the_hashes_computed_are_the_same_for_right_and_wrong(owner, settings, now, path):
    settings.PASSWORD_HASHERS = ["tests.accounts.counting_hasher.CountingHasher"]
    owner.set_password(PASSWORD)
    owner.save()
    challenges.keep(user=owner, questions=list(ChallengeQuestion.objects.all()[:3]), hashed=challenges.hashes([ANSWER] * 3))
    if path == "login":
        tries = [lambda: enter("wrong and wrong again"), lambda: Client().post(LOGIN, {"username": "x", "password": "wrong"})]
    else:
        links = [link(now), link(now)]
        tries = [lambda: answer(links[0], "wrong"), lambda: answer(links[1], ANSWER)]
    counts = []
    for attempt in tries:
        CountingHasher.computed = 0
        attempt()
        counts.append(CountingHasher.computed)
    assert counts == [1, 1]


@pytest.mark.req("ACC-3", "ACC-12")
def test_right_and_wrong_answers_get_one_page_and_wrong_ones_lock_and_are_told(owner, manager, now, events):
    path = link(now)
    pages = {without_tokens(Client().post(path, {"answer": typed}).content) for typed in ("wrong", "wrong too", "no")}
    assert len(pages) == 1
    assert without_tokens(Client().post(path, {"answer": ANSWER}).content) in pages
    assert TemporaryPassword.objects.count() == 1
    assert answer(link(now), "wrong") == 200
    assert [event["details"]["why"] for event in events(Kind.RECOVERY_REFUSED)] == ["wrong answer"] * 4
    assert len(Lockout.objects.get(username="officer").attempts) == 4
    mail.outbox.clear()
    notices.send_waiting(now=now)
    assert sum("wrong or late answer" in message.body for message in mail.outbox) == 4
    enter("wrong password, the fifth failure")
    assert len(events("account.locked")) == 1
    assert ANSWER not in str(events())


@pytest.mark.req("ACC-3", "ACC-12")
def test_five_answers_a_day_are_all_that_an_account_has_whatever_links_they_come_by(owner, now, settings):
    for hours in range(3):
        with time_machine.travel(now + timedelta(hours=hours)):
            path = link(now + timedelta(hours=hours))
            answer(path, "wrong")
            answer(path, "wrong")
    with time_machine.travel(now + timedelta(hours=4)):
        assert answer(link(now + timedelta(hours=4))) == 200
        assert not TemporaryPassword.objects.exists()
    with time_machine.travel(now + timedelta(hours=27)):
        assert answer(link(now + timedelta(hours=27))) == 200
        assert TemporaryPassword.objects.exists()


@pytest.mark.req("ACC-3")
def test_a_used_late_or_altered_link_gets_one_page_and_is_recorded_and_counted(owner, now, events):
    path = link(now)
    assert answer(path) == 200
    late = link(now)
    altered = late[:-2] + ("A" if late[-2] != "A" else "B") + "/"
    pages = set()
    with time_machine.travel(now + timedelta(minutes=15, seconds=1)):
        for dead in (path, late, altered, f"{RECOVER}nothing/"):
            for reply in (Client().get(dead), Client().post(dead, {"answer": ANSWER})):
                pages.add((reply.status_code, without_tokens(reply.content)))
    assert len(pages) == 1
    assert next(iter(pages))[0] == 404
    assert [event["actor"] for event in events(Kind.RECOVERY_REFUSED)] == ["officer"] * 4 + ["system"] * 4
    assert len(Lockout.objects.get(username="officer").attempts) == 2
    assert Notice.objects.filter(kind=Notice.Kind.RECOVERY_ANSWER_REFUSED).count() == 2
    assert TemporaryPassword.objects.count() == 1


@pytest.mark.req("ACC-3")
def test_the_temporary_password_works_once_for_fifteen_minutes_and_not_for_the_api(owner, now, events):
    typed = temporary(now)
    client, status = enter(typed.lower())
    assert status == 302
    refused = client.get(API)
    assert (refused.status_code, refused.json()["type"]) == (403, "password-change-required")
    assert client.post(API, {}, content_type="application/json").status_code == 403
    assert enter(typed)[1] == 200
    assert enter(PASSWORD)[1] == 302
    second = temporary(now)
    with time_machine.travel(now + timedelta(minutes=15, seconds=1)):
        assert enter(second)[1] == 200
        assert client.get(CHANGE).url.startswith(LOGIN) or client.get(PAGE).url.startswith(LOGIN)
    assert "temporary" in {event["details"]["why"] for event in events("session.ended")}
    assert typed not in str(events())


@pytest.mark.req("ACC-3", "BEY-1")
def test_recovery_does_not_go_round_the_second_factor(owner, now):
    with time_machine.travel(now, tick=False):
        key = bound(owner, now)
        client, _ = enter(temporary(now))
        assert client.get(CHANGE).url.startswith("/accounts/second-factor/")
        assert client.post(CHANGE, {"new_password1": NEW, "new_password2": NEW}).url.startswith("/accounts/second-factor/")
        assert enter(NEW)[1] == 200
        assert client.post("/accounts/second-factor/", {"code": code(key, now)}).status_code == 302
        assert client.get(PAGE).url.startswith(CHANGE)
        assert client.post(CHANGE, {"new_password1": NEW, "new_password2": NEW}).url == "/"
        assert enter(NEW)[1] == 302


@pytest.mark.req("ACC-3", "ACC-12")
def test_a_full_recovery_releases_a_locked_account_and_half_of_one_does_not(owner, now, events):
    with time_machine.travel(now, tick=False):
        key = bound(owner, now)
        for _ in range(5):
            enter("wrong and wrong again")
        assert enter(PASSWORD)[1] == 200
        client, status = enter(temporary(now))
        assert status == 302
        assert enter(PASSWORD)[1] == 200
        assert client.post("/accounts/second-factor/", {"code": code(key, now)}).status_code == 302
        assert enter(PASSWORD)[1] == 200
        assert client.post(CHANGE, {"new_password1": NEW, "new_password2": NEW}).url == "/"
        assert enter(NEW)[1] == 302
    [event] = events("account.released")
    assert event["details"] == {"username": "officer", "how": "recovery"}


@pytest.mark.req("ACC-3", "BEY-1", "ACC-12")
def test_in_a_recovery_of_a_locked_account_five_wrong_codes_are_the_end(owner, now):
    with time_machine.travel(now, tick=False):
        key = bound(owner, now)
        Lockout.objects.create(username="officer", locked_at=now, attempts=[now] * 5)
        client, _ = enter(temporary(now))
        for _ in range(5):
            assert client.post("/accounts/second-factor/", {"code": "000000"}).status_code == 200
        assert client.post("/accounts/second-factor/", {"code": code(key, now)}).status_code == 200
    assert not second_factor.is_bound(User(pk=0))


@pytest.mark.req("ACC-13")
def test_a_manager_starts_a_reset_that_ends_sessions_and_shows_no_secret(owner, manager, officer2, signed_in, now, events):
    theirs = signed_in(owner)
    form = {"action": "start_password_reset", "_selected_action": [owner.pk, officer2.pk, manager.pk]}
    page = signed_in(manager).post("/admin/accounts/user/", form, follow=True).content.decode()
    assert "on its way to officer." in page
    assert "officer2 is closed or has no challenge questions" in page
    assert "manager is not yours to reset" in page
    assert theirs.get(API).status_code == 401
    assert enter(PASSWORD)[1] == 200
    [event] = events(Kind.PASSWORD_RESET_STARTED)
    assert (event["actor"], event["details"]["username"]) == ("manager", "officer")
    [body] = mailed(now)
    path = re.search(r"http://testserver(/accounts/recover/\S+/)", body)[1]
    assert path.split("/")[3] not in page
    client, status = enter(temporary(now, path))
    assert status == 302
    assert client.post(CHANGE, {"new_password1": NEW, "new_password2": NEW}).url == "/"


@pytest.mark.req("ACC-6", "ACC-13")
def test_nobody_else_starts_a_reset(owner, other_manager, supervisor, superuser, auditor, now, signed_in):
    for by in (other_manager, supervisor, superuser, auditor, owner):
        with pytest.raises(recovery.MayNotStart):
            recovery.start(account=owner, by=by, now=now)
    assert "start_password_reset" not in signed_in(superuser).get("/admin/accounts/user/").content.decode()


@pytest.mark.req("ACC-3")
def test_three_live_links_are_enough_and_an_account_without_questions_is_told_so(owner, officer2, now):
    for _ in range(5):
        ask()
    assert len(mailed(now)) == 3
    ask("OFFICER2")
    [body] = mailed(now)
    assert "no challenge questions" in body
    with time_machine.travel(now + timedelta(days=3)):
        recovery_mail.send_waiting(now=now + timedelta(days=3))
    assert not RecoveryLink.objects.exists()


def test_the_question_stays_the_same_until_the_password_changes(owner, now):
    asked = {Client().get(link(now)).content.decode().split("<strong>")[-1].split("<")[0] for _ in range(3)}
    assert len(asked) == 1


def test_a_mail_server_that_is_down_swallows_no_link_and_no_temporary_password(owner, settings, now):
    good = settings.EMAIL_BACKEND
    ask()
    settings.EMAIL_BACKEND = "tests.accounts.dead_mail.EmailBackend"
    assert recovery_mail.send_waiting(now=now) == 0
    assert RecoveryLink.objects.get().digest is None
    settings.EMAIL_BACKEND = good
    path = re.search(r"http://testserver(/accounts/recover/\S+/)", mailed(now)[0])[1]
    answer(path)
    settings.EMAIL_BACKEND = "tests.accounts.dead_mail.EmailBackend"
    assert recovery_mail.send_waiting(now=now) == 0
    settings.EMAIL_BACKEND = good
    assert "temporary password" in mailed(now)[0]


@pytest.mark.req("ACC-1", "ACC-3")
def test_no_table_or_event_holds_a_secret_of_a_recovery(owner, now, events):
    path = link(now)
    typed = temporary(now, path)
    kept = str([list(model.objects.values()) for model in (RecoveryLink, TemporaryPassword, Lockout, Notice)]) + str(events())
    for secret in (path.split("/")[3], typed, typed.replace("-", ""), ANSWER):
        assert secret not in kept


def test_a_storm_of_answers_is_asked_to_come_back(owner, now, monkeypatch):
    path = link(now)
    monkeypatch.setattr(passwords, "_take", lambda using: None)
    monkeypatch.setattr(passwords, "WAIT_SECONDS", 0)
    assert answer(path) == 503


@pytest.mark.req("ACC-1")
@pytest.mark.parametrize("password", ["Password1234567", "officer officer 1", "Demo Agency 2026!", "plateledger-2026"])
def test_a_password_that_stands_on_the_blocked_list_at_sign_in_must_be_changed_first(officer, events, password):
    officer.set_password(password)
    officer.save()
    client, status = enter(password)
    assert status == 302
    assert client.get(PAGE).url.startswith(CHANGE)
    assert client.get(API).json()["type"] == "password-change-required"
    assert 'name="old_password"' in client.get(CHANGE).content.decode()
    form = {"old_password": password, "new_password1": NEW, "new_password2": NEW}
    page = client.post(CHANGE, form | {"new_password1": "Plateledger 2026", "new_password2": "Plateledger 2026"}).content.decode()
    assert "others would try first" in page
    assert client.post(CHANGE, form).url == "/"
    affirm(client)
    assert client.get(PAGE).status_code == 200


@pytest.mark.req("ACC-1")
@pytest.mark.parametrize("password", [PASSWORD, "a made-up town of 500 cars", "the agency gave me nineteen plates"])
def test_what_is_on_no_list_is_left_alone(officer, password):
    assert not passwords.is_blocked(password, officer)


def test_the_password_of_the_demo_is_never_blocked(officer, settings):
    settings.PASSWORDS_NOT_BLOCKED = ["demo agency password"]
    assert not passwords.is_blocked("demo agency password", officer)
    assert passwords.is_blocked("Demo agency password", officer)


def test_the_way_to_a_new_password_is_on_the_login_page_and_open_to_strangers(database):
    assert RECOVER in Client().get(LOGIN).content.decode()
    assert Client().get(RECOVER).status_code == 200
    assert "This field is required" in Client().post(RECOVER, {}).content.decode()


def test_signing_in_still_works_for_whoever_asked_and_remembered(owner, now):
    link(now)
    client = Client()
    sign_in(client, owner)
    affirm(client)
    assert client.get(PAGE).status_code == 200
