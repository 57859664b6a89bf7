"""Nothing is erased without proof, receipt and two persons; then all of it is, killed or not, and certified (AUD-10, BEY-10)."""

import io
import json
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command

from accounts import access_requests, scans
from accounts.models import AOR
from audit import signing, verifier
from audit.contract import approval, archive, erasure
from audit.events import Kind
from audit.models import ContractEnd, Delivery
from audit.record import record_durably
from audit.retention import holds
from config import contract_data, databases
from lpr.models import Source
from tests.accounts.applicants import FORM
from tests.factories import old_log

pytestmark = pytest.mark.usefixtures("database")
CANARIES = ("END4242", "Nora Field", "officer@agency.example", "case number 12345678")


@pytest.fixture
def world(officer, appointer, operator, watch, load_read, settings, now, tmp_path):
    """An agency at its end: an alert, a form with its scan, mails, a delivery of the log, a read of the operator's."""
    load_read(plate="KEEP111", state="OH", captured_at=now)
    watch(plate="END4242", state="NV")
    scan = scans.Scan("pdf", b"%PDF- Nora Field %%EOF")
    access_requests.file(scan=scan, now=now, **FORM | {"aor": AOR.objects.get(code="NYC")})
    Path(settings.MAIL_DIR).mkdir(parents=True)
    (Path(settings.MAIL_DIR) / "1.eml").write_text("To: officer@agency.example")
    Path(settings.AUDIT_SPOOL).write_text("user=1 path=/queries/new/")
    delivery = Delivery.objects.create(
        asked=uuid4(), requester=appointer, since=now - timedelta(days=1), until=now, certificate="PEM", fingerprint="f" * 64,
        state="ready", digest="d" * 64, asked_at=now - timedelta(hours=1), due_at=now, stirred_at=now, made_at=now,
        expires_at=now + timedelta(days=1))
    default_storage.save(delivery.path, ContentFile(b"ciphertext"))


@pytest.fixture
def exported(world, tmp_path, now) -> Path:
    out = tmp_path / "away" / "export"
    archive.export(out=out, destination="Records office", tables=contract_data.tables(),
                   attachments=contract_data.attachments(), now=now)
    return out


@pytest.fixture
def approved(exported, appointer, operator, now) -> ContractEnd:
    digest = verifier.digest_of(exported / "manifest.json")
    approval.begin(by=appointer, destination="Records office", ended_on=now.date(), now=now)
    approval.receive(by=appointer, manifest=digest, now=now)
    approval.approve(by=appointer, manifest=digest, now=now)
    approval.approve(by=operator, manifest=digest, now=now)
    return approval.current()


def erase(exported: Path, end: ContractEnd, now, **options) -> Path:
    return erasure.erase(export=exported, approval=end.pk, holdings=contract_data.holdings(), now=now, **options)


def hold(end: ContractEnd) -> None:
    holds.hold(by=end.operator_by, month=None, reason="Matter of the district court", now=end.opened_at)


def found_in_database() -> list[tuple[str, str]]:
    """Every table of the database that shows a canary, read as its administrator."""
    with databases.administrator() as connection:
        tables = connection.execute(
            "SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE n.nspname IN ('public', 'audit', 'store') AND c.relkind = 'r'").fetchall()
        return [(table, canary) for (table,) in tables for canary in CANARIES
                if connection.execute(f"SELECT 1 FROM {table} t WHERE t::text LIKE %s LIMIT 1", [f"%{canary}%"]).rowcount]


def count(table: str) -> int:
    with databases.administrator() as connection:
        return connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


def assert_untouched(events) -> None:
    assert events(Kind.CONTRACT_ERASURE_ANNOUNCED) == []
    assert count("alerts_entry") == 1
    assert count("accounts_accessrequest") == 1


def assert_erased(settings) -> None:
    assert found_in_database() == []
    assert [count(table) for table in ("accounts_user", "alerts_entry", "audit.event", "audit.sealed_leaf", "audit.unsealed",
                                       "audit.checkpoint", "django_session")] == [0] * 7
    assert list(Path(settings.MAIL_DIR).iterdir()) == []
    assert Path(settings.AUDIT_SPOOL).read_text() == ""
    assert databases.differences() == []
    assert count("store.read") == 1
    assert Source.objects.exists()


