"""The store's one door (BEY-3, QRY-2, QRY-8): a committed, young event of a whole question, and nothing but what it asks."""

import hashlib
import re
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import DatabaseError, connections, transaction

from audit.context import Actor
from audit.events import Kind
from audit.record import record, record_durably
from config import databases
from tests.lpr.stored_reads import HOUR, add_source, mark, store_read

pytestmark = pytest.mark.usefixtures("database")
READS_PAGE = Path(__file__).resolve().parents[2] / "lpr" / "sql" / "reads_page.sql"
OFFICER = Actor(id=7, name="officer", aor="NYC", component="ERO", role="officer")


def attempt(plate="XYZ1234", state="OH", *, kind=Kind.QUERY_ATTEMPTED, durably=True, days=30, **details):
    now = datetime.now(UTC)
    write = record_durably if durably else record
    said = {"captured_from": now - timedelta(days=days), "captured_until": now + timedelta(minutes=10)} | details
    return write(kind, actor=OFFICER, plate=plate, state=state, reason="CRIM", **said).id


def ask(sql, *parameters, alias="default"):
    with connections[alias].cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()


def page(event, *, state_read=True, before=(None, None), limit=500):
    return ask("SELECT record_id, captured_at"
               " FROM store.reads_page(%s::uuid, %s::boolean, %s::timestamptz, %s::uuid, %s::integer)",
               event, state_read, *before, limit)


def ids(event, **options):
    return [row[0] for row in page(event, **options)]


def outcome(event):
    [row] = ask("SELECT count, count_state_unread, digest FROM store.reads_outcome(%s::uuid)", event)
    return row[0], row[1]


@pytest.mark.req("BEY-3", "QRY-8")
@pytest.mark.parametrize("statement", [
    "SELECT * FROM store.read", "SELECT plate FROM store.read", "SELECT count(*) FROM store.read",
    "SELECT * FROM store.visible_read", "SELECT * FROM store.read_default", "SELECT * FROM store.place",
    "SELECT * FROM store.read_marker", "SELECT * FROM store.recent_record", "COPY store.read TO STDOUT",
    "SELECT * FROM store.scope_of(gen_random_uuid())", "SET ROLE lpr_owner", "SET ROLE lpr_loader",
    "INSERT INTO store.read_marker VALUES ('A', 'OH', now(), gen_random_uuid(), 'withdrawn', now())",
    "CREATE FUNCTION public.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'", "CREATE TEMPORARY TABLE mine (id int)",
])
def test_the_application_reaches_no_read_but_through_the_function(statement):
    store_read()
    with pytest.raises(DatabaseError):
        ask(statement)


