"""With a record that cannot be written, no page of the service shows anything of anybody (AUD-1, QRY-8)."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from django.test import Client

from accounts.models import User
from alerts.models import Entry
from config import databases
from tests.guards import addresses

PLATE = "FCL4242"
CASE = "Subject Wilma Flint, case 77554433"
# What may not be seen: the plate, the case, and a colleague's name.
SECRETS = (PLATE.encode(), CASE.encode(), b"officer2")
QUESTION = {"plate": PLATE, "state": "NV", "reason": "CRIM", "timeframe": "7d", "for_whom": "self", "case_reference": CASE}
POSTS = [("/queries/new/", QUESTION), ("/alerts/search/", {"plate": PLATE}), ("/audit/", {"plate": PLATE}),
         ("/api/v1/queries/", QUESTION), ("/api/v1/audit/searches/", {"plate": PLATE}),
         ("/alerts/new/", {"plate": PLATE, "state": "NV", "reason": "CRIM", "case_reference": CASE, "scope": "self",
                           "for_whom": "self", "ongoing": "on"})]


@pytest.fixture
def browsers(
    request: pytest.FixtureRequest, officer2: User, signed_in: Callable[[User], Client], watch: Callable[..., Entry],
    load_read: Callable[..., UUID],
) -> dict[str, Client]:
    """Officer, auditor and the installation's superuser, who sees all of the back office, with something to see for each."""
    people = ("officer", "auditor", "superuser")
    found = {name: signed_in(request.getfixturevalue(name)) for name in people}
    load_read(plate=PLATE, state="NV", captured_at=datetime.now(UTC))
    return found


def paths(browsers: dict[str, Client], entry: Entry) -> list[str]:
    asked = browsers["officer"].post("/queries/new/", QUESTION)["Location"].split("/")[2]
    searched = browsers["auditor"].post("/audit/", {"plate": PLATE})["Location"].split("/")[3]
    ids = {"query": asked, "search_id": searched, "alert_list": str(entry.alert_list_id), "entry": str(entry.pk)}
    found = []
    for address in addresses.every():
        path = address.path
        for name, _ in address.converters:
            path = path.replace(addresses.SAMPLES[addresses.UUIDConverter], ids[name]) if name in ids else path
        found.append(path)
    return sorted(set(found) - {"/accounts/logout/", "/admin/logout/"})


def shows(answer: object) -> bool:
    body = answer.getvalue() if hasattr(answer, "getvalue") else answer.content
    return answer["Content-Type"].startswith("image/jpeg") or any(secret in body for secret in SECRETS)


@pytest.mark.req("AUD-1", "QRY-8")
def test_without_a_record_no_page_shows_anything(browsers, watch, settings):
    walked = paths(browsers, watch(plate=PLATE, state="NV"))
    walked += _photos(browsers["officer"], walked)
    showing = {(name, path) for name, browser in browsers.items() for path in walked if shows(browser.get(path))}
    assert {path for _, path in showing} >= {"/", "/queries/", "/admin/accounts/user/"}
    with databases.administrator() as connection:
        connection.execute("REVOKE EXECUTE ON FUNCTION audit.append FROM lpr_app")
    answers = {(name, path): browsers[name].get(path) for name, path in sorted(showing)}
    assert {where for where, answer in answers.items() if answer.status_code != 503} == set()
    assert [where for where, answer in answers.items() if shows(answer)] == []
    for path, body in POSTS:
        kind = {"content_type": "application/json"} if path.startswith("/api/") else {}
        answer = browsers["auditor" if "audit" in path else "officer"].post(path, body, **kind)
        assert (answer.status_code, shows(answer)) == (503, False), path
    spool = Path(settings.AUDIT_SPOOL).read_bytes()
    assert spool
    assert not any(secret in spool for secret in SECRETS)


def _photos(officer: Client, walked: list[str]) -> list[str]:
    page = next(path for path in walked if re.fullmatch(r"/queries/[0-9a-f-]{36}/", path))
    return sorted(set(re.findall(r'"(/reads/[^"]+/photos/\d/)', officer.get(page).content.decode())))
