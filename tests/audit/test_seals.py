"""Sealing: the queue goes into the tree, each root is signed, and one size never has two roots (BEY-2)."""

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connections, transaction

from audit import seals, signing, tasks, verification, verifier
from audit.events import Kind
from audit.record import record, record_durably
from config import databases

pytestmark = pytest.mark.usefixtures("database")


def append(count: int = 1) -> None:
    with databases.administrator() as connection:
        connection.execute("SELECT audit.append('x.y', '{\"actor\":\"a\"}') FROM generate_series(1, %s)", [count])


def rows(sql: str) -> list[tuple]:
    with databases.administrator() as connection:
        return connection.execute(sql).fetchall()


def key() -> list[verifier.Key]:
    return signing.trusted_keys()


@pytest.mark.req("BEY-2")
def test_what_waits_is_sealed_and_signed(now, settings):
    append(3)
    record_durably(Kind.SIGNED_OUT)
    sealed = seals.seal(now=now)
    assert (sealed.size, sealed.count) == (4, 4)
    assert rows("SELECT count(*) FROM audit.unsealed") == [(0,)]
    checkpoint = verifier.open_checkpoint(sealed.note, key())
    assert (checkpoint.origin, checkpoint.size, checkpoint.root) == ("plateledger.demo-agency", 4, sealed.root)
    assert checkpoint.at == signing.microseconds(now)
    assert rows("SELECT size, signed_note FROM audit.checkpoint") == [(4, sealed.note)]
    assert rows("SELECT index, l.leaf = e.leaf FROM audit.sealed_leaf l JOIN audit.event e USING (at, id) ORDER BY 1") == [
        (index, True) for index in range(4)]
    assert seals.seal(now=now) is None
    file = Path(settings.AUDIT_SIGNING_KEY_FILE)
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.req("BEY-2")
def test_batches_make_one_tree_whatever_their_sizes(now):
    append(700)
    sizes = []
    while sealed := seals.seal(now=now, limit=270):
        sizes.append(sealed.size)
    assert sizes == [270, 540, 700]
    verified = verification.verify()
    assert (verified.events, verified.checkpoints, verified.unsealed) == (700, 3, 0)
    assert rows("SELECT level, index FROM audit.node ORDER BY 1, 2") == [(8, 0), (8, 1)]


@pytest.mark.req("BEY-2")
def test_an_event_that_commits_late_is_sealed_late_and_not_missed(now):
    early = threading.Event()
    done = threading.Event()

    def late_writer() -> None:
        with transaction.atomic():
            record(Kind.SIGNED_OUT)
            early.set()
            done.wait(10)
        connections.close_all()

    writer = threading.Thread(target=late_writer)
    writer.start()
    early.wait(10)
    append(2)
    assert seals.seal(now=now).size == 2
    done.set()
    writer.join()
    assert seals.seal(now=now).size == 3
    assert verification.verify().events == 3


@pytest.mark.req("BEY-2")
def test_two_sealers_make_one_tree(now):
    append(3000)
    failures: list[Exception] = []

    def sealer() -> None:
        try:
            for _ in range(20):
                seals.seal(now=now, limit=100)
        except Exception as error:
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=sealer) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    list(seals.seal_all(now=now))
    assert failures == []
    assert verification.verify().events == 3000


