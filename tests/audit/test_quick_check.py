"""The check at full speed says yes to what holds, and to nothing else (AUD-2, BEY-2)."""

from collections.abc import Iterator
from datetime import datetime

import psycopg
import pytest
from django.db import connections

from audit import context, quick_check, seals, signing, verification
from audit.events import Kind
from audit.record import record_durably
from audit.regrown import Regrown
from config import databases
from tests.audit.test_verification import CHANGES

pytestmark = pytest.mark.usefixtures("database")
OFFICER = context.Actor(id=7, name="officer", aor="NYC", component="ERO", role="officer")
SEALED = 40
TABLES = ("event", "kept_event", "sealed_leaf", "unsealed", "node", "checkpoint")


@pytest.fixture
def log(now: datetime, monkeypatch: pytest.MonkeyPatch) -> Iterator[psycopg.Connection]:
    """Forty sealed events and one that waits, in pages of eight; a session of someone for whom no guard is an obstacle, whose
    changes are taken back."""
    monkeypatch.setattr(quick_check, "PAGE", 8)
    for number in range(SEALED // 2):
        attempt = record_durably(Kind.QUERY_ATTEMPTED, actor=OFFICER, on_behalf_of=f"Jané {number} \x02\x01",
                                 plate=f"ABC{number}", state="PA", reason="CRIM")
        record_durably(Kind.QUERY_ANSWERED, actor=OFFICER, query=attempt.id, count=number)
        if number % 6 == 5:
            seals.seal(now=now)
    seals.seal(now=now)
    record_durably(Kind.SIGNED_OUT, actor=OFFICER)
    with databases.administrator() as connection:
        connection.execute("SET session_replication_role = replica")
        for table in TABLES:
            connection.execute(f"ALTER TABLE audit.{table} DISABLE TRIGGER ALL")
        connection.commit()
        yield connection
        connection.rollback()


def holds(connection: psycopg.Connection) -> quick_check.Holds | None:
    told: list[tuple[int, int]] = []
    regrown = Regrown(connection, signing.trusted_keys())
    found = quick_check.whole_log(connection, regrown, set(), lambda done, total: told.append((done, total)))
    assert not found or told[-1] == (found.events, found.events)
    return found


def doubted(connection: psycopg.Connection, *statements: str) -> bool:
    """Whether the statements leave a doubt; they are taken back."""
    try:
        for statement in statements:
            assert connection.execute(statement).statusmessage not in ("UPDATE 0", "DELETE 0", "INSERT 0 0"), statement
        return holds(connection) is None
    finally:
        connection.rollback()


def event(index: int) -> str:
    """The event of a leaf, as a condition."""
    return f"id = (SELECT id FROM audit.sealed_leaf WHERE index = {index})"


@pytest.mark.req("AUD-2", "BEY-2")
def test_what_holds_is_said_to_hold_and_is_not_looked_at_again(log, monkeypatch):
    assert holds(log) == quick_check.Holds(SEALED, 0, 1)
    log.rollback()
    monkeypatch.delattr(verification, "_row_by_row")
    assert verification.verify().events == SEALED
    monkeypatch.setattr(quick_check, "PAGE", 2048)
    assert verification.verify().unsealed == 1


@pytest.mark.req("AUD-2", "BEY-2")
def test_any_column_of_any_row_is_doubted_at_both_sides_of_a_border(log):
    for place in (0, 7, 8, 39):
        for table in ("event", "sealed_leaf"):
            where = event(place) if table == "event" else f"index = {place}"
            for column, change in CHANGES[table].items():
                if table == "event" and column in {"on_behalf_of", "payload", "kind"}:
                    change = {"on_behalf_of": "coalesce(on_behalf_of, '') || 'x'", "payload": "payload || ' '",
                              "kind": "'query.viewed'"}[column]
                assert doubted(log, f"UPDATE audit.{table} SET {column} = {change} WHERE {where}"), (place, table, column)
    for table in ("node", "checkpoint"):
        for column, change in CHANGES[table].items():
            if table == "checkpoint":
                assert doubted(log, f"UPDATE audit.checkpoint SET {column} = {change} WHERE size = 24"), column
    waiting = "id IN (SELECT id FROM audit.unsealed)"
    for statement in (f"UPDATE audit.event SET actor = 'x' WHERE {waiting}", f"DELETE FROM audit.event WHERE {waiting}",
                      "DELETE FROM audit.unsealed", "UPDATE audit.unsealed SET leaf = sha256('x')",
                      "UPDATE audit.unsealed SET at = at + interval '1 second'",
                      "INSERT INTO audit.unsealed SELECT at, id, leaf FROM audit.event LIMIT 1",
                      "INSERT INTO audit.unsealed SELECT * FROM audit.unsealed",
                      "INSERT INTO audit.node VALUES (8, 0, sha256('x'))", "DELETE FROM audit.checkpoint WHERE size = 40",
                      "DELETE FROM audit.sealed_leaf WHERE index = 39", "DELETE FROM audit.sealed_leaf WHERE index = 8",
                      f"DELETE FROM audit.event WHERE {event(8)}",
                      "INSERT INTO audit.kept_event SELECT * FROM audit.event LIMIT 1"):
        assert doubted(log, statement), statement


@pytest.mark.req("AUD-2", "BEY-2")
def test_values_that_are_moved_between_rows_or_stand_for_nothing_are_doubted(log):
    """What is compared as one value a page must not be the same for two logs."""
    one, other = event(2), event(4)
    free = ("ALTER TABLE audit.event ALTER nonce DROP NOT NULL, ALTER leaf DROP NOT NULL, ALTER kind DROP NOT NULL,"
            " ALTER payload DROP NOT NULL, ALTER xact DROP NOT NULL")
    for column, value in (("nonce", "sha256('x')"), ("leaf", "sha256('x')"), ("kind", "'query.viewed'"), ("plate", "'X'"),
                          ("on_behalf_of", "'x'"), ("xact", "'7'::xid8"), ("actor_id", "8"), ("query", "gen_random_uuid()")):
        # A value that goes from one row to its neighbor, whole or in part.
        swap = (f"UPDATE audit.event e SET {column} = o.{column} FROM audit.event o WHERE (e.{one} AND o.{other})"
                f" OR (e.{other} AND o.{one})")
        if column in {"nonce", "leaf", "plate", "on_behalf_of"}:
            assert doubted(log, swap), column
        assert doubted(log, free, f"UPDATE audit.event SET {column} = NULL WHERE {event(2)}"), column
        assert doubted(log, f"UPDATE audit.event SET {column} = {value} WHERE {one} OR {other}"), column
    for column in ("nonce", "leaf"):
        first = f"substr((SELECT {column} FROM audit.event WHERE {event(3)}), 1, 1)"
        assert doubted(log, f"UPDATE audit.event SET {column} = {column} || {first} WHERE {event(2)}",
                       f"UPDATE audit.event SET {column} = substr({column}, 2) WHERE {event(3)}"), column
    assert doubted(log, f"UPDATE audit.event SET actor = 'off' WHERE {event(2)}",
                   f"UPDATE audit.event SET actor = 'icerofficer' WHERE {event(3)}")
    # Nothing, no letters, and the signs that begin a mark are four different values.
    for value in ("''", "E'\\x01'", "E'\\x02'"):
        for place in (0, 1):
            assert doubted(log, f"UPDATE audit.event SET on_behalf_of = {value} WHERE {event(place)}"), value
    assert doubted(log, f"UPDATE audit.event SET query = NULL WHERE {event(2)}")


@pytest.mark.req("AUD-2", "BEY-2")
def test_rows_that_no_constraint_holds_back_are_doubted(log):
    copy = "INSERT INTO audit.{0} SELECT * FROM audit.{0} WHERE {1}"
    no_keys = "ALTER TABLE audit.event DROP CONSTRAINT event_key"
    no_seal_keys = "ALTER TABLE audit.sealed_leaf DROP CONSTRAINT sealed_leaf_once, DROP CONSTRAINT sealed_leaf_key"
    columns = ("id, xact, kind, actor_id, actor, aor, on_behalf_of, plate, state, reason, query, nonce, leaf, payload")
    for statements in (
        (no_keys, copy.format("event", event(3))),
        (no_keys, copy.format("event", event(3)), f"DELETE FROM audit.event WHERE {event(30)}"),
        (no_keys, copy.format("event", "id IN (SELECT id FROM audit.unsealed)")),
        (no_seal_keys, copy.format("sealed_leaf", "index = 3")),
        (no_seal_keys, "UPDATE audit.sealed_leaf SET index = 3 WHERE index = 4"),
        (no_seal_keys, "UPDATE audit.sealed_leaf SET index = index + 1 WHERE index > 20"),
        (no_keys, "ALTER TABLE audit.event ALTER at DROP NOT NULL",
         f"INSERT INTO audit.event (at, {columns}) SELECT NULL, {columns} FROM audit.event WHERE {event(3)}"),
        (f"INSERT INTO audit.event (at, {columns}) SELECT 'infinity', {columns} FROM audit.event WHERE {event(3)}",),
        (f"INSERT INTO audit.event (at, {columns}) SELECT '-infinity', {columns} FROM audit.event WHERE {event(3)}",),
        (f"INSERT INTO audit.event (at, {columns}) SELECT at - interval '40 years', {columns} FROM audit.event"
         f" WHERE {event(3)}",),
        ("ALTER TABLE audit.unsealed ALTER at DROP NOT NULL, ALTER id DROP NOT NULL, ALTER leaf DROP NOT NULL",
         "INSERT INTO audit.unsealed VALUES (NULL, NULL, NULL)"),
    ):
        assert doubted(log, *statements), statements


@pytest.mark.req("AUD-2", "BEY-2")
def test_what_cannot_be_read_is_said_to_be_altered(log):
    for damage in ("UPDATE audit.sealed_leaf SET at = 'infinity' WHERE index = 3",
                   f"UPDATE audit.event SET payload = '[' WHERE {event(3)}",
                   f"UPDATE audit.event SET query = NULL WHERE {event(2)}"):
        log.execute("CREATE TABLE public.seals AS SELECT * FROM audit.sealed_leaf WHERE index = 3")
        log.execute(f"CREATE TABLE public.events AS SELECT * FROM audit.event WHERE {event(2)} OR {event(3)}")
        log.execute(damage)
        log.commit()
        with pytest.raises(verification.Mismatch) as found:
            verification.verify()
        words = {"infinity": "cannot be read after event 0", "'['": "is not the event that was sealed",
                 "NULL": "its column query"}
        assert [word in str(found.value) for key, word in words.items() if key in damage] == [True], found.value
        log.execute("DELETE FROM audit.sealed_leaf WHERE index = 3")
        log.execute("INSERT INTO audit.sealed_leaf SELECT * FROM public.seals")
        log.execute("DELETE FROM audit.event e USING public.events k WHERE k.id = e.id")
        log.execute("INSERT INTO audit.event SELECT * FROM public.events")
        log.execute("DROP TABLE public.seals, public.events")
        log.commit()
        assert verification.verify().events == SEALED


@pytest.mark.req("AUD-2", "BEY-2")
def test_an_event_that_commits_late_meets_its_leaf(log, now, monkeypatch):
    log.rollback()
    # It is as if seals had come in between: the leaves stand in another order than the events.
    with databases.administrator() as late, databases.administrator() as usual:
        usual.autocommit = True
        for _ in range(20):
            late.execute("SELECT audit.append('x.late', '{\"actor\": \"late\"}')")
            usual.execute("SELECT audit.append('x.usual', '{\"plate\": \"A\", \"plate\": \"B\"}')")
        seals.seal(now=now)
        late.commit()
    seals.seal(now=now)
    assert holds(log) == quick_check.Holds(SEALED + 1 + 40, 0, 0)
    log.rollback()
    assert doubted(log, "UPDATE audit.event SET plate = 'A' WHERE kind = 'x.usual'")
    # Where too many wait for their counterpart, each row is looked at.
    monkeypatch.setattr(quick_check, "APART", 5)
    assert holds(log) is None
    log.rollback()
    assert verification.verify().events == SEALED + 41


@pytest.mark.req("AUD-2", "BEY-2")
def test_a_value_of_an_unusual_kind_is_judged_row_by_row(log, now):
    log.rollback()
    with databases.administrator() as connection:
        connection.execute("SELECT audit.append('x.y', '{\"plate\": 7, \"reason\": null}')")
    seals.seal(now=now)
    assert holds(log) is None
    log.rollback()
    assert verification.verify().events == SEALED + 2
    connections["auditor"].close()
