"""Search of the record: what is found, for whom, and that searching is itself on the record (AUD-3, AUD-12)."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.db import DatabaseError, connections, transaction

from audit import context, search
from audit.events import Kind
from audit.record import record, record_durably
from config import databases

pytestmark = pytest.mark.usefixtures("database")

OPR = context.Actor(id=900, name="auditor", role="opr_auditor")
MANAGER = context.Actor(id=901, name="manager", aor="NYC", role="agency_manager")
OFFICER = context.Actor(id=7, name="Officer.One", aor="NYC", component="ERO", role="officer")
ELSEWHERE = context.Actor(id=8, name="officer.two", aor="CHI", component="ERO", role="officer")


def ask(actor: context.Actor = OFFICER, **facts: str) -> UUID:
    return record_durably(Kind.QUERY_ATTEMPTED, actor=actor, **{"plate": "ABC123", "state": "PA", "reason": "CRIM"} | facts).id


def found(actor: context.Actor = OPR, **criteria: object) -> list[search.FoundEvent]:
    with context.acting(actor):
        begun = search.begin(criteria=search.Criteria(**criteria))
        return search.open_page(search=begun, user_id=actor.id).events


def page_of(event: UUID, limit: int = 100) -> list[tuple]:
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT id, kind FROM audit.events_page(%s::uuid, NULL, NULL, %s::integer)", [event, limit])
        return cursor.fetchall()


@pytest.mark.req("AUD-3")
@pytest.mark.parametrize("criteria", [
    {"user": "officer.one"}, {"user": "7"}, {"on_behalf_of": "jane DOE"}, {"plate": "ABC123"}, {"reason": "crim"},
    {"event": "query.attempted", "aor": "nyc"}, {"plate": "ABC123", "user": "OFFICER.ONE", "reason": "CRIM"},
])
def test_finds_by_each_thing_that_can_be_asked(criteria):
    wanted = ask(on_behalf_of="Jane Doe")
    ask(ELSEWHERE, plate="XYZ9", state="NJ", reason="CIVIL", on_behalf_of="John Roe")
    assert [event.id for event in found(**criteria)] == [wanted]


@pytest.mark.req("AUD-3")
def test_finds_by_date_and_time():
    event = ask()
    [at] = {one.at for one in found(plate="ABC123")}
    second = timedelta(seconds=1)
    assert [one.id for one in found(plate="ABC123", since=at, until=at + second)] == [event]
    assert found(plate="ABC123", since=at + second) == []
    assert found(plate="ABC123", until=at) == []


@pytest.mark.req("AUD-3")
def test_an_attempt_is_shown_with_its_outcome():
    answered, unanswered = ask(plate="ABC123"), ask(plate="ABC124")
    record_durably(Kind.QUERY_ANSWERED, actor=OFFICER, query=answered, count=3, digest="d")
    outcomes = {one.id: one.outcome for one in found(event="query.attempted")}
    assert outcomes == {answered: {"count": 3, "digest": "d"}, unanswered: None}


@pytest.mark.req("AUD-3", "AUD-12")
def test_a_manager_finds_their_own_area_alone_whatever_they_ask_for():
    mine = ask()
    ask(ELSEWHERE)
    assert [one.id for one in found(MANAGER, plate="ABC123")] == [mine]
    assert found(MANAGER, aor="CHI") == []
    assert found(MANAGER, user="officer.two") == []


@pytest.mark.req("AUD-12")
@pytest.mark.parametrize("actor", [
    OFFICER, context.Actor(id=9, name="boss", role="agency_manager"), context.Actor(id=9, name="desk", role="help_desk"),
    context.Actor(id=9, name="root", role="superuser"), context.Actor(id=9, name="x", role="x' OR true --"),
    context.Actor(id=9, name="x", aor="NYC", role="opr_auditor' --"),
])
def test_no_other_role_reads_the_record(actor):
    ask()
    with pytest.raises(DatabaseError):
        found(actor, plate="ABC123")


@pytest.mark.req("AUD-12")
def test_searching_and_each_look_are_on_the_record(events):
    ask()
    with context.acting(OPR):
        begun = search.begin(criteria=search.Criteria(plate="ABC123"))
        search.open_page(search=begun, user_id=OPR.id)
    [searched], [viewed] = events(Kind.AUDIT_SEARCHED), events(Kind.AUDIT_VIEWED)
    assert (searched["actor"], searched["details"]) == ("auditor", {"criteria": {"plate": "ABC123"}})
    assert (viewed["actor"], viewed["details"]) == ("auditor", {"search": str(begun), "page": 1})


@pytest.mark.req("AUD-3")
def test_pages_follow_one_another_without_gap_or_repetition_and_stay_as_of_the_search():
    asked = [ask() for _ in range(7)]
    with context.acting(OPR):
        begun = search.begin(criteria=search.Criteria(plate="ABC123"))
        ask()
        seen, cursor = [], ""
        for number in range(1, 5):
            page = search.open_page(search=begun, user_id=OPR.id, cursor=cursor, size=2)
            assert page.number == number
            seen += [one.id for one in page.events]
            cursor = page.next_cursor
    assert not cursor
    assert seen == asked[::-1]


@pytest.mark.req("AUD-12")
def test_a_search_opens_for_its_searcher_alone():
    with context.acting(OPR):
        begun = search.begin(criteria=search.Criteria())
    for user, wanted in ((MANAGER, begun), (OPR, uuid4()), (OPR, ask())):
        with context.acting(user), pytest.raises(search.SearchNotFound):
            search.open_page(search=wanted, user_id=user.id)


@pytest.mark.req("BEY-3", "AUD-12")
def test_the_database_itself_opens_no_search_of_another():
    ask()
    with context.acting(OPR):
        begun = search.begin(criteria=search.Criteria())
    look = record_durably(Kind.AUDIT_VIEWED, actor=context.Actor(id=902, name="other", role="opr_auditor"), search=begun)
    with pytest.raises(DatabaseError):
        page_of(look.id)
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT * FROM audit.search_seen(%s::uuid)", [look.id])
        assert cursor.fetchone() == (None, None)


@pytest.mark.req("AUD-3")
@pytest.mark.parametrize("cursor", ["x", "a:b:c", "W10:1tqGYf:forged"])
def test_a_cursor_that_we_did_not_make_opens_nothing(cursor):
    with context.acting(OPR):
        begun = search.begin(criteria=search.Criteria())
        with pytest.raises(search.SearchNotFound):
            search.open_page(search=begun, user_id=OPR.id, cursor=cursor)


def test_a_cursor_of_another_search_opens_nothing():
    ask()
    ask()
    with context.acting(OPR):
        one, other = (search.begin(criteria=search.Criteria()) for _ in range(2))
        cursor = search.open_page(search=one, user_id=OPR.id, size=1).next_cursor
        with pytest.raises(search.SearchNotFound):
            search.open_page(search=other, user_id=OPR.id, cursor=cursor)


def opening(**details: object) -> UUID:
    return record_durably(Kind.AUDIT_SEARCHED, actor=OPR, **details).id


@pytest.mark.req("BEY-3")
def test_an_event_of_the_same_transaction_opens_nothing_also_behind_a_savepoint():
    with transaction.atomic():
        event = record(Kind.AUDIT_SEARCHED, actor=OPR)
        with pytest.raises(DatabaseError), transaction.atomic():
            page_of(event.id)
    with transaction.atomic():
        with transaction.atomic():
            event = record(Kind.AUDIT_SEARCHED, actor=OPR)
        with pytest.raises(DatabaseError), transaction.atomic():
            page_of(event.id)


@pytest.mark.req("BEY-3")
def test_a_made_up_id_opens_nothing():
    real = opening()
    for id in (uuid4(), UUID(int=real.int ^ 1), UUID(int=0)):
        with pytest.raises(DatabaseError):
            page_of(id)


@pytest.mark.req("BEY-3")
def test_an_event_opens_for_a_minute():
    event = opening()
    assert page_of(event)
    with databases.administrator() as connection:
        connection.execute("ALTER TABLE audit.event DISABLE TRIGGER refuse_change")
        age = timedelta(seconds=61)
        old = UUID(int=event.int - (61_000 << 80))
        connection.execute("UPDATE audit.event SET at = at - %s, id = %s WHERE id = %s", [age, old, event])
    with pytest.raises(DatabaseError, match="older than a minute"):
        page_of(old)


@pytest.mark.req("BEY-3")
def test_no_other_kind_of_event_opens_the_record():
    doors = {Kind.AUDIT_SEARCHED, Kind.AUDIT_VIEWED, Kind.QUERY_RECALLED, Kind.QUERY_VIEWED, Kind.QUERY_REPLAYED,
             Kind.PHOTO_VIEWED, Kind.REPORT_PRINTED}
    for kind in set(Kind) - doors:
        event = record_durably(kind, actor=OPR)
        with pytest.raises(DatabaseError):
            page_of(event.id)


@pytest.mark.req("BEY-3")
def test_criteria_are_values_and_never_code():
    ask()
    for criteria in (
        {"user": "x' OR true --"}, {"plate": "'; DROP TABLE audit.event; --"}, {"user": "$1"}, {"aor": "NYC') OR ($1"},
        {"from') OR (true": "x", "user": "nobody"}, {"reason": "\\' OR 1=1"},
    ):
        assert page_of(opening(criteria=criteria)) == []


@pytest.mark.req("BEY-3")
def test_criteria_of_another_shape_widen_nothing_for_a_manager():
    ask(ELSEWHERE)
    for criteria in ("user", ["user"], 7, True, [["plate"]]):
        event = record_durably(Kind.AUDIT_SEARCHED, actor=MANAGER, criteria=criteria)
        assert {kind for _, kind in page_of(event.id)} <= {Kind.AUDIT_SEARCHED}


def test_a_criterion_that_is_no_time_is_an_error_and_not_everything():
    ask()
    with pytest.raises(DatabaseError):
        page_of(opening(criteria={"from": "yesterday'; --"}))


@pytest.mark.req("BEY-3", "AUD-12")
def test_recalling_gives_the_asker_their_own_queries_alone():
    mine = ask()
    ask(ELSEWHERE)
    record_durably(Kind.SIGNED_OUT, actor=OFFICER)
    event = record_durably(Kind.QUERY_RECALLED, actor=OFFICER, criteria={"user": "officer.two"})
    assert page_of(event.id) == []
    event = record_durably(Kind.QUERY_RECALLED, actor=OFFICER)
    assert page_of(event.id) == [(mine, "query.attempted")]
    nobody = record_durably(Kind.QUERY_RECALLED)
    assert page_of(nobody.id) == []


@pytest.mark.req("BEY-3")
def test_a_look_at_a_query_opens_that_query_alone():
    query, other = ask(), ask()
    record_durably(Kind.QUERY_ANSWERED, actor=OFFICER, query=query, count=0)
    record_durably(Kind.QUERY_ANSWERED, actor=OFFICER, query=other, count=0)
    look = record_durably(Kind.QUERY_VIEWED, actor=OFFICER, query=query)
    assert [kind for _, kind in page_of(look.id)] == ["query.answered", "query.attempted"]
    nothing = record_durably(Kind.QUERY_VIEWED, actor=OFFICER)
    assert page_of(nothing.id) == []


@pytest.mark.req("BEY-3")
def test_who_owns_a_query_or_a_search_is_told_without_what_was_asked():
    query = ask()
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT * FROM audit.query_owner(%s::uuid)", [query])
        assert [column.name for column in cursor.description] == ["at", "actor_id", "actor", "aor", "named_aors"]
        assert cursor.fetchone()[1:] == (7, "Officer.One", "NYC", "[]")
        cursor.execute("SELECT audit.search_owner(%s::uuid)", [query])
        assert cursor.fetchone() == (None,)


def test_a_page_has_at_most_a_thousand_events():
    with databases.administrator() as connection:
        connection.execute("SELECT audit.append('x.y', '{}') FROM generate_series(1, 1005)")
    assert len(page_of(opening(), limit=100_000)) == 1000
    assert len(page_of(opening(), limit=-5)) == 1


def test_the_search_room_knows_the_day_of_a_search(now):
    with context.acting(OPR):
        begun = search.begin(criteria=search.Criteria(since=datetime(2026, 1, 2, tzinfo=UTC), until=now))
        page = search.open_page(search=begun, user_id=OPR.id)
    assert page.criteria == search.Criteria(since=datetime(2026, 1, 2, tzinfo=UTC), until=now)
    assert now - timedelta(minutes=1) < page.searched_at < now + timedelta(minutes=1)
