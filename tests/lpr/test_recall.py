"""Opening a logged query again, and the list of one's own (QRY-9, AUD-12)."""

import uuid
from datetime import UTC, datetime

import pytest

from audit.context import acting, actor_of
from lpr import recall, search
from tests.lpr.stored_reads import HOUR
from tests.lpr.test_search import question

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def asking(officer):
    with acting(actor_of(officer)):
        yield officer


@pytest.mark.req("QRY-9", "AUD-12")
def test_a_query_opens_for_its_owner_and_the_audit_roles_of_the_area_and_for_nobody_else(
        asking, officer2, officer_chi, supervisor, manager, other_manager, auditor, operator, superuser, events):
    asked = search.run_query(query=question()).id
    assert recall.opened(query=asked, user=asking, purpose="results").asked.id == asked
    for reader in (supervisor, manager, auditor):
        with acting(actor_of(reader)):
            assert recall.opened(query=asked, user=reader, purpose="results").asked.actor == "officer"
    assert {event["actor"] for event in events("query.replayed")} == {"supervisor", "manager", "auditor"}
    for stranger in (officer2, officer_chi, other_manager, operator, superuser):
        with pytest.raises(recall.QueryNotFound):
            recall.opened(query=asked, user=stranger, purpose="results")
    with pytest.raises(recall.QueryNotFound):
        recall.opened(query=uuid.uuid4(), user=asking, purpose="results")


@pytest.mark.req("QRY-9")
def test_an_event_that_is_no_query_is_not_found_as_one(asking, events):
    recall.own(user=asking, limit=5)
    [recalled] = events("query.recalled")
    with pytest.raises(recall.QueryNotFound):
        recall.opened(query=uuid.UUID(recalled["id"]), user=asking, purpose="results")


@pytest.mark.req("QRY-9")
def test_own_queries_come_newest_first_in_pages_and_narrowed(asking, officer2, events):
    asked = [search.run_query(query=question(plate=plate, case_reference=case)).id for plate, case in
             [("AAA111", "Lopez A123456789"), ("BBB222", "Doe 2026-4711"), ("AAA111", "Doe 2026-4712")]]
    with acting(actor_of(officer2)):
        search.run_query(query=question(plate="AAA111"))

    def ids(**options):
        found, more = recall.own(user=asking, **{"limit": 10} | options)
        return [each.id for each in found], more

    assert ids() == (asked[::-1], False)
    assert ids(limit=2) == ([asked[2], asked[1]], True)
    found, _ = recall.own(user=asking, limit=2)
    assert ids(before=(found[-1].at, found[-1].id)) == ([asked[0]], False)
    assert ids(plate="AAA111") == ([asked[2], asked[0]], False)
    assert ids(case="doe 2026") == ([asked[2], asked[1]], False)
    assert ids(case="doe", limit=1) == ([asked[2]], True)
    assert ids(asked_from=datetime.now(UTC) + HOUR)[0] == []
    assert found[0].count == 0
    assert events("query.recalled")[4]["details"]["criteria"] == {"plate": "AAA111"}
