"""Five failures lock an account until its manager releases it, however many guess at once (ACC-12)."""

import threading
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.db import connections
from django.test import Client

from accounts import lock_mail, lockout, passwords
from accounts.backends import RoleBackend
from accounts.models import Lockout
from tests.accounts.counting_hasher import CountingHasher
from tests.personas import PASSWORD, affirm, sign_in

pytestmark = pytest.mark.usefixtures("database")
WRONG = "wrong wrong wrong wrong"
LOGIN = "/accounts/login/"


def guess(username: str, password: str = WRONG, client: Client | None = None) -> int:
    return (client or Client()).post(LOGIN, {"username": username, "password": password}).status_code


@pytest.mark.req("ACC-12")
def test_four_failures_and_a_success_start_anew(officer):
    for _ in range(2):
        for _ in range(4):
            assert guess("officer") == 200
        assert guess("officer", PASSWORD) == 302
    assert Lockout.objects.get().attempts == []


@pytest.mark.req("ACC-12")
def test_the_fifth_failure_locks_until_release_and_not_until_tomorrow(officer, manager, events, now):
    for _ in range(5):
        guess("OFFICER")
    assert guess("officer", PASSWORD) == 200
    with time_machine.travel(now + timedelta(days=1)):
        assert guess("officer", PASSWORD) == 200
    [event] = events("account.locked")
    assert (event["actor"], event["aor"], event["details"]["username"]) == ("officer", "NYC", "officer")
    lockout.release(username="officer", by=manager, now=now)
    assert guess("officer", PASSWORD) == 302
    [event] = events("account.released")
    assert (event["actor"], event["details"]["username"]) == ("manager", "officer")


@pytest.mark.req("ACC-12")
def test_failures_count_for_fifteen_minutes_each(officer, now):
    for minutes in (0, 6, 12, 13):
        with time_machine.travel(now + timedelta(minutes=minutes)):
            guess("officer")
    with time_machine.travel(now + timedelta(minutes=15, seconds=1)):
        guess("officer")
        assert guess("officer", PASSWORD) == 302


@pytest.mark.req("ACC-12")
def test_failures_across_the_border_of_a_window_still_lock(officer, now, events):
    for minutes in (0, 14, 15, 16, 17, 18):
        with time_machine.travel(now + timedelta(minutes=minutes, seconds=1 if minutes else 0)):
            guess("officer")
    assert len(events("account.locked")) == 1


@pytest.mark.req("ACC-12")
@pytest.mark.parametrize("username", ["officer", "nobody"])
def test_thirty_guesses_at_once_are_five_hashes(officer, settings, monkeypatch, username, events):
    settings.PASSWORD_HASHERS = ["tests.accounts.counting_hasher.CountingHasher"]
    officer.set_password(PASSWORD)
    officer.save()
    monkeypatch.setattr(passwords, "WAIT_SECONDS", 30)
    CountingHasher.computed = 0
    together = threading.Barrier(30)

    def guess_once() -> None:
        together.wait()
        try:
            guess(username, client=Client(REMOTE_ADDR="192.0.2.1"))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=guess_once) for _ in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert CountingHasher.computed == 5
    assert CountingHasher.most_at_once <= 2
    assert len(events("account.locked")) == 1
    assert len(events("session.sign_in_refused")) == 30


def test_a_right_guess_does_not_open_what_a_parallel_wrong_one_locked(officer, now):
    row = lockout.row_of(officer, "officer")
    for _ in range(5):
        lockout.reserve(row=row, now=now)
    lockout.failed(row=row, account=officer, now=now)
    with pytest.raises(lockout.Locked):
        lockout.succeeded(row=row)
    assert Lockout.objects.get().locked_at == now


@pytest.mark.req("ACC-12")
def test_the_owner_and_the_managers_of_the_area_are_told_once(officer, manager, other_manager, officer2, now):
    for _ in range(5):
        guess("officer")
        guess("nobody")
    assert lock_mail.tell(now=now) == 1
    assert lock_mail.tell(now=now) == 0
    assert sorted(message.to[0] for message in mail.outbox) == ["manager@agency.example", "officer@agency.example"]
    assert "officer was locked" in mail.outbox[0].body


def test_a_mail_server_that_is_down_breaks_no_login_and_swallows_no_news(officer, manager, settings, now):
    settings.EMAIL_BACKEND = "tests.accounts.dead_mail.EmailBackend"
    assert [guess("officer") for _ in range(6)] == [200] * 6
    assert lock_mail.tell(now=now) == 0
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert lock_mail.tell(now=now) == 1


