"""Guesses in parallel at a really running server of several processes: what it hashes is bounded (ACC-12, decision 11)."""

import base64
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from django.conf import settings
from django.test import override_settings

from accounts.models import Lockout, User
from benchmarks.serving import Browser
from tests import served
from tests.personas import PASSWORD
from tests.served import Server

GUESSES = 200
AT_ONCE = 50
LOGIN = "/accounts/login/"
REFUSED = {200, 429, 503}


@pytest.fixture
def server(officer: User, manager: User, tmp_path: Path) -> Iterator[Server]:
    with override_settings(PASSWORD_HASHERS=["accounts.hashers.Argon2PasswordHasher"]):
        officer.set_password(PASSWORD)
        officer.save()
    with served.serving(tmp_path) as running:
        yield running


def guess(server: Server, username: str, address: str, password: str = "wrong wrong wrong wrong") -> int:
    with closing(Browser(server.port, address=address)) as browser:
        browser.get(LOGIN)
        return browser.post(LOGIN, {"username": username, "password": password}).status


def all_at_once(server: Server, names: list[str], addresses: list[str]) -> Counter[int]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return Counter(pool.map(lambda pair: guess(server, *pair), zip(names, addresses, strict=True)))


def everywhere(number: int) -> str:
    """The loopback address of the n-th of many machines, none of which guesses often."""
    return f"127.0.{1 + number // 250}.{1 + number % 250}"


@pytest.mark.req("ACC-12")
@pytest.mark.parametrize(("username", "guesses"), [("officer", GUESSES), ("nobody.here", GUESSES // 4)])
def test_two_hundred_guesses_at_one_account_from_everywhere_are_five_hashes(server, events, username, guesses):
    answers = all_at_once(server, [username] * guesses, [everywhere(number) for number in range(guesses)])
    assert sum(answers.values()) == guesses
    assert set(answers) <= REFUSED
    assert 1 <= server.hashes() <= settings.LOCKOUT_FAILURES
    assert Lockout.objects.get().locked_at is not None
    assert len(events("account.locked")) == 1
    assert len(events("session.sign_in_refused")) == guesses
    before = server.hashes()
    assert guess(server, username, "127.0.9.9", PASSWORD) == 200, "even the right password opens nothing now"
    assert server.hashes() == before


@pytest.mark.req("ACC-12")
def test_one_address_that_sprays_is_limited_and_the_next_office_is_not(server, events):
    answers = all_at_once(server, [f"person.{number}" for number in range(GUESSES)], ["127.0.5.5"] * GUESSES)
    assert set(answers) <= REFUSED
    # Those that were under way when the limit was reached are hashed as well, and no others.
    assert server.hashes() <= settings.AXES_FAILURE_LIMIT + served.PROCESSES * served.THREADS
    assert answers[429] >= GUESSES - settings.AXES_FAILURE_LIMIT - served.PROCESSES * served.THREADS - answers[503]
    assert events("address.locked")
    before = server.hashes()
    assert guess(server, "officer", "127.0.5.5", PASSWORD) == 429
    assert server.hashes() == before
    assert guess(server, "officer", "127.0.5.6", PASSWORD) == 302


@pytest.mark.req("ACC-12")
def test_the_api_takes_no_password_and_hashes_none(server, events):
    header = "Basic " + base64.b64encode(f"officer:{PASSWORD}".encode()).decode()

    def knock(number: int) -> int:
        with closing(Browser(server.port, address=everywhere(number))) as browser:
            return browser.get("/api/v1/queries/", {"Authorization": header, "Accept": "application/json"}).status

    with ThreadPoolExecutor(AT_ONCE) as pool:
        assert Counter(pool.map(knock, range(GUESSES))) == {401: GUESSES}
    assert server.hashes() == 0
    assert len(events("access.refused")) == GUESSES
