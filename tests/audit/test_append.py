"""The database's part of the record: what it vouches for, and what it refuses (AUD-2, BEY-3)."""

import hashlib
import json
import uuid
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from django.db import DatabaseError, connections, transaction

from audit import context
from audit.events import Kind
from audit.record import AuditUnavailable, record, record_durably, record_many
from config import databases

pytestmark = pytest.mark.usefixtures("database")


def rows(sql: str, *parameters: object) -> list[tuple]:
    with databases.administrator() as connection:
        return connection.execute(sql, parameters or None).fetchall()


@pytest.mark.req("AUD-1")
def test_an_event_holds_who_asked_and_what():
    actor = context.Actor(id=7, name="officer", aor="NYC", component="ERO", role="officer")
    recorded = record_durably(Kind.QUERY_ATTEMPTED, actor=actor, plate="ABC123", state="PA", reason="CRIM", note="x")
    [(plate, state, actor_id, aor, query, payload)] = rows(
        "SELECT plate, state, actor_id, aor, query, payload FROM audit.event WHERE id = %s", recorded.id)
    assert (plate, state, actor_id, aor, query) == ("ABC123", "PA", 7, "NYC", recorded.id)
    assert json.loads(payload)["details"] == {"note": "x"}


@pytest.mark.req("AUD-2", "BEY-2")
def test_the_leaf_is_the_hash_of_header_and_salted_payload():
    made = [record_durably(Kind.SIGNED_OUT, plate="ABC123"),
            *record_many(Kind.SIGNED_OUT, [{"plate": f"ABC{number}"} for number in range(20)])]
    found = rows(
        "SELECT e.id, (extract(epoch FROM e.at) * 1000000)::bigint, e.xact::text, e.kind, e.nonce, e.leaf, e.payload, u.leaf"
        " FROM audit.event e JOIN audit.unsealed u USING (at, id) WHERE e.id = ANY(%s)", [event.id for event in made])
    told = {event.id: event.at for event in made}
    assert len(found) == len(told) == len(made)
    for id, at_us, xact, kind, nonce, leaf, payload, queued in found:
        header = f"plateledger event v1\n{id}\n{at_us}\n{xact}\n{kind}\n".encode()
        expected = hashlib.sha256(b"\x00" + header + hashlib.sha256(nonce + payload.encode()).digest()).digest()
        assert leaf == expected == queued
        assert len(nonce) == 32
        # The id says the time itself, to the microsecond.
        assert (id.version, id.variant) == (7, uuid.RFC_4122)
        assert (told[id] - datetime.fromtimestamp(0, UTC)) // timedelta(microseconds=1) == at_us
    assert len({nonce for _, _, _, _, nonce, *_ in found}) == len(made)


@pytest.mark.req("AUD-1", "AUD-2")
def test_what_is_no_event_is_refused():
    for kind, payload in (
        ("no kind", "{}"), ("x.y", "[]"), ("x.y", "7"), ("x.y", "{"), ("x.y", '{"details":{"a":"\\u0000"}}'),
        ("x.y", '{"plate":"LONGER THAN 10"}'), ("x.y", '{"actor_id":"x"}'), ("x.y", None), (None, "{}"),
    ):
        with pytest.raises(DatabaseError), connections["default"].cursor() as cursor:
            cursor.execute("SELECT audit.append(%s::text, %s::text)", [kind, payload])
    assert rows("SELECT count(*) FROM audit.unsealed") == [(0,)]


@pytest.mark.req("AUD-2")
def test_an_event_waits_for_the_disk_whatever_the_session_asked_for():
    for asked, kept in (("off", "on"), ("local", "on"), ("remote_apply", "remote_apply")):
        with transaction.atomic(), connections["default"].cursor() as cursor:
            cursor.execute("SELECT set_config('synchronous_commit', %s, true)", [asked])
            record(Kind.SIGNED_OUT)
            cursor.execute("SELECT current_setting('synchronous_commit')")
            assert cursor.fetchone() == (kept,)