@pytest.mark.req("ACC-6", "ACC-12")
def test_only_a_manager_of_the_area_releases_and_nobody_their_own(officer, manager, other_manager, supervisor, superuser, now):
    for user in (officer, manager):
        Lockout.objects.create(username=user.username, locked_at=now)
    for by, username in [(other_manager, "officer"), (supervisor, "officer"), (superuser, "officer"), (officer, "officer"),
                         (manager, "manager"), (manager, "nobody")]:
        with pytest.raises(lockout.MayNotRelease):
            lockout.release(username=username, by=by, now=now)
    assert Lockout.objects.filter(locked_at=None).count() == 0
    lockout.release(username="officer", by=manager, now=now)
    lockout.release(username="officer", by=manager, now=now)
    assert Lockout.objects.get(locked_at=None).username == "officer"


@pytest.mark.req("ACC-1")
def test_a_login_storm_gets_503_and_is_asked_to_come_back(officer, monkeypatch, events):
    monkeypatch.setattr(passwords, "WAIT_SECONDS", 0.05)
    held, done = threading.Barrier(3), threading.Event()

    def hold() -> None:
        with passwords.hashing_slot():
            held.wait()
            done.wait()
        connections.close_all()

    threads = [threading.Thread(target=hold) for _ in range(2)]
    for thread in threads:
        thread.start()
    held.wait()
    for username in ("officer", "nobody"):
        answer = Client().post(LOGIN, {"username": username, "password": PASSWORD})
        assert (answer.status_code, answer["Retry-After"]) == (503, "2")
    done.set()
    for thread in threads:
        thread.join()
    assert guess("officer", PASSWORD) == 302
    assert [event["details"]["why"] for event in events("session.sign_in_refused")] == ["busy", "busy"]
    assert Lockout.objects.get().attempts == []


@pytest.mark.req("ACC-12")
def test_an_address_that_sprays_is_limited_for_a_while(officer, settings, events, now):
    settings.AXES_FAILURE_LIMIT = 3
    sprayer = Client(REMOTE_ADDR="192.0.2.9", HTTP_X_FORWARDED_FOR="203.0.113.5")
    assert [guess(f"person.{n}", client=sprayer) for n in range(3)] == [200, 200, 429]
    answer = sprayer.post(LOGIN, {"username": "officer", "password": PASSWORD})
    assert (answer.status_code, answer["Retry-After"]) == (429, "900")
    sprayer.defaults["HTTP_X_FORWARDED_FOR"] = "203.0.113.6"
    assert guess("officer", PASSWORD, sprayer) == 429
    assert guess("officer", PASSWORD, Client(REMOTE_ADDR="192.0.2.10")) == 302
    [event] = events("address.locked")
    assert (event["address"], event["details"]["failures"]) == ("192.0.2.9", 3)
    assert [event["details"]["why"] for event in events("session.sign_in_refused")][-2:] == ["address locked"] * 2
    with time_machine.travel(now + timedelta(minutes=16)):
        assert guess("officer", PASSWORD, sprayer) == 302


def test_an_office_with_one_address_is_not_locked_by_a_slow_trickle(officer, settings, now):
    settings.AXES_FAILURE_LIMIT = 3
    for minutes in range(0, 80, 8):
        with time_machine.travel(now + timedelta(minutes=minutes)):
            assert guess(f"person.{minutes}") == 200


def test_a_backend_without_a_request_counts_as_well(officer):
    backend = RoleBackend()
    assert backend.authenticate(None, username="officer", password=PASSWORD) == officer
    assert backend.authenticate(None, username="officer") is None


@pytest.mark.req("ACC-12")
def test_wrong_old_passwords_count_in_the_same_row(officer, events):
    client = Client()
    sign_in(client, officer)
    affirm(client)
    new = "a new and long enough one"
    form = {"old_password": WRONG, "new_password1": new, "new_password2": new}
    for _ in range(3):
        assert "This is not your password" in client.post("/accounts/password/", form).content.decode()
    for _ in range(2):
        guess("officer")
    assert "This is not your password" in client.post(
        "/accounts/password/", form | {"old_password": PASSWORD}).content.decode()
    assert guess("officer", PASSWORD) == 200
    assert len(events("account.locked")) == 1
    assert [event["details"]["why"] for event in events("password.change_refused")] == ["wrong password"] * 3 + ["locked"]
