"""What the agency takes away at the end of the contract is whole, proves itself, and holds no secret (AUD-10, BEY-10)."""

import base64
import hashlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from PIL import Image

from accounts import access_requests, challenges, scans
from accounts.models import ChallengeQuestion
from audit import seals, signing, verifier
from audit.contract import archive
from audit.events import Kind
from audit.record import record_durably
from config import contract_data, databases
from tests.accounts.applicants import FORM

pytestmark = pytest.mark.usefixtures("database")
DESTINATION = "Records office, vault 7"


@pytest.fixture
def contract(officer, manager, appointer, watch, aor_nyc, now):
    """Somebody of each role, an alert, a request with its scan, challenge answers, and a log of a few files."""
    watch(plate="END4242", state="NV")
    picture = io.BytesIO()
    Image.new("RGB", (40, 40), "white").save(picture, "PNG")
    questions = list(ChallengeQuestion.objects.all()[:3])
    challenges.keep(user=officer, questions=questions, hashed=challenges.hashes(["Rex", "Springfield", "Blue Ford"]))
    return access_requests.file(scan=scans.check(picture.getvalue()), now=now, **FORM | {"aor": aor_nyc})


@pytest.fixture(autouse=True)
def _small_files(monkeypatch):
    monkeypatch.setattr(archive, "EVENTS_A_FILE", 4)


def taken(out: Path, now, **changed) -> archive.Exported:
    return archive.export(**{"out": out, "destination": DESTINATION, "tables": contract_data.tables(),
                             "attachments": contract_data.attachments(), "now": now} | changed)


def keys() -> list[str]:
    return [key.text for key in signing.trusted_keys()]


def rows(out: Path, path: str) -> list[dict]:
    return [json.loads(line) for line in (out / path).read_bytes().splitlines()]


def with_checksums_of_now(out: Path) -> None:
    """What a forger does who knows the manifest."""
    manifest = json.loads((out / "manifest.json").read_bytes())
    for entry in manifest["files"]:
        entry["sha256"] = hashlib.sha256((out / entry["path"]).read_bytes()).hexdigest()
    (out / "manifest.json").write_text(json.dumps(manifest))


