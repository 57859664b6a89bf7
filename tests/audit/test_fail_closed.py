"""Where the record cannot be written, nothing is done and nothing is shown (AUD-1, QRY-8)."""

import json
import logging
from pathlib import Path

import psycopg
import pytest
from django.db import InterfaceError, OperationalError
from django.test import Client

from accounts import gates
from audit import context, search
from audit.events import Kind
from audit.record import AuditUnavailable, record_durably
from config import databases
from config.logging import JsonFormatter

pytestmark = pytest.mark.usefixtures("database")
ACTOR = context.Actor(id=70, name="someone", aor="NYC", component="ERO", role="officer")
REVOKED = "REVOKE EXECUTE ON FUNCTION audit.append FROM lpr_app"
BROKEN = "ALTER TABLE audit.event ADD CONSTRAINT broken CHECK (plate <> plate) NOT VALID"
FULL = "ALTER TABLE audit.unsealed ADD CONSTRAINT full_disk CHECK (false) NOT VALID"


def damage(statement: str) -> None:
    with databases.administrator() as connection:
        connection.execute(statement)


@pytest.mark.req("AUD-1")
@pytest.mark.parametrize("statement", [REVOKED, FULL])
def test_an_event_that_is_not_taken_is_an_error_and_a_line_in_the_spool_without_what_was_asked(settings, statement):
    damage(statement)
    where = context.Context(path="/queries/new/\nforged line", actor=ACTOR)
    with context.entered(where), pytest.raises(AuditUnavailable):
        record_durably(Kind.QUERY_ATTEMPTED, plate="ABC123", state="PA", reason="CRIM", case_reference="Case 12345678")
    [line] = Path(settings.AUDIT_SPOOL).read_text().splitlines()
    assert "user=70" in line
    assert "/queries/new/" in line
    assert "error=" in line
    for secret in ("ABC123", "12345678", "CRIM"):
        assert secret not in line


@pytest.mark.req("AUD-1")
def test_a_failed_check_tells_the_spool_no_plate(settings):
    damage(BROKEN)
    with context.entered(context.Context(path="/queries/new/", actor=ACTOR)), pytest.raises(AuditUnavailable):
        record_durably(Kind.QUERY_ATTEMPTED, plate="ABC123", state="PA")
    assert "ABC123" not in Path(settings.AUDIT_SPOOL).read_text()


@pytest.mark.req("AUD-1")
def test_the_audit_pages_show_nothing(signed_in, api, auditor, settings):
    record_durably(Kind.QUERY_ATTEMPTED, actor=ACTOR, plate="ABC123", state="PA")
    browser, client = signed_in(auditor), api(auditor)
    address = browser.post("/audit/", {"plate": "ABC123"}).url
    assert "ABC123" in browser.get(address).content.decode()
    damage(REVOKED)
    answers = [browser.get(address), browser.post("/audit/", {"plate": "ABC123"}), browser.post("/audit/", {"plate": "*"}),
               client.get(f"/api/v1{address}"), client.post("/api/v1/audit/searches/", {"plate": "ABC123"}, format="json")]
    for answer in answers:
        assert answer.status_code == 503
        assert answer["Retry-After"] == "60"
        assert b"ABC123" not in answer.content
    assert answers[3]["Content-Type"] == "application/problem+json"
    spool = Path(settings.AUDIT_SPOOL).read_text()
    assert len(spool.splitlines()) == len(answers)
    assert f"user={auditor.pk}" in spool
    assert "ABC123" not in spool


@pytest.mark.req("AUD-1")
def test_nobody_signs_in_and_no_refusal_goes_unrecorded(officer):
    damage(REVOKED)
    browser = Client()
    answer = browser.post("/accounts/login/", {"username": officer.username, "password": "correct horse battery staple"})
    assert answer.status_code == 503
    answer = browser.post("/accounts/login/", {"username": officer.username, "password": "wrong"})
    assert answer.status_code == 503
    assert "sessionid" not in browser.cookies
    assert "session" not in browser.cookies or not browser.cookies["session"].value


@pytest.mark.req("AUD-1", "QRY-8")
def test_with_the_database_away_every_page_answers_503_and_the_spool_has_a_line_of_each(
        signed_in, api, auditor, settings, take_away):
    browser, client = signed_in(auditor), api(auditor)
    browser.raise_request_exception = client.raise_request_exception = client.handler.raise_request_exception = False
    take_away()
    calls = [client.get("/api/v1/queries/"), client.post("/api/v1/audit/searches/", {"plate": "ABC123"}, format="json")]
    answers = [browser.get(path) for path in ("/", "/audit/", "/queries/new/", "/admin/")]
    answers += [browser.post("/audit/", {"plate": "ABC123"}), *calls]
    assert [(answer.status_code, answer["Retry-After"]) for answer in answers] == [(503, "60")] * len(answers)
    assert {answer["Content-Type"] for answer in calls} == {"application/problem+json"}
    spool = Path(settings.AUDIT_SPOOL).read_text()
    assert len(spool.splitlines()) == len(answers)
    assert "path=/queries/new/ error=OperationalError" in spool
    assert "ABC123" not in spool


