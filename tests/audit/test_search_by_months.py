"""A search by several conditions looks into ever longer windows of time and then month by month, and misses nothing (AUD-3)."""

from datetime import UTC, datetime, timedelta

import pytest

from audit import context, search
from audit.search import Criteria
from config import databases
from tests.factories import old_log

pytestmark = [pytest.mark.usefixtures("database"), pytest.mark.req("AUD-3")]
OPR = context.Actor(id=900, name="auditor", role="opr_auditor")
KEEPER = context.Actor(id=901, name="manager", aor="NYC", role="agency_manager")
NOW = datetime.now(UTC).replace(microsecond=0)
AGO = [timedelta(seconds=5), timedelta(minutes=4), timedelta(hours=3), timedelta(days=2), timedelta(days=4), timedelta(days=20),
       timedelta(days=40), timedelta(days=400), timedelta(days=401), timedelta(days=2900)]


def said(**facts) -> tuple[str, dict]:
    return "query.attempted", {
        "actor_id": 7, "actor": "jdoe", "aor": "NYC", "plate": "ABC123", "state": "PA", "reason": "CRIM"} | facts


@pytest.fixture
def asked() -> list[str]:
    """One query at each of many times, the newest first, each beside another that lacks one of the conditions."""
    other = [("query.viewed", said()[1]), said(actor="rroe", actor_id=8), said(reason="CIVIL"), said(aor="CHI")]
    return [old_log.append_old(NOW - ago, said(), other[number % 4])[0] for number, ago in enumerate(AGO)]


def found(actor: context.Actor, size: int, **criteria) -> list[str]:
    with context.acting(actor):
        begun, seen, cursor = search.begin(criteria=Criteria(**criteria)), [], ""
        while True:
            page = search.open_page(search=begun, user_id=actor.id, cursor=cursor, size=size)
            seen += [str(event.id) for event in page.events]
            cursor = page.next_cursor
            if not cursor:
                return seen


def test_every_event_is_found_once_in_its_order_whatever_its_age(asked):
    wanted = {"user": "JDOE", "event": "query.attempted", "reason": "crim", "aor": "nyc"}
    for actor in (OPR, KEEPER):
        for size in (1, 3, 50):
            assert found(actor, size, **wanted) == asked
    assert found(KEEPER, 4, user="jdoe", event="query.attempted", reason="CRIM") == asked
    assert found(OPR, 4, user="7", plate="ABC123", event="query.attempted", reason="CRIM", aor="NYC") == asked
    # The seconds are those of append_old.
    since, until = NOW - AGO[7] - timedelta(minutes=2), NOW - AGO[3] - timedelta(minutes=2)
    assert found(OPR, 2, **wanted, since=since, until=until) == asked[4:8]
    assert found(OPR, 2, **wanted, since=NOW - AGO[1] - timedelta(minutes=2), until=NOW) == asked[:2]
    assert found(OPR, 2, **wanted | {"plate": "ZZZ999"}) == []


def test_what_lies_in_no_month_of_its_own_is_found_at_its_place(asked):
    at = NOW - timedelta(days=1500)
    with databases.administrator() as connection:
        lost = old_log._append(connection, at, *said())
        assert connection.execute("SELECT count(*) FROM audit.event_default").fetchone() == (1,)
    assert found(OPR, 2, user="jdoe", event="query.attempted", reason="CRIM", aor="NYC") == [*asked[:9], lost, asked[9]]
