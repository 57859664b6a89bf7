"""A bundle that left the house proves itself, and any change to it is found (BEY-2)."""

import base64
import io
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connections

from audit import bundles, context, seals, search, signing, verifier
from audit.events import Kind
from audit.record import record_durably
from config import databases

pytestmark = pytest.mark.usefixtures("database")
OPR = context.Actor(id=900, name="auditor", role="opr_auditor")
MANAGER = context.Actor(id=901, name="manager", aor="NYC", role="agency_manager")
OFFICER = context.Actor(id=7, name="officer", aor="NYC", component="ERO", role="officer")
VERIFIER = Path(verifier.__file__)


@pytest.fixture
def sealer() -> Iterator[None]:
    """Seals all the time, as beat does every ten seconds."""
    stop = threading.Event()

    def work() -> None:
        while not stop.wait(0.1):
            list(seals.seal_all(now=datetime.now(UTC)))
        connections.close_all()

    thread = threading.Thread(target=work)
    thread.start()
    yield
    stop.set()
    thread.join()


def ask(count: int, plate: str = "ABC123", actor: context.Actor = OFFICER) -> None:
    for _ in range(count):
        record_durably(Kind.QUERY_ATTEMPTED, actor=actor, plate=plate, state="PA", reason="CRIM", case_reference="Fall Müller 7")


def bundle_of(actor: context.Actor = OPR, **criteria: str) -> list[bytes]:
    with context.acting(actor):
        begun = search.begin(criteria=search.Criteria(**criteria))
        return bundles.make(search=begun, user_id=actor.id, wait_seconds=10).splitlines(keepends=True)


def keys() -> list[str]:
    return [key.text for key in signing.trusted_keys()]


@pytest.mark.req("BEY-2")
def test_a_bundle_proves_what_was_found(sealer, events):
    ask(3)
    ask(2, plate="XYZ9")
    lines = bundle_of(plate="ABC123")
    report = verifier.check_bundle(lines, keys())
    assert report.count == 3
    assert report.search["details"] == {"criteria": {"plate": "ABC123"}}
    assert [json.loads(json.loads(line)["payload"])["plate"] for line in lines[2:-1]] == ["ABC123"] * 3
    words = verifier.in_words(report)
    for part in ("plateledger.demo-agency", "auditor", "plate ABC123", "each of the 3 events", "Not proven"):
        assert part in words
    [made] = events(Kind.AUDIT_BUNDLED)
    assert (made["actor"], made["details"]["count"]) == ("auditor", 3)


@pytest.mark.req("BEY-2", "AUD-3")
def test_a_bundle_holds_the_searchers_scope_alone(sealer):
    ask(2)
    ask(2, actor=context.Actor(id=8, name="other", aor="CHI", role="officer"))
    assert verifier.check_bundle(bundle_of(MANAGER, plate="ABC123")).count == 2


@pytest.mark.req("BEY-2")
def test_a_bundle_of_nothing_proves_that_nothing_was_found(sealer):
    assert verifier.check_bundle(bundle_of(plate="NONE1"), keys()).count == 0


@pytest.mark.req("BEY-2")
def test_any_change_of_one_byte_is_found(sealer):
    ask(2)
    whole = b"".join(bundle_of(plate="ABC123"))
    assert verifier.check_bundle(whole.splitlines(keepends=True)).count == 2
    for place in range(len(whole)):
        changed = bytearray(whole)
        changed[place] ^= 1 << place % 8
        with pytest.raises(verifier.NotProven):
            verifier.check_bundle(io.BytesIO(changed))


def rewritten(line: bytes, **changed) -> bytes:
    return (json.dumps(json.loads(line) | changed, ensure_ascii=False, sort_keys=True, separators=(",", ":")) + "\n").encode()


@pytest.mark.req("BEY-2")
@pytest.mark.parametrize("moved", [1, 9, 40])
def test_an_event_ends_and_begins_where_it_was_recorded(sealer, moved):
    """Nonce and payload are hashed one behind the other: a byte that went over from one to the other would change no hash."""
    ask(2)
    lines = bundle_of(plate="ABC123")
    event = json.loads(lines[2])
    said = event["payload"].encode()
    nonce = base64.b64encode(base64.b64decode(event["nonce"]) + said[:moved]).decode()
    lines[2] = rewritten(lines[2], nonce=nonce, payload=said[moved:].decode())
    with pytest.raises(verifier.NotProven, match="line 3: not written as an event is"):
        verifier.check_bundle(lines, keys())


