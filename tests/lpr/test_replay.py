"""A replay returns the reads as of then, or names the cause of each difference (QRY-10, AUD-6)."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.db import DatabaseError, connection

from accounts.models import User
from audit.context import acting, actor_of
from audit.events import Kind
from audit.record import record_durably
from config import databases
from lpr import partitions, recall, replay, search
from lpr.models import Jurisdiction, Source, SourceAuthority
from lpr.replay import Cause, Comparison
from tests.lpr.stored_reads import HOUR, add_source, mark, store_read
from tests.lpr.test_search import question

pytestmark = pytest.mark.usefixtures("database")
DAY = timedelta(days=1)


@pytest.fixture
def asked(officer: User) -> Callable[[], UUID]:
    def ask() -> UUID:
        with acting(actor_of(officer)):
            return search.run_query(query=question(captured_from=datetime.now(UTC) - 3 * 365 * DAY)).id

    return ask


@pytest.fixture
def compared(auditor: User) -> Callable[[UUID], Comparison]:
    def compare(query: UUID) -> Comparison:
        with acting(actor_of(auditor)):
            return replay.compare(recall.opened(query=query, user=auditor, purpose="results", page=1))

    return compare


def causes(found: Comparison) -> dict[Cause, int]:
    return {difference.cause: difference.count for difference in found.differences}


def aged(query: UUID, age: timedelta) -> UUID:
    """The same question and answer, as if asked `age` earlier."""
    old = UUID(int=query.int - (age // timedelta(milliseconds=1) << 80))
    with databases.administrator() as admin:
        admin.execute("ALTER TABLE audit.event DISABLE TRIGGER refuse_change")
        admin.execute(
            "UPDATE audit.event SET at = at - %s, query = %s, id = CASE WHEN id = %s THEN %s ELSE id END WHERE query = %s",
            [age, old, query, old, query])
    return old


def rows() -> int:
    with databases.administrator() as admin:
        return admin.execute("SELECT count(*) FROM store.read").fetchone()[0]


@pytest.mark.req("QRY-10", "AUD-6")
def test_the_same_reads_are_proven_by_their_digest_and_the_replay_changes_nothing(asked, compared, events):
    known = [store_read() for _ in range(3)] + [store_read(state="")]
    hidden_before = store_read()
    mark(hidden_before)
    query = asked()
    store_read(stored_at=datetime.now(UTC) + timedelta(seconds=1))
    held = rows()
    for _ in range(2):
        found = compared(query)
        assert found.is_same
        assert found.is_proven
        assert found.answered[0] == len(known)
        assert found.differences == []
    assert rows() == held
    answer = events(Kind.QUERY_ANSWERED)[0]["details"]
    [first, _] = events(Kind.QUERY_COMPARED)
    assert (first["actor"], first["query"]) == ("auditor", str(query))
    assert first["details"] == {
        "replay": events(Kind.QUERY_REPLAYED)[0]["id"], "answered": 4, "answered_digest": answer["digest"], "shown": 4,
        "shown_digest": answer["digest"], "is_proven": True}
    assert len(events(Kind.QUERY_ATTEMPTED)) == 1


@pytest.mark.req("QRY-10")
def test_each_read_that_is_hidden_since_has_its_cause_and_the_rest_is_proven(asked, compared, now):
    for name in ("ending", "over"):
        add_source(name)
    captured = {"captured_at": now - 10 * DAY}
    corrected, withdrawn, kept, ending = (store_read(**captured, **source) for source in ({}, {}, {}, {"source": "ending"}))
    closed = store_read(**captured, source="over", place_state="PA")
    query = aged(asked(), 5 * DAY)
    mark(corrected, kind="corrected", marked_at=now)
    mark(withdrawn, marked_at=now)
    # Past the question by the rule that held all the time: neither has a history.
    Source.objects.filter(name="ending").update(retention_days=7)
    day = now.date() - 3 * DAY
    [law] = Jurisdiction.objects.bulk_create([Jurisdiction(
        state="PA", citation="1 Pa.C.S. 1", valid_from=day - 1000 * DAY, valid_until=day, when_over="hide")])
    SourceAuthority.objects.bulk_create([SourceAuthority(
        source=Source.objects.get(name="over"), jurisdiction=law, valid_from=law.valid_from)])
    found = compared(query)
    assert {difference.cause: [read for read, _ in difference.reads] for difference in found.differences} == {
        Cause.CORRECTED: [corrected], Cause.WITHDRAWN: [withdrawn], Cause.RETENTION: [ending], Cause.AUTHORITY: [closed]}
    assert (found.answered[0], found.shown[0], found.is_proven, found.is_explained, found.is_same) == (5, 1, True, True, False)
    assert kept


@pytest.mark.req("QRY-10", "DAT-8")
def test_rules_that_were_changed_since_are_named_as_the_cause(asked, compared, make_source, now):
    shorter, longer = (make_source(name, retention_days=days) for name, days in (("shorter", 1827), ("longer", 5)))
    hidden, shown = (store_read(source=source.name, captured_at=now - 10 * DAY) for source in (shorter, longer))
    query = asked()
    for source, days in ((shorter, 5), (longer, 1827)):
        source.retention_days = days
        source.save()
    found = compared(query)
    assert {difference.cause: [read for read, _ in difference.reads] for difference in found.differences} == {
        Cause.RETENTION_SHORTER: [hidden], Cause.RETENTION_LONGER: [shown]}
    assert (found.answered[0], found.shown[0], found.is_proven, found.is_same) == (1, 1, True, False)
    law = Jurisdiction.objects.get(state="OH")
    law.valid_until, law.when_over = now.date() - 30 * DAY, "hide"
    law.save()
    SourceAuthority.objects.filter(source=shorter).update(valid_until=None)
    found = compared(query)
    assert causes(found) == {Cause.AUTHORITY_CHANGED: 1}
    assert (found.shown[0], found.is_proven, found.is_explained) == (0, True, True)


@pytest.mark.req("QRY-10", "DAT-8")
def test_reads_that_were_erased_are_counted_with_what_erased_them(asked, compared, now):
    add_source("short")
    for _ in range(2):
        store_read(source="short", captured_at=now - 10 * DAY)
    store_read()
    query = asked()
    Source.objects.filter(name="short").update(retention_days=5)
    partitions.maintain(now=now)
    found = compared(query)
    assert causes(found) == {Cause.ERASED_BY_RETENTION: 2}
    assert (found.answered[0], found.shown[0], found.is_explained, found.is_proven) == (3, 1, True, False)


@pytest.mark.req("QRY-10")
def test_a_read_that_was_being_stored_is_named_as_such(asked, compared):
    store_read()
    query = asked()
    # Its transaction began before the question and ended after it.
    with databases.administrator() as admin:
        [at] = admin.execute("SELECT at FROM audit.event WHERE id = %s", [query]).fetchone()
    store_read(stored_at=at - timedelta(seconds=2))
    found = compared(query)
    assert causes(found) == {Cause.LATE: 1}
    assert found.is_proven
    assert found.is_explained


@pytest.mark.req("QRY-10", "AUD-2")
def test_reads_that_were_taken_or_put_in_behind_the_stores_back_have_no_cause(asked, compared, events):
    gone = store_read()
    store_read()
    query = asked()
    with databases.administrator() as admin:
        admin.execute("DELETE FROM store.read WHERE record_id = %s", [gone])
    assert causes(compared(query)) == {Cause.UNEXPLAINED: 1}
    put_in = store_read(stored_at=datetime.now(UTC) - 2 * HOUR)
    found = compared(query)
    assert (causes(found), found.is_explained, found.is_proven) == ({Cause.UNEXPLAINED: 1}, False, False)
    assert events(Kind.QUERY_COMPARED)[-1]["details"]["differences"] == {"unexplained": 1}
    assert put_in


@pytest.mark.req("QRY-10", "AUD-12")
def test_page_and_api_show_the_comparison_to_audit_roles_alone(
        asked, officer, manager, other_manager, signed_in, api, events):
    first, second = store_read(), store_read()
    query = asked()
    mark(first, kind="corrected", marked_at=datetime.now(UTC))
    page = signed_in(manager).get(f"/queries/{query}/").content.decode()
    for part in ("The replay and the record", "1 read corrected since", str(first), "All reads of then are still held"):
        assert part in page
    body = api(manager).get(f"/api/v1/queries/{query}/").json()
    assert body["comparison"]["differences"] == [
        {"cause": "corrected", "what": "corrected since", "count": 1, "reads": [str(first)]}]
    assert [read["id"] for read in body["reads"]] == [str(second)]
    assert "The replay and the record" not in signed_in(officer).get(f"/queries/{query}/").content.decode()
    assert api(officer).get(f"/api/v1/queries/{query}/").json()["comparison"] is None
    assert signed_in(other_manager).get(f"/queries/{query}/").status_code == 404
    assert len(events(Kind.QUERY_COMPARED)) == 2


@pytest.mark.req("QRY-10", "BEY-3")
def test_only_the_replay_of_a_whole_answer_opens_the_comparison(asked, officer):
    query = asked()
    with acting(actor_of(officer)):
        looks = [record_durably(Kind.QUERY_VIEWED, query=query).id,
                 record_durably(Kind.QUERY_REPLAYED, query=query, narrowing={"source_kind": "toll_road"}).id]
    for look in looks:
        for door in ("store.replay_outcome(%s::uuid, 300)", "store.replay_differences(%s::uuid)"):
            with connection.cursor() as cursor, pytest.raises(DatabaseError, match="replay of a whole answer"):
                cursor.execute(f"SELECT * FROM {door}", [look])
