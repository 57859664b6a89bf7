"""Asking: attempt, answer, outcome, each on record; refusals on record; looking again (QRY-8, QRY-9, AUD-6)."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from audit.context import acting, actor_of
from audit.record import AuditUnavailable
from config import databases
from lpr import page_cursors, recall, search
from lpr.query import Query
from tests.lpr.stored_reads import HOUR, store_read

pytestmark = pytest.mark.usefixtures("database")


def question(**changes):
    now = datetime.now(UTC)
    return Query(**{
        "plate": "XYZ1234", "state": "OH", "reason": "CRIM", "timeframe": "30d", "captured_from": now - timedelta(days=30),
        "captured_until": now + timedelta(minutes=10), "case_reference": "Subject name John Doe, case number 12345678",
        "for_whom": "self"} | changes)


@pytest.fixture
def asking(officer):
    with acting(actor_of(officer)):
        yield officer


@pytest.mark.req("QRY-8", "AUD-1", "AUD-6")
def test_a_query_is_attempt_then_outcome_and_the_log_holds_no_result(asking, events):
    record_id = store_read(address="77 Secret Lane")
    store_read(state="")
    answered = search.run_query(query=question())
    attempt, outcome = [event for event in events() if event["kind"].startswith("query.")]
    assert (attempt["kind"], outcome["kind"]) == ("query.attempted", "query.answered")
    assert attempt["id"] == outcome["query"] == str(answered.id)
    assert (attempt["actor"], attempt["aor"], attempt["plate"], attempt["state"]) == ("officer", "NYC", "XYZ1234", "OH")
    assert attempt["details"]["case_reference"] == "Subject name John Doe, case number 12345678"
    assert (outcome["details"]["count"], outcome["details"]["count_state_unread"]) == (2, 1)
    assert len(outcome["details"]["digest"]) == 64
    assert str(record_id) not in str(events())
    assert "Secret" not in str(events())


@pytest.mark.req("QRY-8")
def test_without_a_record_of_the_attempt_nothing_is_searched(asking, events):
    store_read()
    with databases.administrator() as administrator:
        administrator.execute("REVOKE EXECUTE ON FUNCTION audit.append(text, text) FROM lpr_app")
    with pytest.raises(AuditUnavailable):
        search.run_query(query=question())
    assert events("query.attempted") == []


@pytest.mark.req("QRY-8")
def test_a_store_that_fails_is_on_record_as_failed(asking, events):
    with databases.administrator() as administrator:
        administrator.execute("REVOKE EXECUTE ON FUNCTION store.reads_outcome(uuid) FROM lpr_app")
    with pytest.raises(search.QueryFailed):
        search.run_query(query=question())
    [attempt], [failure] = events("query.attempted"), events("query.failed")
    assert failure["query"] == attempt["id"]
    assert recall.opened(query=uuid.UUID(attempt["id"]), user=asking, purpose="results").asked.count is None


@pytest.mark.req("QRY-8")
def test_a_refusal_holds_what_was_entered_and_why_whatever_was_in_it(asking, events):
    search.refuse(entered={"plate": "XYZ*\x00", "state": "OH", "case_reference": "x" * 5000, "timeframe": "\ud800",
                           "reason": "CRIM", "for_whom": "other", "other_name": "Jane Roe"},
                  errors={"plate": ["Enter the complete plate number."]})
    [refusal] = events("query.refused")
    assert refusal["details"]["entered"]["plate"] == "XYZ*"
    assert len(refusal["details"]["entered"]["case_reference"]) == search.LONGEST_ENTRY
    assert refusal["details"]["errors"] == {"plate": ["Enter the complete plate number."]}
    assert (refusal["on_behalf_of"], refusal["reason"]) == ("Jane Roe", "CRIM")
    assert events("query.attempted") == []


def pages(asked, size, user):
    cursor, found = None, []
    while True:
        event = recall.opened(query=asked, user=user, purpose="results").event
        page = search.page(event=event, cursor=cursor, size=size)
        found.append(page)
        if page.next is None:
            return found
        cursor = page_cursors.read(asked, page_cursors.text(asked, page.next))


@pytest.mark.req("RES-1", "QRY-2", "AUD-6")
@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 7, 50])
def test_pages_hold_every_read_once_and_those_of_unknown_state_come_last(asking, size, events):
    moment = datetime.now(UTC) - HOUR
    known = [store_read(captured_at=moment) for _ in range(4)]
    unknown = [store_read(captured_at=moment + timedelta(minutes=1), state="") for _ in range(3)]
    found = pages(search.run_query(query=question()).id, size, asking)
    shown = [read.record_id for page in found for read in page.reads]
    unread = [read.record_id for page in found for read in page.state_unread]
    assert (sorted(shown), sorted(unread)) == (sorted(known), sorted(unknown))
    assert all(len(page.reads) + len(page.state_unread) <= size for page in found)
    assert [page.number for page in found] == list(range(1, len(found) + 1))
    assert len(found) == -(-7 // size)
    assert len(events("query.attempted")) == 1
    assert len(events("query.viewed")) == len(found)


@pytest.mark.req("QRY-10", "AUD-6")
def test_a_replay_shows_what_was_there_when_it_was_asked(asking):
    first = store_read()
    asked = search.run_query(query=question()).id
    store_read(stored_at=datetime.now(UTC) + timedelta(seconds=1))
    opened = recall.opened(query=asked, user=asking, purpose="results")
    page = search.page(event=opened.event, size=50)
    assert [read.record_id for read in page.reads] == [first]
    assert opened.asked.count == 1


@pytest.mark.req("BEY-3")
def test_the_page_of_a_look_ends_with_its_minute(asking):
    asked = search.run_query(query=question()).id
    with pytest.raises(search.QueryFailed):
        search.page(event=uuid.uuid4(), size=50)
    assert search.page(event=asked, size=50).reads == []
    assert connection.is_usable()
