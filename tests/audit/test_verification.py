"""The check of the whole log: any change by whoever rules the server is found (AUD-2, BEY-2)."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core import mail
from django.core.management import CommandError, call_command

from audit import alarms, context, mailings, seals, signing, tasks, verification
from audit.events import Kind
from audit.models import Incident, Mailing
from audit.record import record_durably
from config import databases

pytestmark = pytest.mark.usefixtures("database")
OFFICER = context.Actor(id=7, name="officer", aor="NYC", component="ERO", role="officer")
OFF = "SET session_replication_role = replica"

# A change of each column of each table of the record, by someone for whom triggers and rights are no obstacle.
CHANGES = {
    "event": {
        "at": "at + interval '1 microsecond'", "id": "gen_random_uuid()", "xact": "'7'::xid8", "kind": "'query.viewed'",
        "actor_id": "8", "actor": "'another'", "aor": "'CHI'", "on_behalf_of": "NULL", "plate": "'ABC124'", "state": "'NJ'",
        "reason": "'CIVIL'", "query": "gen_random_uuid()", "nonce": "set_byte(nonce, 0, get_byte(nonce, 0) # 1)",
        "leaf": "set_byte(leaf, 31, get_byte(leaf, 31) # 1)", "payload": "replace(payload, 'ABC123', 'ABC124')",
    },
    "sealed_leaf": {
        "index": "index + 1000", "at": "at + interval '1 microsecond'", "id": "gen_random_uuid()",
        "leaf": "set_byte(leaf, 0, get_byte(leaf, 0) # 1)",
    },
    "node": {"level": "level + 8", "index": "index + 1", "hash": "set_byte(hash, 0, get_byte(hash, 0) # 1)"},
    "checkpoint": {
        "size": "size - 1", "root": "set_byte(root, 0, get_byte(root, 0) # 1)", "at": "at + interval '1 microsecond'",
        "signed_note": "replace(signed_note, 'time ', 'time 1')", "key": "key || 'x'",
    },
}


def run(*statements: str) -> None:
    with databases.administrator() as connection:
        connection.execute(OFF)
        for table in CHANGES:
            connection.execute(f"ALTER TABLE audit.{table} DISABLE TRIGGER ALL")
        for statement in statements:
            connection.execute(statement)


@pytest.fixture
def sealed(now: datetime) -> Callable[[], None]:
    """Two checkpoints over 300 events: the one that is changed stands in the middle of the first."""
    def fill(count: int) -> None:
        with databases.administrator() as connection:
            connection.execute("SELECT audit.append('x.y', '{}') FROM generate_series(1, %s)", [count])

    fill(100)
    record_durably(Kind.QUERY_ATTEMPTED, actor=OFFICER, on_behalf_of="Jane Doe", plate="ABC123", state="PA", reason="CRIM")
    fill(159)
    seals.seal(now=now)
    fill(40)
    seals.seal(now=now)
    fill(1)


def columns() -> dict[str, set[str]]:
    with databases.administrator() as connection:
        found = connection.execute("SELECT table_name, column_name FROM information_schema.columns"
                                   " WHERE table_schema = 'audit' AND table_name = ANY (%s)", [list(CHANGES)]).fetchall()
    return {table: {column for name, column in found if name == table} for table in CHANGES}


def test_every_column_of_the_record_is_tried():
    assert columns() == {table: set(changes) for table, changes in CHANGES.items()}


@pytest.mark.req("AUD-2", "BEY-2")
def test_an_untouched_log_holds(sealed):
    told: list[tuple[int, int]] = []
    verified = verification.verify(progress=lambda done, total: told.append((done, total)))
    assert (verified.events, verified.checkpoints, verified.unsealed) == (300, 2, 1)
    assert told[-1] == (300, 300)


@pytest.mark.req("AUD-2", "BEY-2")
@pytest.mark.parametrize("table", list(CHANGES))
def test_a_change_of_any_single_column_of_a_sealed_row_is_found(sealed, table):
    where = {"event": "plate = 'ABC123'", "sealed_leaf": "index = 100", "node": "true", "checkpoint": "size = 260"}[table]
    for column, change in CHANGES[table].items():
        keep = f"CREATE TABLE public.kept AS SELECT * FROM audit.{table} WHERE {where}"
        run(keep, f"UPDATE audit.{table} SET {column} = {change} WHERE {where}")
        try:
            with pytest.raises(verification.Mismatch) as found:
                verification.verify()
        finally:
            key = {"event": "payload LIKE '%officer%'", "sealed_leaf": "index IN (100, 1100)", "node": "true",
                   "checkpoint": "size IN (259, 260)"}[table]
            run(f"DELETE FROM audit.{table} WHERE {key}", f"INSERT INTO audit.{table} SELECT * FROM public.kept",
                "DROP TABLE public.kept")
        assert str(found.value), column
        verification.verify()


@pytest.mark.req("AUD-2", "BEY-2")
@pytest.mark.parametrize(("damage", "named"), [
    ("DELETE FROM audit.event WHERE plate = 'ABC123'", "is missing"),
    ("DELETE FROM audit.event WHERE plate = 'ABC123'; DELETE FROM audit.sealed_leaf WHERE index = 100", "Leaf 100"),
    ("INSERT INTO audit.event SELECT at, gen_random_uuid(), xact, kind, actor_id, actor, aor, on_behalf_of, plate, state,"
     " reason, query, nonce, leaf, payload FROM audit.event WHERE plate = 'ABC123'", "never appended"),
    ("UPDATE audit.sealed_leaf SET index = 201 - index WHERE index IN (100, 101)", "first 260 events"),
    ("DELETE FROM audit.node", "nodes"),
    ("DELETE FROM audit.checkpoint WHERE size = 300", "last checkpoint covers 260"),
    ("DELETE FROM audit.sealed_leaf WHERE index >= 290", "last checkpoint covers 300"),
    ("DELETE FROM audit.event WHERE id IN (SELECT id FROM audit.unsealed)", "not yet sealed"),
    ("DELETE FROM audit.unsealed", "never appended"),
    ("UPDATE audit.unsealed SET leaf = sha256('x')", "not yet sealed"),
    ("UPDATE audit.event SET actor = 'x' WHERE id IN (SELECT id FROM audit.unsealed)", "column actor"),
])
def test_what_is_taken_out_put_in_or_moved_is_found(sealed, damage, named):
    if "sealed_leaf SET index" in damage:
        run("UPDATE audit.sealed_leaf SET index = -1 WHERE index = 100", "UPDATE audit.sealed_leaf SET index = 100"
            " WHERE index = 101", "UPDATE audit.sealed_leaf SET index = 101 WHERE index = -1")
    else:
        run(damage)
    with pytest.raises(verification.Mismatch, match=named):
        verification.verify()


@pytest.mark.req("BEY-2")
def test_a_whole_log_made_anew_is_found_by_its_key(sealed, settings, now):
    """Who rules the server can seal a made-up log from the start, but not sign it."""
    trusted = Path(f"{settings.AUDIT_SIGNING_KEY_FILE}.pub").read_text()
    run("DELETE FROM audit.checkpoint", "DELETE FROM audit.node", "DELETE FROM audit.sealed_leaf",
        "INSERT INTO audit.unsealed SELECT at, id, leaf FROM audit.event ON CONFLICT DO NOTHING",
        "DELETE FROM audit.unsealed a USING audit.unsealed b WHERE a.ctid < b.ctid AND a.id = b.id")
    for suffix in ("", ".pub", ".latest"):
        Path(f"{settings.AUDIT_SIGNING_KEY_FILE}{suffix}").unlink()
    assert seals.seal(now=now).size == 301
    Path(f"{settings.AUDIT_SIGNING_KEY_FILE}.pub").write_text(trusted)
    with pytest.raises(verification.Mismatch, match="no key that is trusted"):
        verification.verify()


CUT_OFF = (
    "DELETE FROM audit.event WHERE id NOT IN (SELECT id FROM audit.sealed_leaf WHERE index < 260)", "DELETE FROM audit.unsealed",
    "DELETE FROM audit.sealed_leaf WHERE index >= 260", "DELETE FROM audit.checkpoint WHERE size > 260")


@pytest.mark.req("AUD-2", "BEY-2")
def test_an_end_of_the_log_that_was_cut_off_with_its_seals_is_found_and_raises_the_alarm(sealed):
    run(*CUT_OFF)
    with pytest.raises(verification.Mismatch, match="300 events that was given out is not in the log, which ends at 260"):
        verification.verify()
    tasks.verify_log()
    assert Mailing.objects.get(kind="alarm").about.startswith(alarms.TAMPERED)


@pytest.mark.req("AUD-2", "BEY-2")
def test_a_given_out_checkpoint_that_was_tampered_with_is_no_excuse(sealed, settings):
    latest = Path(f"{settings.AUDIT_SIGNING_KEY_FILE}.latest")
    latest.write_text(latest.read_text().replace("300", "260"))
    with pytest.raises(verification.Mismatch, match="does not hold a checkpoint of ours"):
        verification.verify()


@pytest.mark.req("AUD-2", "BEY-2")
def test_a_file_mode_is_no_tampering(sealed, settings, monkeypatch, events):
    latest, read = Path(f"{settings.AUDIT_SIGNING_KEY_FILE}.latest"), Path.read_text

    def closed(path, *args, **options):
        if path == latest:
            raise PermissionError(13, "Permission denied", str(path))
        return read(path, *args, **options)

    monkeypatch.setattr(Path, "read_text", closed)
    for command in ("verify_audit", "seal_audit", "rotate_signing_key"):
        with pytest.raises(CommandError, match="Permission denied"):
            call_command(command)
    tasks.verify_log()
    with pytest.raises(PermissionError):
        tasks.seal()
    assert [event["details"]["about"] for event in events("alarm.raised")] == [alarms.UNVERIFIED]
    assert not Incident.objects.exists()


@pytest.mark.req("AUD-2", "BEY-2")
def test_a_given_out_file_with_other_bytes_is_a_mismatch(sealed, settings):
    Path(f"{settings.AUDIT_SIGNING_KEY_FILE}.latest").write_bytes(b"\xff\xfe")
    with pytest.raises(verification.Mismatch, match="does not hold a checkpoint of ours"):
        verification.verify()


@pytest.mark.req("AUD-2", "BEY-2")
def test_the_log_is_compared_with_a_checkpoint_that_somebody_kept(sealed, settings, now, tmp_path, capsys):
    """Who rules the whole machine takes the checkpoint beside the key away, too; the one that was mailed is out of reach."""
    settings.AUDIT_CHECKPOINT_RECIPIENTS = ["cor@agency.example"]
    mailings.owe(now=now)
    mailings.send_waiting(now=now)
    kept = {"mail.eml": mail.outbox[0].message().as_bytes(), "text.txt": mail.outbox[0].body.encode(),
            "windows.txt": mail.outbox[0].body.replace("\n", "\r\n").encode(),
            "note.txt": Path(f"{settings.AUDIT_SIGNING_KEY_FILE}.latest").read_bytes().rstrip()}
    for name, content in kept.items():
        (tmp_path / name).write_bytes(content)
        call_command("verify_audit", checkpoint=tmp_path / name)
        assert "given out of 300 and of 300 events" in capsys.readouterr().out, name
    Path(f"{settings.AUDIT_SIGNING_KEY_FILE}.latest").unlink()
    call_command("verify_audit")
    assert "No checkpoint from outside of the database" in capsys.readouterr().out
    run(*CUT_OFF)
    call_command("verify_audit")
    with pytest.raises(CommandError, match="300 events that was given out is not in the log"):
        call_command("verify_audit", checkpoint=tmp_path / "mail.eml")


@pytest.mark.req("BEY-2")
def test_a_kept_checkpoint_that_is_none_of_ours_is_refused_with_its_reason(sealed, settings, tmp_path):
    note = Path(f"{settings.AUDIT_SIGNING_KEY_FILE}.latest").read_text()
    stranger = signing.SigningKey(signing.origin(), Ed25519PrivateKey.generate())
    for content, words in (
        ("nothing of the kind", "no checkpoint stands there"), ("", "no checkpoint stands there"), (b"\xff\xfe", "decode"),
        (note.replace("\ntime ", "\ntime 1"), "signature does not hold"),
        (note.replace("\n300\n", "\n0300\n"), "signature does not hold"),
        (signing.sign(stranger, size=300, root=b"r" * 32, at=datetime.now(UTC)), "no key that is trusted"),
    ):
        file = tmp_path / "kept.txt"
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        with pytest.raises(CommandError, match=words) as refused:
            call_command("verify_audit", checkpoint=file)
        assert "kept.txt" in str(refused.value)
    with pytest.raises(CommandError, match="No such file"):
        call_command("verify_audit", checkpoint=tmp_path / "none")


@pytest.mark.req("BEY-2")
def test_the_command_says_that_all_holds_or_names_the_first_bad_event(sealed, capsys, events):
    call_command("verify_audit")
    assert "events=300 checkpoints=2 unsealed=2" in capsys.readouterr().out
    assert events(Kind.COMMAND_RUN)[-1]["details"] == {"command": "verify_audit"}
    [attempt] = events(Kind.QUERY_ATTEMPTED)
    run("UPDATE audit.event SET plate = 'ABC124' WHERE plate = 'ABC123'")
    with pytest.raises(CommandError) as refused:
        call_command("verify_audit")
    assert str(refused.value) == f"Event {attempt['id']} (leaf 100): its column plate is not what its payload says."
    assert refused.value.returncode == 1