@pytest.mark.req("BEY-3")
def test_no_partition_of_reads_opens_to_the_application_or_shows_its_photos_columns_to_the_loader():
    store_read()
    with databases.administrator() as administrator:
        tables = [name for (name,) in administrator.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'store.read'::regclass").fetchall()]
    assert len(tables) > 60
    for table in tables:
        with pytest.raises(DatabaseError):
            ask(f"SELECT * FROM {table}")
    with pytest.raises(DatabaseError):
        ask("SELECT latitude_e6 FROM store.read", alias="loader")


@pytest.mark.req("BEY-3", "QRY-8")
@pytest.mark.parametrize("call", [page, outcome])
def test_an_event_that_nobody_wrote_opens_nothing(call):
    store_read()
    with pytest.raises(DatabaseError, match="no committed event"):
        call(uuid.uuid4())


@pytest.mark.req("BEY-3", "QRY-8")
@pytest.mark.parametrize("call", [page, outcome])
def test_an_event_of_the_same_transaction_opens_nothing(call):
    store_read()
    with pytest.raises(DatabaseError, match="no committed event"), transaction.atomic():
        call(attempt(durably=False))


@pytest.mark.req("BEY-3", "QRY-8")
@pytest.mark.parametrize("call", [page, outcome])
def test_an_event_behind_a_released_savepoint_opens_nothing(call):
    store_read()
    with transaction.atomic():
        with transaction.atomic():
            event = attempt(durably=False)
        with pytest.raises(DatabaseError, match="no committed event"):
            call(event)
        transaction.set_rollback(True)


@pytest.mark.req("BEY-3", "QRY-8")
def test_an_event_that_was_rolled_back_opens_nothing():
    store_read()
    with transaction.atomic():
        event = attempt(durably=False)
        transaction.set_rollback(True)
    with pytest.raises(DatabaseError, match="no committed event"):
        page(event)


@pytest.mark.req("BEY-3", "QRY-8")
def test_an_event_older_than_a_minute_opens_nothing_and_cannot_be_made_by_the_application():
    store_read()
    made_at = datetime.now(UTC) - timedelta(seconds=61)
    stamp = int(made_at.timestamp() * 1000)
    old = uuid.UUID(int=(stamp << 80) | (7 << 76) | (2 << 62) | 1)
    insert = ("INSERT INTO audit.event (at, id, xact, kind, plate, state, query, nonce, leaf, payload) SELECT %s, %s, '3'::xid8,"
              " kind, plate, state, %s, nonce, leaf, payload FROM audit.event WHERE id = %s")
    parameters = [made_at, old, old, attempt()]
    with pytest.raises(DatabaseError):
        ask(insert, *parameters)
    with databases.administrator() as administrator:
        administrator.execute(insert, parameters)
    with pytest.raises(DatabaseError, match="older than a minute"):
        page(old)


@pytest.mark.req("BEY-3")
@pytest.mark.parametrize("kind", [Kind.SIGNED_OUT, Kind.QUERY_REFUSED, Kind.QUERY_RECALLED, Kind.AUDIT_SEARCHED,
                                  Kind.QUERY_ANSWERED, Kind.PHOTO_VIEWED])
def test_an_event_of_another_kind_opens_no_reads(kind):
    store_read()
    with pytest.raises(DatabaseError, match="opens no reads"):
        page(attempt(kind=kind))


@pytest.mark.req("BEY-3", "QRY-1", "QRY-3", "LIM-1")
@pytest.mark.parametrize("question", [
    {"plate": ""}, {"state": ""}, {"plate": "XYZ%"}, {"plate": "XYZ_234"}, {"plate": "xyz1234"}, {"plate": "*"}, {"plate": ".*"},
    {"captured_from": None}, {"captured_until": None}, {"captured_from": "", "captured_until": ""},
])
def test_an_event_that_is_no_whole_question_opens_nothing(question):
    store_read()
    with pytest.raises(DatabaseError):
        page(attempt(**question))


@pytest.mark.req("BEY-3", "QRY-2", "QRY-3")
def test_the_answer_is_the_exact_plate_state_and_span_of_the_event():
    wanted = store_read()
    store_read(plate="XYZ12345")
    store_read(plate="XYZ123")
    store_read(state="PA")
    store_read(captured_at=datetime.now(UTC) - timedelta(days=31))
    assert ids(attempt()) == [wanted]
    assert outcome(attempt()) == (1, 0)
    assert len(ids(attempt(days=32))) == 2


@pytest.mark.req("BEY-3", "QRY-3")
def test_the_span_begins_included_and_ends_excluded():
    first, last = datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 5, 2, tzinfo=UTC)
    begin = store_read(captured_at=first)
    store_read(captured_at=last)
    store_read(captured_at=first - timedelta(microseconds=1))
    assert ids(attempt(captured_from=first, captured_until=last)) == [begin]


@pytest.mark.req("QRY-2")
def test_reads_of_unknown_state_are_a_group_of_their_own():
    known, unknown = store_read(), store_read(state="")
    event = attempt()
    assert (ids(event), ids(event, state_read=False)) == ([known], [unknown])
    assert outcome(event) == (2, 1)


@pytest.mark.req("QRY-6")
def test_a_state_of_capture_narrows_both_groups():
    here, there = store_read(), store_read(place_state="KY")
    store_read(state="", place_state="KY")
    event = attempt(geo_state="OH")
    assert ids(event) == [here]
    assert outcome(event) == (1, 0)
    assert ids(attempt(geo_state="KY")) == [there]


