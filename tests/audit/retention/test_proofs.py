"""What remains after months went is verified as before, and what else is gone is found (AUD-2, AUD-5, BEY-2)."""

import base64
import io
import json
from datetime import UTC, datetime

import pytest
from django.core.management import call_command
from django.db import connections

from audit import alarms, signing, tasks, verification, verifier
from audit.contract import archive, erasure
from audit.events import Kind
from audit.models import Mailing
from audit.record import record_durably
from audit.retention import holds, months
from config import contract_data, databases
from tests.audit.contract.test_export import with_checksums_of_now
from tests.audit.retention.conftest import act, announced, approved, seal
from tests.audit.test_bundles import bundle_of, sealer  # noqa: F401
from tests.factories import old_log
from tests.factories.old_log import rows, run

pytestmark = pytest.mark.usefixtures("database")


@pytest.mark.req("AUD-5", "BEY-2")
def test_a_bundle_given_out_before_still_proves_itself(old, sealer, appointer, operator, now, tmp_path):  # noqa: F811
    lines = bundle_of(until=datetime(old.january.year, 2, 1, tzinfo=UTC))
    assert len(lines) == 1 + 1 + 3 + 1
    approved(old, appointer, operator, now)
    while months.current():
        months.drop_approved(now=now)
    keys = [key.text for key in signing.trusted_keys()]
    assert verifier.check_bundle(lines, keys).count == 3
    bundle = tmp_path / "bundle.jsonl"
    bundle.write_bytes(b"".join(lines))
    said = io.StringIO()
    call_command("verify_audit", bundle=bundle, stdout=said)
    assert "each of the 3 events" in said.getvalue()
    assert verifier.check_bundle(bundle_of(until=datetime(old.january.year, 2, 1, tzinfo=UTC)), keys).count == 0


# What a ruler of the server might do after a lawful drop, and what the verification then says.
DAMAGE = {
    "another event is gone": ("DELETE FROM audit.event WHERE kind = 'session.signed_out'", "is missing"),
    "the announcement is gone": ("DELETE FROM audit.event WHERE kind = 'retention.announced'", "is missing"),
    "an approval is gone": (
        "DELETE FROM audit.event WHERE kind = 'retention.approved' AND payload LIKE '%agency_appointer%'", "is missing"),
    "a seal of a dropped event was changed": (
        "UPDATE audit.sealed_leaf SET leaf = sha256('x') WHERE index = 1", "not those that were signed"),
    "a dropped event got another id": ("UPDATE audit.sealed_leaf SET id = gen_random_uuid() WHERE index = 1", "is missing"),
    "a dropped event got another time": (
        "UPDATE audit.sealed_leaf SET at = at + interval '1 second' WHERE index = 1", "is missing"),
    "a dropped event was moved to another month": (
        "UPDATE audit.sealed_leaf SET at = at + interval '1 month' WHERE index = 1", "is missing"),
    "a living event is said to be of the dropped month": (
        "UPDATE audit.sealed_leaf SET at = (SELECT at FROM audit.sealed_leaf WHERE index = 1) WHERE id IN (SELECT id FROM"
        " audit.event WHERE kind = 'session.signed_out')", "is missing"),
    "an event is kept that was never dropped": (
        "INSERT INTO audit.kept_event SELECT * FROM audit.event WHERE kind = 'retention.announced'", "was never dropped"),
}


@pytest.mark.req("AUD-2", "AUD-5", "BEY-2")
def test_whatever_else_is_gone_or_changed_is_found(gone, now, monkeypatch):
    record_durably(Kind.SIGNED_OUT)
    seal(now)
    tables = ("event", "kept_event", "sealed_leaf")
    for table in tables:
        run(f"CREATE TABLE public.kept_{table} AS SELECT * FROM audit.{table}")
    with monkeypatch.context() as at_full_speed:
        at_full_speed.delattr(verification, "_row_by_row")
        assert verification.verify().dropped == 5
    for name, (damage, words) in DAMAGE.items():
        run(damage)
        with pytest.raises(verification.Mismatch, match=words):
            verification.verify()
        for table in tables:
            run(f"DELETE FROM audit.{table}", f"INSERT INTO audit.{table} SELECT * FROM public.kept_{table}")
        assert verification.verify().dropped == 5, name


@pytest.mark.req("AUD-2", "AUD-5")
def test_a_month_that_was_dropped_behind_the_back_raises_the_alarm(old, operator, now):
    """Announced and not approved, it may not go; neither may one that nobody announced."""
    announced(old, operator, now)
    run(f"DROP TABLE audit.event_{old.february:%Y_%m}")
    with pytest.raises(verification.Mismatch, match=r"\(leaf 3\) is missing, and no announcement"):
        verification.verify()
    tasks.verify_log()
    assert Mailing.objects.get(kind="alarm").about.startswith(alarms.TAMPERED)


