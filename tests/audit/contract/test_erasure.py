"""Nothing is erased without proof, receipt and two persons; then all of it is, killed or not, and certified (AUD-10, BEY-10)."""

import io
import json
import subprocess
import sys
from datetime import date, timedelta
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
    (lambda out, end: ContractEnd.objects.update(manifest="ab" * 32), "another export"),
    (lambda out, end: ContractEnd.objects.update(manifest="", received_by=None, received_at=None, agency_by=None,
                                                 operator_by=None), "not recorded its receipt"),
    (lambda out, end: (out / "accounts" / "accounts_user.jsonl").write_text("{}\n"), "does not prove itself"),
    (lambda out, end: (out / "keys.txt").unlink(), "does not prove itself"),
    (lambda out, end: record_durably(Kind.QUERY_ATTEMPTED, plate="END4242", state="NV"), "done since the export"),
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
    with pytest.raises(CommandError, match=words):
        call_command("erase_contract", export=exported, approval=approved.pk)
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
def test_who_came_in_and_what_jobs_did_is_not_missed_in_an_export(approved, exported, now, settings):
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
    for number, by, words in [(3, "Ann Lee", "no copy number 3"), (0, "Ann Lee", "no copy number 0"), (1, " ", "say who")]:
        with pytest.raises(erasure.ErasureRefused, match=words):
            erase(exported, approved, now, confirmations=[erasure.Confirmation(number, date(2026, 12, 1), by)])
    with pytest.raises(CommandError, match="--on"):
        call_command("erase_contract", export=exported, approval=approved.pk, confirm=1)
    call_command("erase_contract", export=exported, approval=approved.pk, confirm=2, on=date(2026, 12, 1), by="Ann Lee",
                 stdout=io.StringIO())
    assert key_file.exists()
    certificate = erase(exported, approved, now, confirmations=[erasure.Confirmation(1, date(2026, 12, 9), "Bo Mills")])
    text, _ = verifier.open_note(certificate.read_text(), keys)
    assert "Interim" not in text
    assert "1. backups: erased on 2026-12-09, confirmed by Bo Mills" in text
    assert "2. a replica: erased on 2026-12-01, confirmed by Ann Lee" in text
    assert [file for file in key_file.parent.iterdir() if file.name.startswith(key_file.name)] == []
    assert erase(exported, approved, now).read_text() == certificate.read_text()
    assert not key_file.exists()
