"""Passkeys: both ceremonies with an authenticator in software, and everything that a false one tries (BEY-1)."""

import json
import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connections
from django.test import Client

from accounts import passkeys, second_factor
from accounts.models import Passkey, PasskeyChallenge, User
from audit.events import Kind
from tests.accounts.software_authenticator import SoftwareAuthenticator
from tests.personas import affirm, sign_in

pytestmark = pytest.mark.usefixtures("database")
FACTOR, SET_UP = "/accounts/second-factor/", "/accounts/second-factor/set-up/"


@pytest.fixture
def device() -> SoftwareAuthenticator:
    return SoftwareAuthenticator()


def present() -> datetime:
    return datetime.now(UTC)


def registered(user: User, device: SoftwareAuthenticator, name: str = "phone") -> Passkey:
    asked = passkeys.options_to_register(user=user, now=present())
    return passkeys.register(user=user, name=name, answer=device.create(asked), now=present())


def options_on(page: str) -> str:
    """What the button of the page hands to the browser."""
    from html import unescape

    return unescape(page.split('data-options="')[1].split('"')[0])


@pytest.mark.req("BEY-1")
def test_a_passkey_is_set_up_and_opens_the_next_session(officer, settings, device, events):
    settings.MFA_REQUIRED = True
    client = Client()
    sign_in(client, officer)
    asked = options_on(client.get(SET_UP).content.decode())
    assert json.loads(asked)["rp"]["id"] == "testserver"
    page = client.post(SET_UP, {"change": "passkey", "name": "work phone", "passkey": device.create(asked)}).content.decode()
    assert page.count("<code>") == 10
    affirm(client)
    assert "work phone" in client.get(SET_UP).content.decode()
    client = Client()
    sign_in(client, officer)
    asked = options_on(client.get(FACTOR).content.decode())
    answer = client.post(FACTOR, {"passkey": device.get(asked), "next": "/queries/"})
    assert (answer.status_code, answer.url) == (302, "/queries/")
    assert [event["details"] for event in events(Kind.FACTOR_BOUND)] == [{"what": "passkey"}]
    assert [event["details"]["how"] for event in events(Kind.FACTOR_GIVEN)] == ["set up", "passkey"]
    assert Passkey.objects.get().used_at


@pytest.mark.req("BEY-1")
def test_a_replayed_answer_opens_nothing(officer, device):
    registered(officer, device)
    answer = device.get(passkeys.options_to_enter(user=officer, now=present()))
    assert passkeys.answers(user=officer, answer=answer, now=present())
    assert not passkeys.answers(user=officer, answer=answer, now=present())


@pytest.mark.req("BEY-1")
def test_of_parallel_uses_of_one_answer_one_succeeds(officer, device):
    registered(officer, device)
    answer = device.get(passkeys.options_to_enter(user=officer, now=present()))
    together, results = threading.Barrier(4), []

    def use() -> None:
        together.wait()
        try:
            results.append(passkeys.answers(user=officer, answer=answer, now=present()))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [False, False, False, True]


@pytest.mark.req("BEY-1")
def test_late_foreign_and_altered_answers_are_refused(officer, officer2, device):
    registered(officer, device)
    registered(officer2, other := SoftwareAuthenticator())

    def asked(user: User = officer) -> str:
        return passkeys.options_to_enter(user=user, now=present())

    def opens(answer: str, *, later: timedelta = timedelta()) -> bool:
        return passkeys.answers(user=officer, answer=answer, now=present() + later)

    assert not opens(device.get(asked()), later=timedelta(minutes=5))
    assert not opens(device.get(asked(officer2)))
    assert not opens(other.get(asked()))
    assert not opens(device.get(passkeys.options_to_register(user=officer, now=present())))
    device.origin = "https://evil.example"
    assert not opens(device.get(asked()))
    device.origin, device.host = "http://testserver", "evil.example"
    assert not opens(device.get(asked()))
    device.host, device.count = "testserver", -1
    altered = json.loads(device.get(asked()))
    altered["response"]["signature"] = altered["response"]["signature"][::-1]
    assert not opens(json.dumps(altered))
    for nonsense in ("", "{}", "[]", "null", "7", '{"response": {"clientDataJSON": "e30"}}',
                     '{"response": {"clientDataJSON": "\u00e9"}}'):
        assert not opens(nonsense), nonsense
    device.count = 5
    assert opens(device.get(asked()))


@pytest.mark.req("BEY-1")
def test_a_copied_key_that_counts_backwards_is_refused(officer, device):
    registered(officer, device)
    for device.count, accepted in ((10, True), (3, False)):
        asked = passkeys.options_to_enter(user=officer, now=present())
        assert passkeys.answers(user=officer, answer=device.get(asked), now=present()) is accepted


@pytest.mark.req("BEY-1", "ACC-12")
def test_a_wrong_passkey_counts_in_the_one_row(officer, device, events):
    registered(officer, device)
    client = Client()
    sign_in(client, officer)
    for _ in range(5):
        assert client.post(FACTOR, {"passkey": "{}"}).status_code == 200
    assert len(events("account.locked")) == 1
    assert {event["details"]["why"] for event in events(Kind.FACTOR_REFUSED)} == {"wrong passkey"}


@pytest.mark.req("BEY-1")
def test_a_device_is_registered_once_for_a_challenge_of_ours_and_ten_are_enough(officer, device):
    registered(officer, device)
    evil = SoftwareAuthenticator("https://evil.example")
    asked = [passkeys.options_to_register(user=officer, now=present()) for _ in range(2)]
    for answer in (device.create(asked[0]), evil.create(asked[1]), "{}", "x"):
        with pytest.raises(passkeys.PasskeyRefused):
            passkeys.register(user=officer, name="again", answer=answer, now=present())
    for number in range(9):
        registered(officer, SoftwareAuthenticator(), f"device {number}")
    with pytest.raises(passkeys.PasskeyRefused):
        registered(officer, SoftwareAuthenticator())


@pytest.mark.req("BEY-1")
def test_one_passkey_of_two_can_be_removed_and_the_last_one_not_where_one_is_required(officer, device, settings, now):
    settings.MFA_REQUIRED = True
    first, second = registered(officer, device), registered(officer, SoftwareAuthenticator(), "spare")
    second_factor.remove(user=officer, passkey=first.pk, now=now)
    second_factor.remove(user=officer, passkey=first.pk, now=now)
    with pytest.raises(second_factor.LastFactor):
        second_factor.remove(user=officer, passkey=second.pk, now=now)
    assert [passkey.name for passkey in officer.passkeys.all()] == ["spare"]


def test_challenges_that_are_over_are_swept(officer, device, now):
    registered(officer, device)
    passkeys.options_to_enter(user=officer, now=now)
    passkeys.options_to_enter(user=officer, now=now + timedelta(minutes=6))
    assert PasskeyChallenge.objects.count() == 1


def test_whoever_has_no_passkey_is_asked_for_none(officer, now):
    assert passkeys.options_to_enter(user=officer, now=now) == ""
    assert not PasskeyChallenge.objects.exists()