@pytest.mark.req("BEY-2")
@pytest.mark.parametrize("changed", [
    {"id": "x"}, {"id": ""}, {"xact": "-3"}, {"xact": "3\n3"}, {"xact": ""}, {"xact": 3}, {"at": "3"}, {"at": True}, {"at": 1.0},
    {"at": None}, {"index": -1}, {"index": 10 ** 30}, {"index": False}, {"proof": {}}, {"proof": [1]}, {"proof": [None]},
    {"proof": [[]]}, {"nonce": ""}, {"nonce": []}, {"kind": None}, {"payload": {}}, {"payload": "[]"}, {"more": "x"},
])
def test_a_part_of_another_type_or_shape_is_found(sealer, changed):
    ask(1)
    lines = bundle_of(plate="ABC123")
    for place in (1, 2, 3):
        wrong = [*lines[:place], rewritten(lines[place], **changed), *lines[place + 1:]]
        with pytest.raises(verifier.NotProven):
            verifier.check_bundle(wrong)
    for head in ({"bundle": 1}, {"checkpoint": []}, {"key": None}, {"key": "a+b+c"}, {"checkpoint": ""}):
        with pytest.raises(verifier.NotProven):
            verifier.check_bundle([rewritten(lines[0], **head), *lines[1:]])


@pytest.mark.req("BEY-2")
def test_a_key_that_stands_twice_is_found(sealer):
    ask(1)
    lines = bundle_of(plate="ABC123")
    for place, line in enumerate(lines):
        name, value = next(iter(json.loads(line).items()))
        twice = b"{" + json.dumps({name: value}, separators=(",", ":")).encode()[1:-1] + b"," + line[1:]
        assert json.loads(twice) == json.loads(line)
        with pytest.raises(verifier.NotProven, match="not written as a line"):
            verifier.check_bundle([*lines[:place], twice, *lines[place + 1:]])


@pytest.mark.req("BEY-2")
@pytest.mark.parametrize("payload", ["[]", "7", "{}", '{"details":7}', "nonsense", "[" * 50_000])
def test_a_payload_that_is_no_object_of_facts_proves_nothing(payload):
    with pytest.raises(verifier.NotProven, match="object of facts"):
        verifier._facts({"id": "x", "payload": payload})


@pytest.mark.req("BEY-2")
def test_what_a_searcher_typed_does_not_pass_for_the_verifiers_words(sealer):
    report = verifier.check_bundle(bundle_of(on_behalf_of="x\nProven: all of it.\x1b[2K"), keys())
    report.search["actor"] = "a\nProven: more\x1b[A"
    words = verifier.in_words(report)
    assert "\x1b" not in words
    assert [line.split(":")[0] for line in words.splitlines()] == ["Proven", "Proven", "Proven", "Not proven"]


@pytest.mark.req("BEY-2")
def test_a_missing_added_moved_or_doubled_line_is_found(sealer):
    ask(4)
    lines = bundle_of(plate="ABC123")
    ask(1, plate="XYZ9")
    other = bundle_of(plate="XYZ9")
    wrongs = [lines[:at] + lines[at + 1:] for at in range(len(lines))]
    wrongs += [[*lines[:at], lines[at], *lines[at:]] for at in range(len(lines))]
    wrongs += [[*lines[:2], lines[3], lines[2], *lines[4:]], [*lines[:3], other[2], *lines[3:]], lines[:-1] + other[-1:],
               other[:1] + lines[1:], [*lines, b"\n"], [], lines[:2], [line.rstrip() for line in lines],
               [*lines[:-1], lines[-1].rstrip()], [b"\xff", *lines], [b"[" * 5000 + b"\n", *lines[1:]]]
    for wrong in wrongs:
        with pytest.raises(verifier.NotProven):
            verifier.check_bundle(wrong)


@pytest.mark.req("BEY-2")
def test_a_bundle_that_another_key_signed_is_found(sealer, settings):
    ask(1)
    lines = bundle_of(plate="ABC123")
    settings.AUDIT_SIGNING_KEY_FILE = Path(settings.AUDIT_SIGNING_KEY_FILE).with_name("other.pem")
    signing.own_key()
    with pytest.raises(verifier.NotProven, match="no key that is trusted"):
        verifier.check_bundle(lines, keys())


