"""Every page has one heading of the first rank, a title and a language, whatever is on it (WCAG 2.4.6, 3.1.1; 1.3.1)."""

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.template.loader import render_to_string
from django.test import Client

from accounts.models import User
from alerts.models import Entry
from tests.factories.alerts import CASE
from tests.guards import addresses
from tests.personas import sign_in

QUESTION = {"plate": "XYZ1234", "state": "OH", "reason": "CRIM", "timeframe": "7d", "for_whom": "self", "case_reference": CASE}
POSTED = {"/queries/new/": {"plate": "%"}, "/queries/": {"plate": "XYZ1234"}, "/alerts/new/": {"plate": ""},
          "/alerts/search/": {"plate": "XYZ1234"}, "/audit/": {"from": "never"}, "/accounts/password/": {"old_password": "x"}}


def headings(text: str) -> int:
    return len(re.findall(r"<h1[\s>]", text))


def faults(path: str, answer) -> list[str]:
    """What is wrong with a page; nothing is asked of anything that is no page."""
    # A wrong method (405) and a redirect have no page.
    if not answer.headers.get("Content-Type", "").startswith("text/html") or answer.status_code in (301, 302, 303, 405):
        return []
    text = answer.content.decode()
    found = [] if headings(text) == 1 else [f"{path} ({answer.status_code}): {headings(text)} h1"]
    if not re.search(r"<title>\s*\S", text):
        found.append(f"{path}: no title")
    if not re.search(r"<html[^>]* lang=\"en", text):
        found.append(f"{path}: no language")
    heading = re.search(r"<h1[^>]*>(.*?)</h1>", text, re.S)
    if heading and not re.sub(r"<[^>]*>", "", heading.group(1)).strip():
        found.append(f"{path}: the h1 is empty")
    return found


def walked(client: Client, *paths: str) -> list[str]:
    found = []
    for path in [*(address.path for address in addresses.every() if address.name != "accounts:logout"), *paths]:
        if path != "/admin/logout/":
            found += faults(path, client.get(path))
    for path, body in POSTED.items():
        found += faults(path, client.post(path, body))
    return found


@pytest.mark.parametrize("persona", ["supervisor", "superuser"])
def test_every_page_has_one_when_nothing_is_there_yet(persona, request, signed_in):
    assert not walked(signed_in(request.getfixturevalue(persona)))


def test_every_page_has_one_when_it_is_full(
    officer: User, signed_in: Callable[[User], Client], watch: Callable[..., Entry], load_read: Callable[..., object],
):
    entry = watch(plate="XYZ1234", state="OH")
    load_read(plate="XYZ1234", state="OH", captured_at=datetime.now(UTC))
    load_read(plate="XYZ1234", state="", captured_at=datetime.now(UTC))
    client = signed_in(officer)
    result = client.post("/queries/new/", QUESTION)["Location"]
    nothing = client.post("/queries/new/", QUESTION | {"plate": "NONE999"})["Location"]
    assert "XYZ1234" in client.get(result).content.decode()
    assert not walked(client, result, nothing, f"/alerts/{entry.alert_list_id}/", f"/alerts/new/?query={result.split('/')[2]}")


def test_every_page_of_the_back_office_and_of_the_auditor_has_one_when_it_is_full(manager, officer, auditor, signed_in):
    client = signed_in(manager)
    assert not walked(client, f"/admin/accounts/user/{officer.pk}/change/")
    reader = signed_in(auditor)
    search = reader.post("/audit/", {"user": "officer"})["Location"]
    none = reader.post("/audit/", {"user": "nobody at all"})["Location"]
    assert not walked(reader, search, none)


def test_every_page_before_the_rules_has_one(officer, untrained):
    client = Client()
    assert not faults("login", client.get("/accounts/login/"))
    assert not faults("login refused", client.post("/accounts/login/", {"username": "officer", "password": "wrong"}))
    for person, page in ((officer, "/accounts/rules/"), (untrained, "/accounts/rules/")):
        sign_in(client, person)
        assert not faults(page, client.get(page))


@pytest.mark.parametrize("page", ["400.html", "403.html", "403_csrf.html", "404.html", "500.html", "503.html"])
def test_every_error_page_has_one(page):
    assert headings(render_to_string(page)) == 1
