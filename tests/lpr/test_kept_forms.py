"""A session that ends while somebody types keeps the form: after signing in it is filled in again, not sent (ACC-1, QRY-1)."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client

from accounts.models import User
from tests.accounts.factors import bound, code
from tests.lpr.stored_reads import store_read
from tests.lpr.test_error_reports import NOTE, error_page
from tests.lpr.test_query_pages import NEW, WHOLE, ask
from tests.personas import PASSWORD

TYPED = WHOLE | {"case_reference": "Subject name Mary <Major>, case number 87654321", "for_whom": "other",
                 "other_name": "Jane Roe"}
LOGIN, RULES = "/accounts/login/", "/accounts/rules/"


def field(page: str, name: str) -> str:
    found = re.search(rf'<input type="hidden" name="{name}" value="([^"]*)"', page)
    assert found, page
    return found[1]


def page_of(client: Client, address: str) -> str:
    return client.get(address).content.decode()


def end_session(client: Client) -> None:
    """As after half an hour without use, by the gate's own clock."""
    session = client.session
    session["seen_at"] -= 3600
    session.save()


def go_on(client: Client, answer, *, to: str) -> str:
    """Press the only button of a page that hands on, and return the next page."""
    page = answer.content.decode()
    assert f'action="{to}"' in page
    sent = {"kept": field(page, "kept")} | ({"kept_only": "on"} if "kept_only" in page else {})
    return client.post(to, sent).content.decode()


def sign_in_again(client: Client, page: str, user: User):
    return client.post(LOGIN, {"username": user.username, "password": PASSWORD, "kept": field(page, "kept")})


def affirm_again(client: Client, page: str):
    return client.post(RULES, {"agree": "on", "kept": field(page, "kept")})


@pytest.mark.req("ACC-1", "QRY-1")
def test_a_query_form_is_filled_in_again_after_login_and_splash_and_not_sent(officer, signed_in, events):
    browser = signed_in(officer)
    typed = TYPED | {"form_owner": field(page_of(browser, NEW), "form_owner")}
    end_session(browser)
    answer = browser.post(NEW, typed)
    assert answer.status_code == 403
    assert "no-store" in answer["Cache-Control"]
    assert "87654321" not in answer.content.decode()
    login = go_on(browser, answer, to=LOGIN)
    assert "kept for 10 minutes" in login
    rules = go_on(browser, sign_in_again(browser, login, officer), to=RULES)
    form = go_on(browser, affirm_again(browser, rules), to=NEW)
    assert 'value="XYZ-1234"' in form
    assert "Subject name Mary &lt;Major&gt;, case number 87654321" in form
    assert '<option value="OH" selected' in form
    assert '<option value="30d" selected' in form
    assert 'value="Jane Roe"' in form
    assert "field__error" not in form
    assert not events("query.attempted")
    assert not events("query.refused")
    assert [event["details"]["why"] for event in events("access.refused")] == ["session-ended"]


@pytest.mark.req("ACC-1", "BEY-1")
def test_the_second_factor_hands_the_form_on_too(officer, signed_in, now, settings):
    key = bound(officer, now)
    browser = Client()
    browser.post(LOGIN, {"username": officer.username, "password": PASSWORD})
    browser.post("/accounts/second-factor/", {"code": code(key, now)})
    browser.post(RULES, {"agree": "on"})
    typed = TYPED | {"form_owner": field(page_of(browser, NEW), "form_owner")}
    end_session(browser)
    login = go_on(browser, browser.post(NEW, typed), to=LOGIN)
    factor = go_on(browser, sign_in_again(browser, login, officer), to="/accounts/second-factor/")
    assert "field__error" not in factor
    later = now + timedelta(seconds=31)
    with time_machine.travel(later, tick=False):
        answer = browser.post("/accounts/second-factor/", {"code": code(key, later), "kept": field(factor, "kept")})
        rules = go_on(browser, answer, to=RULES)
        assert 'value="XYZ-1234"' in go_on(browser, affirm_again(browser, rules), to=NEW)


@pytest.mark.req("ACC-1")
def test_a_wrong_password_loses_nothing(officer, signed_in):
    browser = signed_in(officer)
    typed = TYPED | {"form_owner": field(page_of(browser, NEW), "form_owner")}
    end_session(browser)
    login = go_on(browser, browser.post(NEW, typed), to=LOGIN)
    again = browser.post(LOGIN, {"username": officer.username, "password": "wrong", "kept": field(login, "kept")})
    assert "do not match" in again.content.decode()
    rules = go_on(browser, sign_in_again(browser, again.content.decode(), officer), to=RULES)
    assert 'value="XYZ-1234"' in go_on(browser, affirm_again(browser, rules), to=NEW)