@pytest.mark.req("AUD-10", "BEY-10")
def test_all_of_the_agency_is_erased_and_certified(approved, exported, settings, now):
    keys = [key.text for key in signing.trusted_keys()]
    scan, = [name for alias, name in contract_data.holdings().stored() if alias == "request_forms"]
    delivered, = [name for alias, name in contract_data.holdings().stored() if alias == "default"]
    assert default_storage.exists(delivered)
    assert json.loads((exported / "reviews" / "audit_delivery.jsonl").read_text())["digest"] == "d" * 64
    assert {canary for _, canary in found_in_database()} == set(CANARIES)
    said = io.StringIO()
    call_command("erase_contract", export=exported, approval=approved.pk, stdout=said)
    assert_erased(settings)
    assert not scans.storage().exists(scan)
    assert not default_storage.exists(delivered)
    certificate, = exported.parent.glob("*.certificate-*.txt")
    text, _ = verifier.open_note(certificate.read_text(), [verifier.read_key(key) for key in keys])
    assert text in said.getvalue()
    for part in ("Interim certificate", verifier.digest_of(exported / "manifest.json"), "Appointer (appointer)",
                 "Operator (operator)", "Records office", "NOT YET CONFIRMED", "audit log with its seals: 20"):
        assert part in text
    checked = subprocess.run([sys.executable, exported / "verifier.py", certificate, "--key", keys[0]], capture_output=True,
                             text=True)
    assert checked.returncode == 0, checked.stderr
    certificate.write_text(certificate.read_text().replace("Records office", "Records offices"))
    with pytest.raises(verifier.NotProven):
        verifier.open_note(certificate.read_text(), [verifier.read_key(key) for key in keys])
    assert verifier.check_export(exported, keys).events


@pytest.mark.req("AUD-10")
def test_the_erasure_announces_itself_under_the_checkpoint_of_the_certificate(approved, exported, now, monkeypatch, events):
    monkeypatch.setattr(erasure, "_erase_rows", lambda tables: (_ for _ in ()).throw(Killed))
    with pytest.raises(Killed):
        erase(exported, approved, now)
    announced, = events(Kind.CONTRACT_ERASURE_ANNOUNCED)
    assert announced["details"]["persons"] == ["Appointer (appointer)", "Operator (operator)"]
    journal, = exported.parent.glob("*.erasure-*.json")
    note = json.loads(journal.read_text())["checkpoint"]
    checkpoint = verifier.open_checkpoint(note, signing.trusted_keys())
    with databases.administrator() as connection:
        index, = connection.execute("SELECT index FROM audit.sealed_leaf WHERE id = %s", [announced["id"]]).fetchone()
    assert index < checkpoint.size
    assert count("alerts_entry") == 1


@pytest.mark.req("AUD-10", "BEY-10")
@pytest.mark.parametrize(("spoil", "words"), [
    (lambda out, end: ContractEnd.objects.update(operator_by=None), "Two persons"),
    (lambda out, end: ContractEnd.objects.update(agency_by=None), "Two persons"),
    (lambda out, end: ContractEnd.objects.update(is_open=False), "no open end"),
    (lambda out, end: ContractEnd.objects.update(destination="Another office"), "Records office, .* names Another"),
    (lambda out, end: ContractEnd.objects.update(manifest="ab" * 32), "another export"),
    (lambda out, end: ContractEnd.objects.update(manifest="", received_by=None, received_at=None, agency_by=None,
                                                 operator_by=None), "not recorded its receipt"),
    (lambda out, end: (out / "accounts" / "accounts_user.jsonl").write_text("{}\n"), "does not prove itself"),
    (lambda out, end: (out / "keys.txt").unlink(), "does not prove itself"),
    (lambda out, end: record_durably(Kind.QUERY_ATTEMPTED, plate="END4242", state="NV"), "done since the export"),
    (lambda out, end: record_durably(Kind.QUERY_REFUSED), "done since the export .1 of query.refused"),
    (lambda out, end: record_durably(Kind.REVIEW_REPORT_REFUSED), "done since the export .1 of review.report_refused"),
    # A kind that nobody thought of, and what the list of a person's work once left out.
    (lambda out, end: old_log.fill(end.opened_at, 1), r"\(1 of x.y\)"),
    *((lambda out, end, kind=kind: record_durably(kind, username="officer", note="x"), f"1 of {kind}") for kind in (
        Kind.SANCTION_IMPOSED, Kind.DELETION_FILED, Kind.HOLD_LIFTED, Kind.TICKET_OPENED, Kind.RULES_APPROVED, Kind.KEY_ISSUED,
        Kind.ALARM_RAISED, Kind.SIGNING_KEY_ROTATED)),
    (lambda out, end: hold(end), "legal hold stands"),
])
def test_without_proof_receipt_and_two_persons_nothing_is_erased(approved, exported, now, events, spoil, words):
    spoil(exported, approved)
    with pytest.raises(erasure.ErasureRefused, match=words):
        erase(exported, approved, now)
    with pytest.raises(CommandError, match=words) as refused:
        call_command("erase_contract", export=exported, approval=approved.pk)
    assert [event["details"] for event in events(Kind.CONTRACT_REFUSED)] == [{"step": "erase", "why": str(refused.value)}] * 2
    assert events(Kind.CONTRACT_REFUSED)[-1]["actor"].startswith("command:")
    assert_untouched(events)
    assert [file.name for file in exported.parent.iterdir()] == ["export"]