@pytest.mark.req("BEY-2")
def test_a_sealer_that_dies_before_its_commit_leaves_everything_as_it_was(now, monkeypatch):
    append(5)
    with monkeypatch.context() as patch:
        patch.setattr(seals, "_store", lambda *args: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            seals.seal(now=now)
    assert rows("SELECT (SELECT count(*) FROM audit.unsealed), (SELECT count(*) FROM audit.sealed_leaf)") == [(5, 0)]
    assert seals.seal(now=now).size == 5


@pytest.mark.req("BEY-2")
def test_a_sealer_that_dies_before_giving_out_goes_on(now, monkeypatch):
    append(5)
    with monkeypatch.context() as patch:
        patch.setattr(seals, "_give_out", lambda note: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            seals.seal(now=now)
    append(1)
    assert seals.seal(now=now).size == 6
    assert verification.verify().checkpoints == 2


@pytest.mark.req("BEY-2")
def test_a_database_restored_from_an_older_copy_is_not_sealed_again(now, django_db_setup):
    append(5)
    seals.seal(now=now)
    django_db_setup()
    append(5)
    with pytest.raises(seals.SealRefused, match="older copy"):
        seals.seal(now=now)
    assert rows("SELECT count(*) FROM audit.unsealed") == [(5,)]


@pytest.mark.req("BEY-2")
@pytest.mark.parametrize("damage", [
    "UPDATE audit.sealed_leaf SET leaf = sha256('x') WHERE index = 4", "DELETE FROM audit.sealed_leaf WHERE index = 4",
    "UPDATE audit.checkpoint SET root = sha256('x')",
])
def test_nothing_is_built_on_a_tree_that_was_changed(now, damage):
    append(5)
    seals.seal(now=now)
    with databases.administrator() as connection:
        connection.execute("SET session_replication_role = replica")
        for table in ("sealed_leaf", "checkpoint"):
            connection.execute(f"ALTER TABLE audit.{table} DISABLE TRIGGER refuse_change")
        connection.execute(damage)
    append(1)
    with pytest.raises(seals.SealRefused):
        seals.seal(now=now)


@pytest.mark.req("BEY-2")
def test_what_an_older_key_signed_still_verifies(now, settings):
    append(2)
    seals.seal(now=now)
    Path(settings.AUDIT_SIGNING_KEY_FILE).unlink()
    append(2)
    seals.seal(now=now)
    assert len(key()) == 2
    assert verification.verify().checkpoints == 2


@pytest.mark.req("BEY-2")
def test_without_a_key_nothing_is_sealed_and_the_sentence_says_how_to_make_one(now, settings):
    settings.AUDIT_MAKE_SIGNING_KEY = False
    append()
    with pytest.raises(signing.SigningKeyMissing, match="openssl genpkey"):
        seals.seal(now=now)
    file = Path(settings.AUDIT_SIGNING_KEY_FILE)
    file.parent.mkdir()
    file.write_bytes(generate_private_key(65537, 2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    with pytest.raises(signing.SigningKeyMissing, match="not an Ed25519 key"):
        seals.seal(now=now)
    with pytest.raises(CommandError):
        call_command("seal_audit")


@pytest.mark.req("AUD-2", "BEY-2")
def test_no_login_changes_a_seal(now):
    append(300)
    seals.seal(now=now)
    column = {"sealed_leaf": "index", "node": "index", "checkpoint": "size"}
    for alias in connections:
        for table, name in column.items():
            for statement in (f"UPDATE audit.{table} SET {name} = {name}", f"DELETE FROM audit.{table}",
                              f"TRUNCATE audit.{table}"):
                with pytest.raises(DatabaseError), connections[alias].cursor() as cursor:
                    cursor.execute(statement)


@pytest.mark.req("AUD-2", "BEY-2")
def test_even_an_administrator_is_refused(now):
    append(300)
    seals.seal(now=now)
    for table in ("sealed_leaf", "node", "checkpoint"):
        for statement in (f"TRUNCATE audit.{table}", f"DELETE FROM audit.{table}"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), databases.administrator() as connection:
                connection.execute(statement)


@pytest.mark.req("AUD-2")
def test_the_sealer_sees_no_event_and_the_auditor_writes_none():
    for alias, statement in (
        ("sealer", "SELECT * FROM audit.event"), ("sealer", "INSERT INTO audit.unsealed DEFAULT VALUES"),
        ("sealer", "SELECT * FROM store.read"), ("auditor", "DELETE FROM audit.unsealed"),
        ("auditor", "INSERT INTO audit.sealed_leaf VALUES (0, now(), gen_random_uuid(), '')"),
        ("auditor", "SELECT * FROM store.read"), ("default", "INSERT INTO audit.node VALUES (8, 0, '')"),
        ("default", "SELECT * FROM audit.unsealed"), ("sealer", "SELECT * FROM accounts_user"),
    ):
        with pytest.raises(DatabaseError), connections[alias].cursor() as cursor:
            cursor.execute(statement)


def test_the_state_says_how_far_the_sealing_is(now):
    assert seals.state() == seals.State(0, None, None)
    append(2)
    waiting = seals.state()
    assert (waiting.size, waiting.sealed_at) == (0, None)
    assert abs(waiting.waiting_since - now) < timedelta(minutes=1)
    tasks.seal()
    state = seals.state()
    assert (state.size, state.waiting_since) == (2, None)
    assert abs(state.sealed_at - datetime.now(UTC)) < timedelta(minutes=1)


def test_the_command_seals_what_waits_and_is_itself_on_the_record(events, capsys):
    append(2)
    call_command("seal_audit")
    assert capsys.readouterr().out == "sealed=3 size=3\n"
    assert events(Kind.COMMAND_RUN)[0]["details"] == {"command": "seal_audit"}


def test_readiness_tells_of_a_late_seal(client, now, monkeypatch):
    append()
    assert client.get("/readyz").json()["parts"]["seals"] == "ok"
    late = seals.State(0, None, now - timedelta(minutes=2))
    monkeypatch.setattr(seals, "state", lambda: late)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["parts"]["seals"].startswith("events wait since")