@pytest.mark.req("AUD-10", "BEY-10")
def test_the_export_proves_itself_with_its_own_verifier(contract, tmp_path, events):
    for _ in range(10):
        record_durably(Kind.SIGNED_OUT)
    out, said = tmp_path / "export", io.StringIO()
    call_command("export_contract", out=out, destination=DESTINATION, stdout=said)
    checked = subprocess.run([sys.executable, out / "verifier.py", out, "--key", keys()[0]], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr
    report = verifier.check_export(out, keys())
    assert f"manifest={report.digest}" in said.getvalue()
    assert report.digest in checked.stdout
    begun, = events(Kind.CONTRACT_EXPORT_BEGUN)
    made, = events(Kind.CONTRACT_EXPORTED)
    assert made["details"]["manifest"] == report.digest
    assert made["details"]["destination"] == report.manifest["destination"] == DESTINATION
    assert rows(out, sorted(path.relative_to(out).as_posix() for path in out.glob("events/*"))[-1])[-1]["id"] == begun["id"]
    assert len(list(out.glob("events/*"))) > 2
    entry, = rows(out, "alert-lists/alerts_entry.jsonl")
    assert (entry["plate"], entry["state"]) == ("END4242", "NV")
    form, = rows(out, "forms/accounts_accessrequest.jsonl")
    assert form["full_name"] == FORM["full_name"]
    assert (out / "attachments" / contract.scan_name).read_bytes() == scans.read(contract.scan_name)
    assert {row["username"] for row in rows(out, "accounts/accounts_user.jsonl")} == {"officer", "manager", "appointer"}


@pytest.mark.req("AUD-10")
def test_no_secret_leaves_with_the_export(contract, tmp_path, now):
    out = tmp_path / "export"
    taken(out, now)
    with databases.administrator() as connection:
        secrets = [value for column, table in (("password", "accounts_user"), ("hashed", "accounts_challengeanswer"))
                   for (value,) in connection.execute(f"SELECT {column} FROM {table}")]
    assert len(secrets) >= 6
    written = b"".join(file.read_bytes() for file in out.rglob("*") if file.is_file())
    assert [value for value in secrets if value.encode() in written] == []
    assert Path(signing.settings.AUDIT_SIGNING_KEY_FILE).read_bytes().splitlines()[1] not in written


def change(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


@pytest.mark.req("AUD-10")
def test_any_file_changed_missing_or_added_is_found(contract, tmp_path, now):
    out = tmp_path / "export"
    taken(out, now)
    filled = [path for path in out.rglob("*") if path.is_file() and path.stat().st_size and path.name != "manifest.json"]
    for file in sorted(filled):
        before = file.read_bytes()
        change(file)
        with pytest.raises(verifier.NotProven, match=file.name):
            verifier.check_export(out, keys())
        file.unlink()
        with pytest.raises(verifier.NotProven, match="is missing"):
            verifier.check_export(out, keys())
        file.write_bytes(before)
    (out / "accounts" / "more.jsonl").write_text("{}\n")
    with pytest.raises(verifier.NotProven, match="not in the manifest"):
        verifier.check_export(out, keys())


def altered(line: bytes) -> bytes:
    event = json.loads(line)
    event["kind"] = "session.signed_in"
    return json.dumps(event, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode() + b"\n"


@pytest.mark.req("AUD-10", "BEY-2")
@pytest.mark.parametrize("forge", [
    lambda lines: [altered(lines[0]), *lines[1:]], lambda lines: lines[1:], lambda lines: lines[:-1],
    lambda lines: [lines[1], lines[0], *lines[2:]], lambda lines: [lines[0], *lines],
])
def test_events_forged_together_with_the_manifest_are_found(contract, tmp_path, now, forge):
    for _ in range(4):
        record_durably(Kind.SIGNED_OUT)
    seals.seal(now=now)
    out = tmp_path / "export"
    taken(out, now)
    file = out / "events" / "000000000000.jsonl"
    file.write_bytes(b"".join(forge(file.read_bytes().splitlines(keepends=True))))
    with_checksums_of_now(out)
    with pytest.raises(verifier.NotProven):
        verifier.check_export(out, keys())


def added(out: Path, **changed) -> None:
    """One more line behind the last event, with the number that it should have."""
    file = sorted(out.glob("events/*"))[-1]
    line = json.loads(file.read_bytes().splitlines()[-1])
    line |= {"index": line["index"] + 1, "id": "0" * 8 + line["id"][8:]} | changed
    kept = {key: value for key, value in line.items() if value is not None}
    file.write_bytes(file.read_bytes() + json.dumps(
        kept, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode() + b"\n")


@pytest.mark.req("AUD-10", "BEY-2")
@pytest.mark.parametrize("changed", [
    {}, {"kind": "retention.approved"},
    {"leaf": base64.b64encode(b"x" * 32).decode(), "kind": None, "nonce": None, "payload": None, "xact": None},
])
def test_an_event_added_behind_the_last_checkpoint_is_found(contract, tmp_path, now, changed):
    """No checkpoint covers it, and so none would miss it."""
    out = tmp_path / "export"
    taken(out, now)
    added(out, **changed)
    with_checksums_of_now(out)
    with pytest.raises(verifier.NotProven, match="are missing or added"):
        verifier.check_export(out, keys())


@pytest.mark.req("AUD-10", "BEY-2")
def test_nonce_and_payload_of_an_exported_event_stand_where_they_were_recorded(contract, tmp_path, now):
    out = tmp_path / "export"
    taken(out, now)
    file = sorted(out.glob("events/*"))[0]
    lines = file.read_bytes().splitlines(keepends=True)
    event = json.loads(lines[0])
    event["nonce"] = base64.b64encode(base64.b64decode(event["nonce"]) + event["payload"][:1].encode()).decode()
    event["payload"] = event["payload"][1:]
    lines[0] = json.dumps(event, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode() + b"\n"
    file.write_bytes(b"".join(lines))
    with_checksums_of_now(out)
    with pytest.raises(verifier.NotProven, match="not written as an event is"):
        verifier.check_export(out, keys())


@pytest.mark.req("AUD-10", "BEY-2")
def test_what_is_left_of_dropped_events_has_its_one_shape(tmp_path):
    """Leaves are hashed one behind the other: two neighbors could else exchange a byte, and no root would show it."""
    one, other = b"1" * 32, b"2" * 32
    assert verifier.node_hash(one + b"2", other[1:]) == verifier.node_hash(one, other)
    ids = [f"{number:08x}-0000-7000-8000-000000000000" for number in range(2)]
    for leaves in ((one + b"2", other[1:]), (b"", one + other)):
        lines = [json.dumps({"at": 5, "id": id, "index": index, "leaf": base64.b64encode(leaf).decode()}, separators=(",", ":"))
                 for index, (id, leaf) in enumerate(zip(ids, leaves, strict=True))]
        (tmp_path / "events").mkdir(exist_ok=True)
        (tmp_path / "events" / "0").write_text("\n".join(lines) + "\n")
        with pytest.raises(verifier.NotProven, match="what is left of an event"):
            list(verifier._exported_leaves(tmp_path, {"files": [{"path": "events/0"}]}, verifier.Gaps()))


@pytest.mark.req("AUD-10", "BEY-2")
@pytest.mark.parametrize("spoil", [
    lambda said: said.pop("events"), lambda said: said.pop("missing"), lambda said: said.update(events="5"),
    lambda said: said.update(files=[5]), lambda said: said["files"].append({"path": 5, "sha256": ""}),
    lambda said: said["files"].append({"path": "accounts"}), lambda said: said["files"].append(said["files"][0]),
    lambda said: said.update(missing=[7]), lambda said: said.update(more=1),
    lambda said: said["files"].append({"path": "../../etc/passwd", "sha256": ""}),
])
def test_a_manifest_of_another_shape_is_none(contract, tmp_path, now, spoil):
    out = tmp_path / "export"
    taken(out, now)
    manifest = json.loads((out / "manifest.json").read_bytes())
    spoil(manifest)
    (out / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(verifier.NotProven, match=r"manifest.json|etc/passwd is missing"):
        verifier.check_export(out, keys())


@pytest.mark.req("AUD-10")
def test_a_key_twice_in_the_manifest_and_a_link_in_the_folder_are_found(contract, tmp_path, now):
    out = tmp_path / "export"
    taken(out, now)
    manifest = out / "manifest.json"
    whole = manifest.read_text()
    manifest.write_text(whole.replace("{", '{"destination": "Elsewhere",', 1))
    with pytest.raises(verifier.NotProven, match="stands there twice"):
        verifier.check_export(out, keys())
    manifest.write_text(whole)
    verifier.check_export(out, keys())
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "events.jsonl").write_text("{}")
    (out / "more").symlink_to(tmp_path / "more")
    with pytest.raises(verifier.NotProven, match="more is not in the manifest"):
        verifier.check_export(out, keys())


@pytest.mark.req("AUD-10")
def test_checkpoints_of_another_key_prove_nothing_to_who_holds_ours(contract, tmp_path, now):
    out = tmp_path / "export"
    taken(out, now)
    ours = keys()
    Path(signing.settings.AUDIT_SIGNING_KEY_FILE).unlink()
    Path(f"{signing.settings.AUDIT_SIGNING_KEY_FILE}.pub").unlink()
    assert verifier.check_export(out, ours).events
    with pytest.raises(verifier.NotProven, match="no key that is trusted"):
        verifier.check_export(out, keys())


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.req("AUD-10", "BEY-10")
def test_a_killed_export_goes_on_where_it_stopped(contract, tmp_path, now, monkeypatch, events):
    """The disk is the last thing that a dying run touched: it dies before each of its first writes, then between files."""
    out, fsync, steps = tmp_path / "export", os.fsync, 0

    def dies_at(step: int):
        left = step

        def sync(handle: int) -> None:
            nonlocal left
            left -= 1
            if left < 0:
                raise Killed
            fsync(handle)

        return sync

    for step in (0, 1, 2, 3, 4, 7, 20, 60):
        written = {file: file.stat().st_mtime_ns for file in out.glob("*/*")}
        monkeypatch.setattr(archive.os, "fsync", dies_at(step))
        with pytest.raises(Killed):
            taken(out, now)
        monkeypatch.setattr(archive.os, "fsync", fsync)
        with pytest.raises(verifier.NotProven):
            verifier.check_export(out, keys())
        (out / ".left.part").write_bytes(b"half")
        record_durably(Kind.SIGNED_OUT)
        for file, before in list(written.items())[:-1]:
            steps += 1
            assert file.stat().st_mtime_ns == before or file not in list(out.glob("*/*"))
    made = taken(out, now)
    assert steps > 10
    assert verifier.check_export(out, keys()).digest == made.digest
    assert len([event for event in events(Kind.CONTRACT_EXPORT_BEGUN) if event["details"].get("resumed")]) >= 5


@pytest.mark.req("AUD-10")
def test_a_file_that_rotted_between_two_runs_is_written_again(contract, tmp_path, now):
    out = tmp_path / "export"

    def stop(path: str, done: int, total: int) -> None:
        if path.startswith("forms/"):
            raise Killed

    with pytest.raises(Killed):
        taken(out, now, progress=stop)
    change(out / "accounts" / "accounts_user.jsonl")
    taken(out, now)
    verifier.check_export(out, keys())


@pytest.mark.req("AUD-10")
def test_a_scan_that_the_storage_lost_is_named(contract, tmp_path, now):
    scans.drop(contract.scan_name)
    made = taken(tmp_path / "export", now)
    assert list(made.missing) == [f"attachments/{contract.scan_name}"]
    assert verifier.check_export(tmp_path / "export", keys()).manifest["missing"] == list(made.missing)


@pytest.mark.req("AUD-10")
def test_an_export_never_writes_over_anything_and_its_refusal_is_on_record(contract, tmp_path, now, events):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("keep me")
    with pytest.raises(CommandError, match="not an export of ours"):
        call_command("export_contract", out=tmp_path / "full")
    refused, = events(Kind.CONTRACT_REFUSED)
    assert refused["details"]["step"] == "export"
    assert "not an export of ours" in refused["details"]["why"]
    assert refused["actor"].startswith("command:")
    out = tmp_path / "export"
    taken(out, now)
    with pytest.raises(archive.ExportRefused, match="whole export"):
        taken(out, now)
    assert len(events(Kind.CONTRACT_REFUSED)) == 2


@pytest.mark.req("AUD-10")
def test_an_export_taken_up_goes_to_its_first_destination(contract, tmp_path, now):
    def stop(path: str, done: int, total: int) -> None:
        raise Killed

    with pytest.raises(Killed):
        taken(tmp_path / "export", now, progress=stop)
    with pytest.raises(archive.ExportRefused, match="vault 7"):
        taken(tmp_path / "export", now, destination="somewhere else")


def test_every_column_that_tells_of_a_secret_stays():
    leaving = {(table.name, column) for table in contract_data.tables() for column in table.columns}
    assert ("accounts_user", "email") in leaving
    assert not {("accounts_user", "password"), ("accounts_registrationkey", "digest"), ("accounts_ticket", "key")} & leaving
    assert not {name for name, _ in leaving} & contract_data.LEFT_OUT
    assert "lpr_source" not in {name for name, _ in leaving}