@pytest.mark.req("AUD-10")
def test_an_approval_of_another_number_opens_nothing(approved, exported, now, events):
    with pytest.raises(erasure.ErasureRefused, match="no open end"):
        erasure.erase(export=exported, approval=uuid4(), holdings=contract_data.holdings(), now=now)
    assert_untouched(events)


@pytest.mark.req("AUD-10")
def test_an_export_that_would_erase_itself_is_refused(approved, exported, now, events, settings):
    settings.MAIL_DIR = exported.parent
    with pytest.raises(erasure.ErasureRefused, match="Move it first"):
        erase(exported, approved, now)
    assert_untouched(events)


@pytest.mark.req("AUD-10")
def test_a_scan_that_was_lost_is_accepted_by_its_name_and_certified(world, appointer, operator, signed_in, events, tmp_path, now):
    [(_, scan)] = [file for file in contract_data.holdings().stored() if file[0] == "request_forms"]
    scans.drop(scan)
    out = tmp_path / "away" / "export"
    approval.begin(by=appointer, destination="Records office", ended_on=now.date(), now=now)
    call_command("export_contract", out=out, stdout=io.StringIO(), stderr=io.StringIO())
    report = verifier.check_export(out, [key.text for key in signing.trusted_keys()])
    assert report.manifest["destination"] == "Records office"
    assert f"had lost it: attachments/{scan}" in verifier.export_in_words(report)

    def received_with(missing: str) -> ContractEnd:
        said = {"act": "receive", "manifest": report.digest, "missing": missing}
        answer = signed_in(appointer).post("/audit/contract-end/", said)
        assert answer.status_code == 302
        for person in (appointer, operator):
            approval.approve(by=person, manifest=report.digest, now=now)
        return approval.current()

    for missing in ("", "attachments/another.pdf"):
        end = received_with(missing)
        with pytest.raises(erasure.ErasureRefused, match=f"does not name them: attachments/{scan}"):
            erase(out, end, now)
    end = received_with(f"attachments/{scan}\r\n")
    assert events(Kind.CONTRACT_RECEIVED)[-1]["details"]["missing"] == [f"attachments/{scan}"]
    assert f"known to lack: attachments/{scan}" in signed_in(appointer).get("/audit/contract-end/").content.decode()
    assert f"Missing there, as the agency knows: attachments/{scan}" in erase(out, end, now).read_text()


@pytest.mark.req("AUD-10")
@pytest.mark.parametrize("spoil", [shutil.rmtree, lambda out: (out / "accounts" / "accounts_user.jsonl").unlink()])
def test_a_killed_erasure_does_not_go_on_without_the_export(approved, exported, now, events, monkeypatch, spoil):
    with monkeypatch.context() as patch:
        patch.setattr(erasure, "_erase_stored", lambda book: (_ for _ in ()).throw(Killed))
        with pytest.raises(Killed):
            erase(exported, approved, now)
    spoil(exported)
    with pytest.raises(erasure.ErasureRefused, match="does not prove itself"):
        erase(exported, approved, now)
    assert events(Kind.CONTRACT_REFUSED)[-1]["details"]["step"] == "erase"
    assert count("audit.event") > 0