@pytest.mark.req("ACC-1")
def test_another_person_who_signs_in_there_sees_nothing_of_it(officer, officer2, signed_in):
    browser = signed_in(officer)
    typed = TYPED | {"form_owner": field(page_of(browser, NEW), "form_owner")}
    end_session(browser)
    login = go_on(browser, browser.post(NEW, typed), to=LOGIN)
    answer = sign_in_again(browser, login, officer2)
    assert answer.status_code == 302
    browser.post(RULES, {"agree": "on"})
    form = browser.post(NEW, {"kept": field(login, "kept")}).content.decode()
    assert "XYZ" not in form
    assert "87654321" not in form


@pytest.mark.req("ACC-1")
def test_after_ten_minutes_nothing_is_left(officer, signed_in, now):
    browser = signed_in(officer)
    typed = TYPED | {"form_owner": field(page_of(browser, NEW), "form_owner")}
    end_session(browser)
    login = go_on(browser, browser.post(NEW, typed), to=LOGIN)
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=10, seconds=2), tick=False):
        assert sign_in_again(browser, login, officer).status_code == 302


@pytest.mark.req("ACC-1")
@pytest.mark.parametrize("owner", ["", "forged", "of another"])
def test_what_our_own_page_for_this_person_did_not_hold_is_not_kept(officer, officer2, signed_in, owner):
    browser, other = signed_in(officer), signed_in(officer2)
    mark = field(page_of(other, NEW), "form_owner") if owner == "of another" else owner
    if owner == "of another":
        # Signed in, but with a token that is not the session's: as from a page of somebody else's.
        strict = Client(enforce_csrf_checks=True)
        strict.cookies = browser.cookies
        answer = strict.post(NEW, TYPED | {"form_owner": mark})
        assert (answer.status_code, "kept" in answer.content.decode()) == (403, False)
    else:
        end_session(browser)
        assert browser.post(NEW, TYPED | {"form_owner": mark}).status_code == 302


@pytest.mark.req("ACC-1")
def test_a_form_of_the_session_before_is_filled_in_again_after_signing_in_in_another_window(officer, signed_in, events):
    browser = signed_in(officer)
    typed = TYPED | {"form_owner": field(page_of(browser, NEW), "form_owner")}
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = browser.cookies
    answer = strict.post(NEW, typed | {"csrfmiddlewaretoken": "of the session before"})
    assert answer.status_code == 403
    assert 'value="XYZ-1234"' in go_on(browser, answer, to=NEW)
    assert not events("query.attempted")


@pytest.mark.req("ACC-1", "ALR-1")
def test_an_alert_form_is_kept(officer, signed_in, events):
    browser = signed_in(officer)
    typed = {"plate": "XYZ-1234", "state": "OH", "reason": "CRIM", "case_reference": TYPED["case_reference"], "for_whom": "self",
             "scope": "users", "users": "officer2", "ongoing": "on",
             "form_owner": field(page_of(browser, "/alerts/new/"), "form_owner")}
    end_session(browser)
    login = go_on(browser, browser.post("/alerts/new/", typed), to=LOGIN)
    rules = go_on(browser, sign_in_again(browser, login, officer), to=RULES)
    form = go_on(browser, affirm_again(browser, rules), to="/alerts/new/")
    assert 'value="XYZ-1234"' in form
    assert 'value="officer2"' in form
    assert re.search(r'name="ongoing"[^>]*checked', form)
    assert not events("entry.added")


@pytest.mark.req("ACC-1", "RES-4")
def test_a_report_of_a_wrong_read_is_kept_with_an_address_for_the_new_session(officer, signed_in, events):
    store_read()
    browser = signed_in(officer)
    page = error_page(browser, ask(browser))
    typed = {"kind": "state", "note": NOTE, "form_owner": field(page_of(browser, page), "form_owner")}
    end_session(browser)
    login = go_on(browser, browser.post(page, typed), to=LOGIN)
    rules = go_on(browser, sign_in_again(browser, login, officer), to=RULES)
    form = go_on(browser, affirm_again(browser, rules), to=page)
    assert NOTE in form
    new = re.search(r'action="(/reads/[^"]+/error/)"', form)[1]
    assert new != page
    assert browser.post(page, {"kind": "state", "note": NOTE}).status_code == 404
    assert not events("read.reported")
    assert browser.post(new, {"kind": "state", "note": NOTE}).status_code == 200
    assert len(events("read.reported")) == 1


@pytest.mark.req("ACC-1")
def test_what_is_kept_is_nowhere_but_in_the_page(officer, signed_in, settings):
    browser = signed_in(officer)
    typed = TYPED | {"form_owner": field(page_of(browser, NEW), "form_owner")}
    end_session(browser)
    login = go_on(browser, browser.post(NEW, typed), to=LOGIN)
    answer = sign_in_again(browser, login, officer)
    assert "XYZ" not in str(dict(browser.session))
    assert "XYZ" not in str(browser.cookies)
    assert answer.status_code == 200
    assert not answer.has_header("Location")