@pytest.mark.req("AUD-1", "AUD-2")
def test_the_events_of_one_step_are_each_whole_and_in_their_order():
    actor = context.Actor(id=7, name="officer", aor="NYC", component="ERO", role="officer")
    said = [{"actor": actor, "plate": f"ABC{number}", "state": "PA", "reason": "CRIM", "on_behalf_of": "Jane Roe",
             "note": f"line\nbreak \u2028 \u00e9 \\ {number}"} for number in range(50)]
    recorded = record_many(Kind.ENTRY_ADDED, said)
    alone = record_durably(Kind.ENTRY_ADDED, **said[7])
    columns = "kind, actor_id, actor, aor, on_behalf_of, plate, state, reason, query, payload"
    found = [rows(f"SELECT {columns}, at FROM audit.event WHERE id = %s", event.id)[0] for event in recorded]
    assert [row[5] for row in found] == [f"ABC{number}" for number in range(50)]
    assert [row[-1] for row in found] == [event.at for event in recorded]
    assert [event.at for event in recorded] == sorted(event.at for event in recorded)
    assert [found[7][:-1]] == rows(f"SELECT {columns} FROM audit.event WHERE id = %s", alone.id)
    [asked] = record_many(Kind.QUERY_ATTEMPTED, [{"plate": "ABC1"}])
    assert rows("SELECT query FROM audit.event WHERE id = %s", asked.id) == [(asked.id,)]
    assert record_many(Kind.ENTRY_ADDED, []) == []


@pytest.mark.req("AUD-1")
def test_where_one_event_of_several_is_none_no_event_is_taken():
    for arguments in ("'x.y', ARRAY['{}', '[]']", "'x.y', ARRAY['{}', NULL]", "'X', ARRAY['{}']"):
        with pytest.raises(DatabaseError), connections["default"].cursor() as cursor:
            cursor.execute(f"SELECT audit.append_many({arguments})")
    assert rows("SELECT count(*) FROM audit.event WHERE kind IN ('x.y', 'X')") == [(0,)]


@pytest.mark.req("AUD-1")
def test_without_the_log_several_events_are_an_error_too():
    with databases.administrator() as connection:
        connection.execute("REVOKE EXECUTE ON FUNCTION audit.append_many FROM lpr_app")
    with pytest.raises(AuditUnavailable):
        record_many(Kind.SIGNED_OUT, [{}])


@pytest.mark.req("AUD-2")
def test_no_login_changes_the_log():
    record_durably(Kind.SIGNED_OUT)
    for alias in connections:
        for statement in ("UPDATE audit.event SET kind = 'x.y'", "DELETE FROM audit.event", "TRUNCATE audit.event",
                          "TRUNCATE audit.event_default"):
            with pytest.raises(DatabaseError), connections[alias].cursor() as cursor:
                cursor.execute(statement)


@pytest.mark.req("AUD-2")
def test_even_an_administrator_is_refused_on_every_month():
    record_durably(Kind.SIGNED_OUT)
    for (table,) in rows("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'audit.event'::regclass"):
        for statement in (f"TRUNCATE {table}", f"UPDATE {table} SET kind = 'x.y'", f"DELETE FROM {table}"):
            if rows(f"SELECT count(*) FROM {table}") == [(0,)] and not statement.startswith("TRUNCATE"):
                continue
            with pytest.raises(psycopg.errors.InsufficientPrivilege), databases.administrator() as connection:
                connection.execute(statement)


@pytest.mark.req("AUD-2")
def test_the_application_cannot_insert_or_read_events_itself():
    for statement in ("INSERT INTO audit.event (id) VALUES (gen_random_uuid())", "SELECT * FROM audit.event",
                      "SELECT * FROM audit.unsealed", "SELECT audit.event_by_id(gen_random_uuid())"):
        with pytest.raises(DatabaseError), connections["default"].cursor() as cursor:
            cursor.execute(statement)


def test_an_event_of_a_rolled_back_transaction_is_gone_and_durable_ones_refuse_to_be_in_one():
    with pytest.raises(RuntimeError), transaction.atomic():
        record_durably(Kind.SIGNED_OUT)
    with transaction.atomic():
        record(Kind.SIGNED_OUT)
        transaction.set_rollback(True)
    assert rows("SELECT count(*) FROM audit.event WHERE kind = 'session.signed_out'") == [(0,)]