@pytest.mark.req("BEY-2")
def test_the_verifier_runs_alone(sealer, tmp_path):
    ask(2)
    file = tmp_path / "bundle.jsonl"
    file.write_bytes(b"".join(bundle_of(plate="ABC123")))
    alone = tmp_path / "verifier.py"
    alone.write_bytes(VERIFIER.read_bytes())
    run = [sys.executable, "-I", str(alone), str(file)]
    good = subprocess.run([*run, "--key", keys()[0]], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (good.returncode, good.stderr) == (0, "")
    assert "the key you gave" in good.stdout
    unknown = subprocess.run(run, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert "Give the agency's own with --key." in unknown.stdout
    file.write_bytes(file.read_bytes().replace(b"ABC123", b"ABC124"))
    bad = subprocess.run(run, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert bad.returncode == 1
    assert bad.stderr.startswith("NOT PROVEN: line 2")


@pytest.mark.req("AUD-1", "BEY-2")
def test_the_command_checks_a_bundle_and_is_on_record_where_there_is_a_log(sealer, tmp_path, capsys, events, monkeypatch):
    ask(1)
    file = tmp_path / "bundle.jsonl"
    file.write_bytes(b"".join(bundle_of(plate="ABC123")))
    call_command("verify_audit", bundle=file)
    assert "each of the 1 events" in capsys.readouterr().out
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(CommandError):
        call_command("verify_audit", bundle=file)
    with pytest.raises(CommandError):
        call_command("verify_audit", bundle=tmp_path / "none")
    ran = events(Kind.COMMAND_RUN)
    assert [event["details"] for event in ran] == [{"command": "verify_audit", "what": "bundle"}] * 3
    assert ran[0]["actor"].startswith("command:")
    file.write_bytes(b"".join(bundle_of(plate="ABC123")))
    connections["auditor"].close()
    monkeypatch.setitem(connections["auditor"].settings_dict, "HOST", "127.0.0.1")
    monkeypatch.setitem(connections["auditor"].settings_dict, "PORT", "1")
    call_command("verify_audit", bundle=file)
    said = capsys.readouterr()
    assert "each of the 1 events" in said.out
    assert "Not on record" in said.err
    connections["auditor"].close()
    assert len(events(Kind.COMMAND_RUN)) == 3


@pytest.mark.req("BEY-3")
def test_the_database_gives_proofs_to_the_searcher_of_a_committed_search_alone():
    ask(1)
    with context.acting(OPR):
        begun = search.begin(criteria=search.Criteria())
    for event in (begun, record_durably(Kind.AUDIT_VIEWED, actor=MANAGER, search=begun).id,
                  record_durably(Kind.QUERY_RECALLED, actor=OFFICER).id):
        with pytest.raises(DatabaseError), connections["default"].cursor() as cursor:
            cursor.execute("SELECT * FROM audit.proof_page(%s::uuid, NULL, NULL, 10)", [event])
    made = record_durably(Kind.AUDIT_BUNDLED, actor=MANAGER, search=begun).id
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT kind FROM audit.proof_of_bundle(%s::uuid)", [made])
        assert cursor.fetchall() == [("audit.bundled",)]


def test_a_bundle_too_large_or_not_sealed_in_time_says_so(monkeypatch):
    ask(3)
    with context.acting(OPR):
        begun = search.begin(criteria=search.Criteria(plate="ABC123"))
        with pytest.raises(bundles.NotYetSealed):
            bundles.make(search=begun, user_id=OPR.id, wait_seconds=0.1)
        monkeypatch.setattr(bundles, "MOST", 2)
        monkeypatch.setattr(bundles, "STEP", 1)
        with pytest.raises(bundles.TooManyEvents, match="more than 2 events"):
            bundles.make(search=begun, user_id=OPR.id, wait_seconds=0)


@pytest.mark.req("BEY-2", "AUD-12")
def test_the_page_hands_the_bundle_to_the_searcher_alone(sealer, settings, signed_in, auditor, manager, officer):
    settings.AUDIT_SEAL_WAIT_SECONDS = 10
    ask(2)
    browser = signed_in(auditor)
    address = browser.post("/audit/", {"plate": "ABC123"}).url
    answer = browser.get(f"{address}bundle")
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    assert answer["Content-Disposition"].startswith("attachment; filename=\"bundle-")
    assert verifier.check_bundle(answer.content.splitlines(keepends=True), keys()).count == 2
    assert signed_in(manager).get(f"{address}bundle").status_code == 404
    assert signed_in(officer).get(f"{address}bundle").status_code == 403


def test_the_page_says_what_is_in_the_way(signed_in, auditor, monkeypatch, settings):
    settings.AUDIT_SEAL_WAIT_SECONDS = 0
    ask(3)
    browser = signed_in(auditor)
    address = browser.post("/audit/", {"plate": "ABC123"}).url
    late = browser.get(f"{address}bundle")
    assert late.status_code == 503
    assert "seal is late" in late.content.decode()
    monkeypatch.setattr(bundles, "MOST", 2)
    monkeypatch.setattr(bundles, "STEP", 1)
    assert "more than 2 events" in browser.get(f"{address}bundle", follow=True).content.decode()


def test_an_administrator_hands_out_the_same_leaf(sealer):
    ask(1)
    lines = bundle_of(plate="ABC123")
    with databases.administrator() as connection:
        leaves = {str(id): bytes(leaf) for id, leaf in connection.execute("SELECT id, leaf FROM audit.event").fetchall()}
    for line in map(json.loads, lines[1:]):
        assert verifier.leaf_hash(line["id"], line["at"], line["xact"], line["kind"], verifier.unbase64(line["nonce"]),
                                  line["payload"]) == leaves[line["id"]]
