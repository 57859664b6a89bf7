"""The way in: one answer to every failure, a key of one's own, and each step on the record."""

import re

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Lockout, User
from tests.accounts.counting_hasher import CountingHasher
from tests.personas import PASSWORD, sign_in

pytestmark = pytest.mark.usefixtures("database")
LOGIN = "/accounts/login/"


def attempt(username: str, password: str, client: Client | None = None):
    return (client or Client()).post(LOGIN, {"username": username, "password": password})


def without_tokens(body: bytes) -> str:
    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", body.decode())


@pytest.mark.req("ACC-1", "AUD-1")
def test_username_and_password_open_a_session_and_are_recorded(officer, events):
    answer = attempt("officer", PASSWORD)
    assert (answer.status_code, answer.url) == (302, "/")
    [event] = events("session.signed_in")
    assert (event["actor"], event["aor"], event["role"]) == ("officer", "NYC", "officer")
    assert event["session"]


@pytest.mark.req("ACC-1")
def test_case_and_composition_of_a_name_or_password_do_not_matter_and_a_trailing_space_does(make_user, aor_nyc):
    user = make_user("renée", role="officer", aor=aor_nyc)
    user.set_password("un mot de passe trés long ")
    user.save()
    for name, password, status in [
        ("RENÉE", "un mot de passe trés long ", 302), ("Rene\u0301e", "un mot de passe tre\u0301s long ", 302),
        ("renée", "un mot de passe trés long", 200),
    ]:
        assert attempt(name, password).status_code == status, name


@pytest.mark.req("ACC-1", "ACC-12")
def test_unknown_wrong_closed_and_locked_get_the_same_answer(make_user, aor_nyc, now, events):
    make_user("person.b", role="officer", aor=aor_nyc)
    make_user("person.c", role="officer", aor=aor_nyc, is_active=False)
    make_user("person.d", role="officer", aor=aor_nyc)
    Lockout.objects.create(username="person.d", locked_at=now)
    answers = [attempt(name, password) for name, password in [
        ("person.a", PASSWORD), ("person.b", "wrong wrong wrong"), ("person.c", PASSWORD), ("person.d", PASSWORD)]]
    assert {answer.status_code for answer in answers} == {200}
    bodies = {re.sub(r"person\.[a-d]", "", without_tokens(answer.content)) for answer in answers}
    assert len(bodies) == 1
    assert "until its manager releases it" in bodies.pop()
    assert [event["details"]["why"] for event in events("session.sign_in_refused")] == [
        "unknown name", "wrong password", "closed account", "locked"]


@pytest.mark.req("ACC-1", "ACC-12")
def test_a_known_and_an_unknown_name_cost_the_same_work(make_user, aor_nyc, now, settings):
    """The same statements and one hash each; that the clock agrees is measured by `python -m benchmarks names`."""
    settings.PASSWORD_HASHERS = ["tests.accounts.counting_hasher.CountingHasher"]
    make_user("person.b", role="officer", aor=aor_nyc)
    make_user("person.c", role="officer", aor=aor_nyc, is_active=False)
    guesses = [("person.a", "wrong wrong wrong"), ("person.b", "wrong wrong wrong"), ("person.c", "wrong wrong wrong"),
               ("person.c", PASSWORD)]
    statements = []
    # Within one minute, whose first failure alone makes the row of the address.
    with time_machine.travel(now, tick=False):
        attempt("person.z", "wrong wrong wrong")
        CountingHasher.computed = 0
        for hashed, (name, password) in enumerate(guesses, 1):
            with CaptureQueriesContext(connection) as captured:
                attempt(name, password)
            statements.append(len(captured))
            assert CountingHasher.computed == hashed
    assert len(set(statements)) == 1, statements


@pytest.mark.req("AUD-1")
def test_what_is_typed_for_a_name_that_is_nobodys_is_kept_nowhere(officer, events):
    from axes.models import AccessAttempt

    attempt("my secret password!", "another secret here")
    [event] = events("session.sign_in_refused")
    assert "username" not in event["details"]
    kept = [list(row) for model in (Lockout, AccessAttempt) for row in model.objects.values_list()]
    assert len(kept) == 2
    assert "secret" not in str(kept) + str(events())


@pytest.mark.req("ACC-1")
def test_a_missing_field_is_named_and_what_was_typed_stays(officer):
    page = attempt("officer", "").content.decode()
    assert 'value="officer"' in page
    assert "This field is required" in page
    assert not Lockout.objects.exists()


@pytest.mark.req("ACC-1")
def test_the_key_changes_at_sign_in_and_ends_at_sign_out(officer, events):
    client = Client()
    client.get(LOGIN)
    session = client.session
    session["kept"] = 1
    session.save()
    client.cookies["session"] = before = session.session_key
    sign_in(client, officer)
    during = client.cookies["session"].value
    assert during != before
    answer = client.post("/accounts/logout/")
    assert answer["Clear-Site-Data"] == '"cache"'
    stale = Client()
    stale.cookies["session"] = during
    assert stale.get("/rules/").url.startswith(LOGIN)
    [event] = events("session.signed_out")
    assert event["actor"] == "officer"
    assert client.get("/accounts/logout/").status_code == 405


@pytest.mark.req("ACC-1")
def test_the_session_cookie_ends_with_the_browser(officer):
    client = Client()
    sign_in(client, officer)
    assert client.cookies["session"]["max-age"] == ""
    assert client.cookies["session"]["httponly"]


def test_after_sign_in_one_goes_where_one_wanted_and_never_to_another_site(officer):
    for wanted, reached in [("/queries/", "/queries/"), ("https://evil.example/", "/"), ("//evil.example", "/"),
                            ("javascript:alert(1)", "/")]:
        answer = Client().post(LOGIN, {"username": "officer", "password": PASSWORD, "next": wanted})
        assert answer.url == reached


@pytest.mark.req("ACC-1")
def test_a_forged_post_is_refused(officer):
    client = Client(enforce_csrf_checks=True)
    assert attempt("officer", PASSWORD, client).status_code == 403


@pytest.mark.req("ACC-1", "AUD-1")
def test_no_sign_in_without_its_record(officer, events):
    from config import databases

    with databases.administrator() as connection:
        connection.execute("REVOKE EXECUTE ON FUNCTION audit.append FROM lpr_app")
    client = Client()
    answer = attempt("officer", PASSWORD, client)
    assert answer.status_code == 503
    assert client.get("/rules/").status_code in {302, 503}
    assert "officer" not in [event["actor"] for event in events()]
    assert User.objects.get().username == "officer"