@pytest.mark.req("QRY-6")
def test_a_radius_narrows_by_distance_on_the_ground():
    near, far = store_read(latitude=39.960, longitude=-83.0), store_read(latitude=39.970, longitude=-83.0)
    place = {"latitude_e6": 39_960_000, "longitude_e6": -83_000_000}
    # A hundredth of a degree of latitude is 1,112 meters.
    assert ids(attempt(near=place | {"radius_m": 1_100})) == [near]
    assert set(ids(attempt(near=place | {"radius_m": 1_120}))) == {near, far}
    assert outcome(attempt(near=place | {"radius_m": 1_100})) == (1, 0)


@pytest.mark.req("DAT-8")
def test_a_read_past_its_sources_retention_is_hidden_at_once():
    add_source("short", retention_days=10)
    kept = store_read(source="short", captured_at=datetime.now(UTC) - timedelta(days=9))
    store_read(source="short", captured_at=datetime.now(UTC) - timedelta(days=10, minutes=1))
    assert ids(attempt()) == [kept]
    assert outcome(attempt()) == (1, 0)


@pytest.mark.req("QRY-10")
def test_a_withdrawn_read_is_hidden_from_then_on():
    store_read()
    gone = store_read()
    later = store_read()
    mark(gone)
    mark(later, marked_at=datetime.now(UTC) + HOUR)
    assert gone not in ids(attempt())
    assert later in ids(attempt())
    assert outcome(attempt()) == (2, 0)


@pytest.mark.req("QRY-10", "AUD-6")
def test_a_replay_answers_as_of_the_attempt():
    before = store_read()
    asked = attempt()
    store_read(stored_at=datetime.now(UTC) + timedelta(seconds=1))
    view = record_durably(Kind.QUERY_VIEWED, actor=OFFICER, query=asked).id
    assert ids(view) == [before]
    assert ids(asked) == [before]


@pytest.mark.req("BEY-3")
def test_a_view_opens_no_other_query_than_the_one_it_names():
    store_read()
    store_read(plate="OTHER1")
    view = record_durably(Kind.QUERY_VIEWED, actor=OFFICER, query=attempt(), plate="OTHER1", state="OH",
                          captured_from="2000-01-01T00:00:00Z", captured_until="2100-01-01T00:00:00Z").id
    [row] = ask("SELECT plate FROM store.reads_page(%s::uuid, true, NULL, NULL, 500)", view)
    assert row == ("XYZ1234",)


@pytest.mark.req("RES-1")
def test_paging_is_complete_and_without_repeats_over_equal_times():
    moment = datetime.now(UTC) - HOUR
    stored = {store_read(captured_at=moment) for _ in range(7)} | {store_read(captured_at=moment - HOUR) for _ in range(6)}
    event, seen, before = attempt(), [], (None, None)
    while rows := page(event, before=before, limit=3):
        seen += [record_id for record_id, _ in rows]
        before = (rows[-1][1], rows[-1][0])
    assert len(seen) == len(stored) == 13
    assert set(seen) == stored
    times = [captured_at for _, captured_at in page(event)]
    assert times == sorted(times, reverse=True)


@pytest.mark.req("RES-1")
def test_a_page_of_old_and_new_reads_is_whole_where_the_newest_two_months_end():
    until = datetime.now(UTC) + timedelta(minutes=5)
    [(border,)] = ask("SELECT %s::timestamptz - interval '2 months'", until)
    second, instant = timedelta(seconds=1), timedelta(microseconds=1)
    times = [until - HOUR, border + second, border + instant, border, border - instant, border - 400 * 24 * HOUR]
    stored = [store_read(captured_at=time) for time in times]
    store_read(captured_at=border - 801 * 24 * HOUR)
    event = attempt(captured_from=border - 800 * 24 * HOUR, captured_until=until)
    for size in range(1, len(times) + 2):
        seen, before = [], (None, None)
        while rows := page(event, before=before, limit=size):
            seen += [record_id for record_id, _ in rows]
            before = (rows[-1][1], rows[-1][0])
        assert seen == stored, size