@pytest.mark.req("AUD-2", "AUD-5")
def test_a_month_of_which_one_event_was_taken_before_it_was_dropped_is_found(old, appointer, operator, now):
    approved(old, appointer, operator, now)
    run("DELETE FROM audit.event WHERE id IN (SELECT id FROM audit.sealed_leaf WHERE index = 0)")
    with pytest.raises(verification.Mismatch, match="1 are missing"):
        verification.verify()
    with pytest.raises(Exception, match="does not hold what was announced"):
        months.drop_approved(now=now)
    assert [found.events for found in months.over(now=now)] == [2, 2]


@pytest.mark.req("AUD-5", "AUD-10")
def test_the_export_of_a_contract_proves_what_remains(gone, tmp_path, now):
    out = tmp_path / "export"
    archive.export(out=out, destination="Records office", tables=contract_data.tables(),
                   attachments=contract_data.attachments(), now=now)
    keys = [key.text for key in signing.trusted_keys()]
    report = verifier.check_export(out, keys)
    assert report.dropped == 5
    assert "5 of them were dropped" in verifier.export_in_words(report)
    [events] = sorted((out / "events").iterdir())
    whole = events.read_bytes()
    assert whole.count(b'"leaf"') == 5
    # Whoever drops one more from the files, as if it had been lawful, proves nothing.
    lines = whole.splitlines(keepends=True)
    last = json.loads(lines[5])
    leaf = verifier.leaf_hash(last["id"], last["at"], last["xact"], last["kind"], base64.b64decode(last["nonce"]),
                              last["payload"])
    at = json.loads(lines[0])["at"]
    forged = {"at": at, "id": last["id"], "index": 5, "leaf": base64.b64encode(leaf).decode()}
    lines[5] = (json.dumps(forged, sort_keys=True, separators=(",", ":")) + "\n").encode()
    events.write_bytes(b"".join(lines))
    with_checksums_of_now(out)
    with pytest.raises(verifier.NotProven, match="is missing, and no announcement"):
        verifier.check_export(out, keys)


@pytest.mark.req("AUD-2", "AUD-5", "AUD-10")
def test_a_withdrawal_leaves_in_order_what_went_before_it_and_opens_nothing(old, appointer, operator, now, tmp_path):
    approved(old, appointer, operator, now)
    act(appointer, holds.hold, month=old.january, reason="Matter 12", now=now)
    assert months.drop_approved(now=now) == 1
    act(appointer, months.withdraw, now=now)
    seal(now)

    def exported(name: str) -> verifier.ExportReport:
        archive.export(out=tmp_path / name, destination="Records office", tables=contract_data.tables(),
                       attachments=contract_data.attachments(), now=now)
        return verifier.check_export(tmp_path / name, [key.text for key in signing.trusted_keys()])

    assert verification.verify().dropped == exported("lawful").dropped == 2
    # Whoever rules the server drops what was left, under two approvals that count no more.
    run(f"DROP TABLE audit.event_{old.january:%Y_%m}")
    with pytest.raises(verification.Mismatch, match=r"\(leaf 0\) is missing, and no announcement"):
        verification.verify()
    with pytest.raises(verifier.NotProven, match=r"\(leaf 0\) is missing, and no announcement"):
        exported("behind the back")


@pytest.mark.req("AUD-2")
@pytest.mark.parametrize("payload", [
    "[]", "7", "{}", '{"details":7}', '{"details":{"months":7,"size":[]}}', '{"details":{"months":[],"size":{}}}', "[" * 50_000,
    '{"details":{"announcement":"a","months":7}}', '{"actor_id":[],"details":{"announcement":"a"},"role":[]}',
    '{"actor_id":[],"details":{"announcement":"b"},"role":"operations"}',
])
def test_an_event_that_speaks_nonsense_of_months_speaks_for_nothing(payload):
    for kind in verifier.SPEAKING:
        gaps = verifier.Gaps()
        gaps.miss(0, "a", 0, b"leaf")
        gaps.hear(1, "b", kind, payload)
        with pytest.raises(verifier.NotProven, match="is missing"):
            gaps.check({1: b"root", 2: b"root"})


@pytest.mark.req("AUD-5", "AUD-10")
def test_the_end_of_the_contract_erases_what_was_kept_too(gone, now):
    old_log.run("INSERT INTO audit.kept_event SELECT * FROM audit.event LIMIT 1")
    erasure._erase_log(now)
    assert rows("SELECT count(*) FROM audit.kept_event") == [(0,)]
    connections.close_all()
    assert databases.differences() == []
