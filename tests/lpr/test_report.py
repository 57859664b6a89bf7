"""Printing chosen reads: who may, what is on record, and what the database gives out (RES-3, RES-7, BEY-3)."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, connection

from audit.context import Actor
from audit.events import Kind
from audit.record import AuditUnavailable, record_durably
from lpr.report import printing
from tests.lpr.stored_reads import HOUR, mark, store_read

OFFICER = Actor(id=7, name="officer", aor="NYC", component="ERO", role="officer")
CASE = "Subject name John Doe, case number 12345678"
WHOLE = {"plate": "XYZ-1234", "state": "OH", "reason": "CRIM", "timeframe": "30d", "case_reference": CASE, "for_whom": "self"}


@pytest.fixture
def browser(officer, signed_in):
    return signed_in(officer)


def ask(browser, **changes):
    answer = browser.post("/queries/new/", WHOLE | changes)
    assert answer.status_code == 303, answer.content.decode()
    return answer["Location"]


def pdf(browser, address, *reads):
    return browser.get(f"{address}report.pdf", {"read": [str(read) for read in reads]})


def page(browser, address, *reads):
    return browser.post(f"{address}report/", {"read": [str(read) for read in reads]})


def attempt(plate="XYZ1234", **details):
    now = datetime.now(UTC)
    said = {"captured_from": now - timedelta(days=30), "captured_until": now + timedelta(minutes=10)} | details
    return record_durably(Kind.QUERY_ATTEMPTED, actor=OFFICER, plate=plate, state="OH", reason="CRIM", **said).id


def selected(query, *reads, kind=Kind.REPORT_PRINTED):
    event = record_durably(kind, actor=OFFICER, query=query, reads=list(reads)).id
    with connection.cursor() as cursor:
        cursor.execute("SELECT record_id FROM store.reads_selected(%s::uuid)", [event])
        return [row[0] for row in cursor.fetchall()]


@pytest.mark.req("RES-3", "RES-7")
@pytest.mark.parametrize(("show", "purpose", "kind"), [
    (pdf, "pdf", "application/pdf"), (page, "print", "text/html; charset=utf-8")])
def test_printing_is_on_record_with_the_ids_that_the_user_selected(browser, events, show, purpose, kind):
    first, second, third = (store_read(captured_at=datetime.now(UTC) - hours * HOUR) for hours in (3, 2, 1))
    address = ask(browser)
    answer = show(browser, address, first, third, first)
    assert answer.status_code == 200
    assert answer["Content-Type"] == kind
    assert "no-store" in answer["Cache-Control"]
    [event] = events("report.printed")
    assert event["actor"] == "officer"
    assert event["query"] == address.split("/")[2]
    assert event["details"]["reads"] == [str(first), str(third)]
    assert event["details"]["purpose"] == purpose
    assert str(second) not in str(event)


@pytest.mark.req("RES-3")
def test_a_report_holds_the_selected_reads_alone(browser):
    chosen, other = store_read(), store_read(captured_at=datetime.now(UTC) - 2 * HOUR)
    said = page(browser, ask(browser), chosen).content.decode()
    assert str(chosen) in said
    assert str(other) not in said


@pytest.mark.req("RES-3", "BEY-3")
@pytest.mark.parametrize("show", [pdf, page])
def test_the_query_of_another_officer_is_not_found(browser, officer2, signed_in, events, show):
    read = store_read()
    address = ask(browser)
    assert show(signed_in(officer2), address, read).status_code == 404
    assert show(browser, f"/queries/{uuid.uuid4()}/", read).status_code == 404
    assert events("report.printed") == []
    assert events("access.refused", actor="officer2")


@pytest.mark.req("RES-3", "AUD-12")
def test_audit_roles_print_within_their_area(browser, manager, other_manager, auditor, signed_in, events):
    read = store_read()
    address = ask(browser)
    assert pdf(signed_in(manager), address, read).status_code == 200
    assert pdf(signed_in(auditor), address, read).status_code == 200
    assert pdf(signed_in(other_manager), address, read).status_code == 404
    assert [event["actor"] for event in events("report.printed")] == ["manager", "auditor"]


@pytest.mark.req("RES-3", "BEY-3", "LIM-1")
def test_an_id_opens_nothing_by_itself(browser, events):
    mine, foreign = store_read(), store_read(plate="OTHER12")
    address = ask(browser)
    assert pdf(browser, address, foreign).status_code == 404
    assert pdf(browser, address, uuid.uuid4()).status_code == 404
    both = page(browser, address, mine, foreign).content.decode()
    assert str(mine) in both
    assert "1 selected read is not in this report" in both
    for trace in (str(foreign), "OTHER12"):
        assert trace not in both
    # The attempts on the foreign read stand in the log.
    assert len(events("report.printed")) == 3


@pytest.mark.req("BEY-3")
@pytest.mark.usefixtures("database")
def test_the_database_gives_out_what_the_event_selects_and_its_query_found():
    now = datetime.now(UTC)
    inside, other_state, unread = store_read(), store_read(state="NJ"), store_read(state="", captured_at=now - 2 * HOUR)
    too_old, withdrawn = store_read(captured_at=now - timedelta(days=40)), store_read(captured_at=now - 3 * HOUR)
    mark(withdrawn)
    query = attempt()
    late = store_read(stored_at=datetime.now(UTC) + HOUR)
    assert selected(query, inside, other_state, unread, too_old, withdrawn, late) == [inside, unread]
    assert selected(query) == []
    assert selected(attempt(plate="OTHER12"), inside) == []
    assert selected(attempt(geo_state="NY"), inside) == []
    assert selected(attempt(near={"latitude_e6": 40_960_000, "longitude_e6": -83_000_000, "radius_m": 1000}), inside) == []
    assert selected(attempt(near={"latitude_e6": 39_960_000, "longitude_e6": -83_000_000, "radius_m": 1000}), inside) == [inside]


@pytest.mark.req("BEY-3")
@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("kind", [Kind.QUERY_ATTEMPTED, Kind.QUERY_RECALLED, Kind.PHOTO_VIEWED])
def test_no_other_event_opens_the_door_of_printing(kind):
    read = store_read()
    with pytest.raises(DatabaseError):
        selected(attempt(), read, kind=kind)


@pytest.mark.req("BEY-3")
@pytest.mark.usefixtures("database")
def test_a_report_of_no_query_opens_nothing():
    read = store_read()
    for query in (None, uuid.uuid4()):
        with pytest.raises(DatabaseError):
            selected(query, read)


@pytest.mark.req("RES-3")
def test_an_address_takes_fifty_reads_and_a_form_two_hundred(browser, events):
    store_read()
    address = ask(browser)
    refused = pdf(browser, address, *(uuid.uuid4() for _ in range(51)))
    assert refused.status_code == 400
    assert "An address holds at most 50 reads" in refused.content.decode()
    assert pdf(browser, address, *(uuid.uuid4() for _ in range(50))).status_code == 404
    assert page(browser, address, *(uuid.uuid4() for _ in range(200))).status_code == 404
    refused = page(browser, address, *(uuid.uuid4() for _ in range(201)))
    assert refused.status_code == 400
    assert "A report holds at most 200 reads" in refused.content.decode()
    assert len(events("access.refused")) >= 2


@pytest.mark.req("RES-3")
@pytest.mark.parametrize("reads", [(), ("",), ("1",), ("' OR 1=1",), ("x" * 5000,)])
def test_what_is_no_selection_is_refused_in_words(browser, reads):
    store_read()
    answer = pdf(browser, ask(browser), *reads)
    assert answer.status_code == 400
    assert "Tick" in answer.content.decode()


@pytest.mark.req("RES-3", "QRY-8")
def test_without_a_record_of_the_printing_nothing_is_read(browser, monkeypatch):
    read = store_read()
    address = ask(browser)
    monkeypatch.setattr("lpr.recall.record_durably", _log_is_down)
    for show in (pdf, page):
        answer = show(browser, address, read)
        assert answer.status_code == 503
        assert str(read) not in answer.content.decode()


def _log_is_down(*args, **facts):
    raise AuditUnavailable


@pytest.mark.req("RES-3")
def test_a_selection_is_taken_once_in_its_order():
    first, second = uuid.uuid4(), uuid.uuid4()
    assert printing.selection([str(second), str(first), str(second)], by_address=True) == [second, first]