@pytest.mark.req("BEY-3")
def test_a_page_key_cannot_reach_beyond_the_span():
    store_read()
    event = attempt(captured_from=datetime.now(UTC) - timedelta(minutes=30))
    assert ids(event, before=(datetime.now(UTC) + timedelta(days=900), uuid.UUID(int=2**128 - 1))) == []
    assert ids(event, before=("-infinity", None)) == []


def test_the_digest_is_of_the_record_ids_of_all_pages():
    stored = [store_read(captured_at=datetime.now(UTC) - n * HOUR) for n in (1, 2)] + [store_read(state="")]
    event = attempt()
    [(count, _, digest)] = ask("SELECT * FROM store.reads_outcome(%s::uuid)", event)
    rows = page(event) + page(event, state_read=False)
    ordered = [record_id for record_id, _ in sorted(rows, key=lambda row: (row[1], row[0]), reverse=True)]
    assert count == len(stored) == 3
    assert bytes(digest) == hashlib.sha256(b"".join(id.bytes for id in ordered)).digest()


def plan_of_a_page():
    """The plan that the function's own settings give its query: the same text and settings, prepared, over five years."""
    body = READS_PAGE.read_text().split("CREATE OR REPLACE FUNCTION store.reads_page")[1]
    select = body[body.index("    SELECT r.record_id"):body.index(";\n        GET")]
    names = {"s.plate": "varchar", "wanted_state": "varchar", "since": "timestamptz", "upper_at": "timestamptz",
             "before_at": "timestamptz", "before_id": "uuid", "s.as_of": "timestamptz", "s.asked_at": "timestamptz",
             "s.geo_state": "varchar", "s.near_meters": "float8", "s.near_latitude": "float8", "s.near_longitude": "float8",
             "s.source_kind": "varchar", "s.within_meters": "float8", "s.within_latitude": "float8",
             "s.within_longitude": "float8", "wanted": "int", "closed_places": "text[]"}
    for number, name in enumerate(names, 1):
        select = re.sub(rf"(?<![\w.]){re.escape(name)}\b", f"${number}", select)
    with databases.administrator() as administrator:
        run = administrator.execute
        run("ANALYZE store.read")
        for setting in ("plan_cache_mode = force_generic_plan", "enable_sort = off", "enable_bitmapscan = off"):
            run(f"SET LOCAL {setting}")
        run(f"PREPARE page ({', '.join(names.values())}) AS {select}")
        [(plan,)] = run(
            "EXPLAIN (ANALYZE, COSTS OFF, FORMAT JSON) EXECUTE page('XYZ1234', 'OH', now() - interval '90 days', now(),"
            " 'infinity', 'ffffffff-ffff-ffff-ffff-ffffffffffff', now(), now(), NULL, NULL, NULL, NULL,"
            " NULL, NULL, NULL, NULL, 50, '{}')").fetchall()
    return plan[0]["Plan"]


def nodes(plan):
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)


@pytest.mark.req("BEY-3", "QRY-2")
def test_the_plan_walks_the_one_key_backwards_month_by_month_and_sorts_nothing():
    for days in range(200):
        store_read(captured_at=datetime.now(UTC) - timedelta(days=days, minutes=5))
    found = list(nodes(plan_of_a_page()))
    reads = [node for node in found if re.match(r"read_(\d{4}_\d\d|default)$", node.get("Relation Name", ""))]
    assert reads
    assert {node["Node Type"] for node in reads} <= {"Index Scan", "Index Only Scan"}
    for node in reads:
        assert node["Scan Direction"] == "Backward"
        assert "plate" in node["Index Cond"]
        assert "state" in node["Index Cond"]
        assert "captured_at" in node["Index Cond"]
    assert not [node for node in found if node["Node Type"] in {"Sort", "Incremental Sort", "Hash Join", "Bitmap Heap Scan"}]
    # Only the months asked for are opened.
    executed = [node for node in reads if node["Actual Loops"]]
    assert len(executed) <= 6
    assert sum(node["Actual Rows"] for node in executed) <= 60