@pytest.mark.req("AUD-1")
def test_a_connection_that_broke_while_a_page_was_made_is_503(signed_in, auditor, settings, monkeypatch, events):
    browser = signed_in(auditor)
    monkeypatch.setattr(search, "begin", _raise(InterfaceError("the connection is closed")))
    assert browser.post("/audit/", {"plate": "ABC123"}).status_code == 503
    [failed] = events(Kind.PAGE_FAILED)
    assert failed["details"]["status"] == 503
    assert not Path(settings.AUDIT_SPOOL).exists()


def lines_of(caplog, logger: str) -> list[dict]:
    """What the operator's log holds of these: as it is written, not as it was raised."""
    return [json.loads(JsonFormatter().format(record)) for record in caplog.records if record.name == logger]


@pytest.mark.req("AUD-1", "AUD-11")
def test_a_database_that_could_not_do_it_says_so_and_its_error_is_in_the_operators_log_without_what_was_asked(
        signed_in, api, auditor, monkeypatch, caplog):
    browser, client = signed_in(auditor), api(auditor)
    deadlock = OperationalError("deadlock detected: Key (plate)=(ABC123)")
    deadlock.__cause__ = psycopg.errors.DeadlockDetected("Key (plate)=(ABC123)")
    monkeypatch.setattr(search, "begin", _raise(deadlock))
    page = browser.post("/audit/", {"plate": "ABC123"})
    problem = client.post("/api/v1/audit/searches/", {"plate": "ABC123"}, format="json")
    monkeypatch.setattr(gates, "first_closed", _raise(deadlock))
    gate = browser.get("/audit/")
    assert {answer.status_code for answer in (page, problem, gate)} == {503}
    assert (problem["Content-Type"], problem.json()["type"]) == ("application/problem+json", "unavailable")
    for answer in (page, problem, gate):
        assert "The service cannot answer just now; nothing more was done or shown." in answer.content.decode()
        assert "audit log cannot be written" not in answer.content.decode()
    lines = lines_of(caplog, "audit.middleware")
    assert [line["message"] for line in lines] == ["the service cannot answer: DeadlockDetected"] * 3
    assert all(line["exception"].startswith("OperationalError at ") for line in lines)
    assert "ABC123" not in str(lines)


@pytest.mark.req("AUD-1", "AUD-11")
def test_a_log_that_cannot_be_written_says_so_and_why_is_in_the_operators_log(signed_in, api, auditor, caplog):
    browser, client = signed_in(auditor), api(auditor)
    damage(FULL)
    caplog.set_level(logging.ERROR)
    assert "The audit log cannot be written" in browser.post("/audit/", {"plate": "ABC123"}).content.decode()
    answer = client.post("/api/v1/audit/searches/", {"plate": "ABC123"}, format="json")
    assert answer.json()["type"] == "audit-unavailable"
    lines = lines_of(caplog, "audit.middleware")
    assert {(line["message"], line["exception"].split(" at ")[0]) for line in lines} == {
        ("the service cannot answer: IntegrityError", "AuditUnavailable")}
    assert "ABC123" not in str(lines)


@pytest.mark.req("AUD-1")
def test_a_page_that_fails_is_on_record_and_a_log_that_fails_with_it_on_the_spool(
        signed_in, auditor, settings, monkeypatch, events):
    browser = signed_in(auditor)
    browser.raise_request_exception = False
    monkeypatch.setattr(search, "begin", _raise(ZeroDivisionError("ABC123")))
    assert browser.post("/audit/", {"plate": "ABC123"}).status_code == 500
    [failed] = events(Kind.PAGE_FAILED)
    assert (failed["actor"], failed["details"]) == ("auditor", {"method": "POST", "status": 500, "route": "audit/"})
    damage(REVOKED)
    assert browser.post("/audit/", {"plate": "ABC123"}).status_code == 503
    [line] = Path(settings.AUDIT_SPOOL).read_text().splitlines()
    assert f"user={auditor.pk}" in line


def _raise(error: Exception):
    def begin(*args, **criteria):
        raise error

    return begin