@pytest.mark.req("AUD-10")
def test_who_came_in_what_was_refused_and_what_jobs_did_is_not_missed_in_an_export(approved, exported, now, settings):
    assert {Kind.PAGE_FAILED, Kind.RECOVERY_REFUSED, Kind.KEY_REFUSED, Kind.READS_REFUSED, Kind.AUDIT_EXPORT_REFUSED,
            Kind.ADDRESS_LOCKED} <= erasure.NOT_MISSED
    for kind in erasure.NOT_MISSED:
        record_durably(kind)
    erase(exported, approved, now)
    assert_erased(settings)


@pytest.mark.req("AUD-10")
def test_a_hold_that_comes_after_the_announcement_stops_the_erasure(approved, exported, now, events, settings, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(erasure, "_erase_rows", lambda tables: (_ for _ in ()).throw(Killed))
        with pytest.raises(Killed):
            erase(exported, approved, now)
    hold(approved)
    with pytest.raises(erasure.ErasureRefused, match="legal hold stands"):
        erase(exported, approved, now)
    assert count("alerts_entry") == 1
    assert count("audit.event") > 0
    [standing] = holds.standing()
    holds.lift(by=approved.agency_by, hold=standing.pk, reason="Read", now=now)
    erase(exported, approved, now)
    assert_erased(settings)


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.req("AUD-10", "BEY-10")
@pytest.mark.parametrize("place", ["_erase_rows", "_erase_stored", "_erase_files", "_erase_log", "_certify"])
@pytest.mark.parametrize("after", [False, True])
def test_a_killed_erasure_goes_on_and_a_whole_one_changes_nothing(approved, exported, now, settings, monkeypatch, place, after):
    whole = getattr(erasure, place)

    def dies(*arguments):
        if after:
            whole(*arguments)
        raise Killed

    monkeypatch.setattr(erasure, place, dies)
    with pytest.raises(Killed):
        erase(exported, approved, now)
    monkeypatch.setattr(erasure, place, whole)
    steps: list[str] = []
    certificate = erase(exported, approved, now, progress=lambda step, done, total: steps.append(step))
    assert len(steps) == 4
    assert_erased(settings)
    before = certificate.read_text()
    assert erase(exported, approved, now).read_text() == before


@pytest.mark.req("AUD-10")
def test_the_key_goes_with_the_last_confirmed_copy(approved, exported, settings, now):
    settings.CONTRACT_COPIES = ["backups", "a replica"]
    keys = list(signing.trusted_keys())
    key_file = Path(settings.AUDIT_SIGNING_KEY_FILE)
    erase(exported, approved, now)
    today, later = now.date(), now + timedelta(days=8)
    for number, by, on, words in [
        (3, "Ann Lee", today, "no copy number 3"), (0, "Ann Lee", today, "no copy number 0"), (1, " ", today, "say who"),
        (1, "Ann Lee", today + timedelta(days=1), "and today"), (1, "Ann Lee", today - timedelta(days=1), "recorded its receipt"),
    ]:
        with pytest.raises(erasure.ErasureRefused, match=words):
            erase(exported, approved, now, confirmations=[erasure.Confirmation(number, on, by)])
    assert count("audit.event") == 0, "what was erased is not written to again"
    with pytest.raises(CommandError, match="--on"):
        call_command("erase_contract", export=exported, approval=approved.pk, confirm=1)
    call_command("erase_contract", export=exported, approval=approved.pk, confirm=2, on=today, by="Ann Lee",
                 stdout=io.StringIO())
    assert key_file.exists()
    certificate = erase(exported, approved, later, confirmations=[erasure.Confirmation(1, later.date(), "Bo Mills")])
    text, _ = verifier.open_note(certificate.read_text(), keys)
    assert "Interim" not in text
    assert f"1. backups: erased on {later.date()}, confirmed by Bo Mills" in text
    assert f"2. a replica: erased on {today}, confirmed by Ann Lee" in text
    assert [file for file in key_file.parent.iterdir() if file.name.startswith(key_file.name)] == []
    assert erase(exported, approved, now).read_text() == certificate.read_text()
    assert not key_file.exists()
