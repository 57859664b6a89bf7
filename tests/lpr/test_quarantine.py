"""Records that were set aside: shown to operations staff alone, repaired and loaded by the same loader, or discarded."""

from datetime import date, timedelta

import pytest
from django.core.files.storage import default_storage

from alerts.models import Hit
from config import databases
from lpr import admission, deliveries, partitions, quarantine, tasks
from lpr.formats.native_read import Refused
from lpr.models import QuarantinedRecord, Receipt, SetAsideStatus, Source, SourceAuthority
from tests.factories.lpr import two_photos
from tests.lpr.payloads import IN_BASE64

DAY = timedelta(days=1)


@pytest.fixture
def deliver(source, now):
    def run(*sent, now=now):
        return deliveries.take_in(source=source, sent=sent, body_digest="0" * 64, now=now)

    return run


@pytest.fixture
def set_aside(deliver, native_read):
    """A record with a plate that is none, as it was set aside."""
    deliver(native_read(plate="XYZ*1234", source_record_id="odd"))
    return QuarantinedRecord.objects.get()


def said(record, **changes):
    return quarantine.entered(record) | changes


def photos_kept():
    return sorted(f"{day}/{name}" for day in default_storage.listdir("quarantine")[0]
                  for name in default_storage.listdir(f"quarantine/{day}")[1])


def rows(table="store.read"):
    with databases.administrator() as connection:
        return connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


@pytest.mark.req("DAT-3", "DAT-4", "BEY-8")
def test_a_repaired_record_is_loaded_and_matched_and_what_was_sent_stays(set_aside, watch, operator, now, events, source):
    watch(plate="XYZ1234", state="OH")
    original = set_aside.raw
    assert quarantine.bad_field(set_aside) == "plate"
    quarantine.repair(record=set_aside, said=said(set_aside, plate="XYZ-1234"), by=operator, now=now)
    tasks.load_repaired()
    set_aside.refresh_from_db()
    assert (set_aside.status, set_aside.raw, set_aside.handled_by) == (SetAsideStatus.LOADED, original, operator)
    assert '"XYZ-1234"' in set_aside.repaired
    assert (rows(), Hit.objects.count()) == (1, 1)
    assert default_storage.exists(f"reads/{(i := str(admission.record_id(source.pk, 'odd')))[:2]}/{i[2:4]}/{i}-plate.jpg")
    assert not default_storage.exists(quarantine.photo_name(set_aside, "plate"))
    [repaired] = events("set_aside.repaired")
    assert (repaired["details"]["fields"], repaired["details"]["record"]) == (["plate"], set_aside.pk)
    assert "XYZ" not in str(repaired)
    assert events("reads.loaded")[-1]["details"]["repaired"] == set_aside.pk


@pytest.mark.req("DAT-3")
def test_loading_a_repaired_record_twice_stores_and_matches_it_once(set_aside, watch, operator, now):
    watch(plate="XYZ1234", state="OH")
    quarantine.repair(record=set_aside, said=said(set_aside, plate="XYZ1234"), by=operator, now=now)
    set_aside.refresh_from_db()
    assert quarantine.load_repaired(now=now) == 1
    # As after a crash between the loading and its mark, or by a second worker that had the record in hand.
    default_storage.delete(quarantine.photo_name(set_aside, "plate"))
    QuarantinedRecord.objects.update(status=SetAsideStatus.REPAIRED)
    assert quarantine.load_repaired(now=now) == 1
    assert (rows(), Hit.objects.count()) == (1, 1)
    assert quarantine.load_repaired(now=now) in (0, 1)


@pytest.mark.req("DAT-3")
@pytest.mark.parametrize(("changes", "field"), [
    ({"plate": "%%"}, "plate"), ({"plate": "XYZ1234", "state": "Atlantis"}, "state"),
    ({"plate": "XYZ1234", "captured_at": "yesterday"}, "captured_at"), ({"plate": "XYZ1234", "latitude": "north"}, "latitude"),
    ({"plate": "XYZ1234", "captured_at": "2090-01-01T00:00:00Z"}, "captured_at"),
    ({"plate": "XYZ1234", "source_record_id": ""}, "source_record_id"),
])
def test_a_repair_that_would_be_refused_again_is_refused_at_its_field(set_aside, operator, now, changes, field):
    with pytest.raises(quarantine.NotRepairable) as refusal:
        quarantine.repair(record=set_aside, said=said(set_aside, **changes), by=operator, now=now)
    assert refusal.value.field == field
    set_aside.refresh_from_db()
    assert (set_aside.status, set_aside.repaired) == (SetAsideStatus.WAITING, "")


@pytest.mark.req("DAT-3")
def test_a_delivery_that_is_sent_again_sets_nothing_aside_twice_and_says_all_the_same_what_it_refused(
        deliver, native_read, operator, now):
    deliver(native_read(source_record_id="one"))
    sent = [native_read(plate="XYZ*1234", source_record_id="odd"), native_read(plate="??"),
            native_read(source_record_id="one", plate="ABC9876")]
    first = deliver(*sent)
    discarded = QuarantinedRecord.objects.get(source_record_id="odd")
    quarantine.discard(record=discarded, note="Test data", by=operator, now=now)
    kept = photos_kept()
    again = deliver(*sent, now=now + DAY)
    assert [(item.index, item.reason) for item in again.refused] == [(item.index, item.reason) for item in first.refused]
    assert (QuarantinedRecord.objects.count(), photos_kept()) == (3, kept)
    discarded.refresh_from_db()
    assert discarded.status == "discarded"
    assert [receipt.refused for receipt in Receipt.objects.order_by("pk")] == [0, 3, 3]
    deliver(sent[1], sent[0])  # another place in the delivery is another record
    assert QuarantinedRecord.objects.count() == 5


@pytest.mark.req("DAT-3", "DAT-8")
def test_of_a_delivery_that_is_sent_twice_at_once_no_photo_is_left_behind(deliver, native_read, operator, now, monkeypatch):
    sent = native_read(plate="XYZ*1234", source_record_id="odd")
    deliver(sent)
    kept = photos_kept()
    # Each of two at once sees nothing of the other.
    monkeypatch.setattr(quarantine, "new_ones", lambda items: list(items))
    deliver(sent)
    assert photos_kept() == kept
    quarantine.discard(record=QuarantinedRecord.objects.get(), note="Test data", by=operator, now=now)
    assert photos_kept() == []


@pytest.mark.req("DAT-3", "BEY-8")
def test_a_conflict_is_loaded_under_another_id_and_not_under_its_own(deliver, native_read, operator, now):
    deliver(native_read(source_record_id="one"))
    deliver(native_read(source_record_id="one", plate="ABC9876"))
    conflict = QuarantinedRecord.objects.get()
    assert quarantine.bad_field(conflict) == "source_record_id"
    quarantine.repair(record=conflict, said=said(conflict, make="Kia"), by=operator, now=now)
    tasks.load_repaired()
    conflict.refresh_from_db()
    assert (conflict.status, conflict.reason, rows()) == (SetAsideStatus.WAITING, deliveries.SAME_ID, 1)
    quarantine.repair(record=conflict, said=said(conflict, source_record_id="one-b"), by=operator, now=now)
    tasks.load_repaired()
    conflict.refresh_from_db()
    assert (conflict.status, rows()) == (SetAsideStatus.LOADED, 2)


@pytest.mark.req("DAT-3", "RES-1")
def test_a_record_without_two_good_photos_cannot_be_repaired(deliver, native_read, operator, now):
    deliver(native_read(photos=two_photos()[:1]))
    record = QuarantinedRecord.objects.get()
    with pytest.raises(quarantine.NotRepairable, match="vehicle photo is missing"):
        quarantine.repair(record=record, said=said(record), by=operator, now=now)


@pytest.mark.req("DAT-3")
def test_a_record_that_could_not_be_read_is_repaired_from_its_photos_and_fields(deliver, operator, now):
    raw = {"source_record_id": "n-1", "plate": "XYZ1234", "state": "OH", "captured_at": f"{now:%Y-%m-%dT%H:%M:%SZ}",
           "latitude": "39.9612 N", "longitude": -82.9988,
           "photos": [{"kind": kind, "jpeg": IN_BASE64} for kind in ("plate", "vehicle")]}
    deliver(Refused(0, "latitude: must be a number.", raw))
    record = QuarantinedRecord.objects.get()
    assert quarantine.bad_field(record) == "latitude"
    assert quarantine.entered(record)["latitude"] == "39.9612 N"
    quarantine.repair(record=record, said=said(record, latitude="39.9612"), by=operator, now=now)
    assert quarantine.load_repaired(now=now) == 1
    assert rows() == 1


@pytest.mark.req("DAT-2", "DAT-3")
def test_of_a_read_that_the_law_did_not_allow_nothing_is_kept(deliver, native_read):
    SourceAuthority.objects.update(valid_until=date(2001, 1, 1))
    deliver(native_read())
    record = QuarantinedRecord.objects.get()
    assert record.reason.startswith("Not authorized")
    assert (record.raw, default_storage.exists(quarantine.photo_name(record, "plate"))) == ("", False)


@pytest.mark.req("DAT-3", "BEY-8")
def test_a_discarded_record_has_a_reason_and_no_photos(set_aside, operator, now, events):
    assert default_storage.exists(quarantine.photo_name(set_aside, "vehicle"))
    with pytest.raises(quarantine.NotRepairable):
        quarantine.discard(record=set_aside, note=" ", by=operator, now=now)
    quarantine.discard(record=set_aside, note="The source says it was a test.", by=operator, now=now)
    assert not default_storage.exists(quarantine.photo_name(set_aside, "vehicle"))
    assert events("set_aside.discarded")[0]["details"]["note"] == "The source says it was a test."
    with pytest.raises(quarantine.AlreadyHandled):
        quarantine.discard(record=set_aside, note="again", by=operator, now=now)
    with pytest.raises(quarantine.AlreadyHandled):
        quarantine.repair(record=set_aside, said=said(set_aside, plate="XYZ1234"), by=operator, now=now)


@pytest.mark.req("DAT-3", "DAT-8")
def test_set_aside_records_and_their_photos_end_with_their_days(set_aside, deliver, native_read, now):
    deliver(native_read(plate="??"), now=now - 61 * DAY)
    [old] = QuarantinedRecord.objects.exclude(pk=set_aside.pk)
    left = f"quarantine/{now - 70 * DAY:%Y-%m-%d}/left-by-a-crash.jpg"
    default_storage.save(left, default_storage.open(quarantine.photo_name(set_aside, "plate")))
    assert partitions.maintain(now=now).quarantined == 1
    assert [row.pk for row in QuarantinedRecord.objects.all()] == [set_aside.pk]
    assert not default_storage.exists(quarantine.photo_name(old, "plate"))
    assert not default_storage.exists(left)
    assert default_storage.exists(quarantine.photo_name(set_aside, "plate"))
    Source.objects.update(quarantine_days=1)
    assert partitions.maintain(now=now + 2 * DAY).quarantined == 1


# --- The page -----------------------------------------------------------------------------------------------------------
@pytest.fixture
def page(set_aside):
    return f"/admin/lpr/quarantinedrecord/{set_aside.pk}/change/"


@pytest.mark.req("DAT-3", "ACC-10")
def test_operations_staff_repair_on_a_page_that_names_the_field(set_aside, page, signed_in, operator, events):
    browser = signed_in(operator)
    text = browser.get(page).content.decode()
    assert "The reason names this field" in text
    assert text.count("/photos/") == 2
    photo = f"/admin/lpr/quarantinedrecord/{set_aside.key}/photos/1/"
    assert browser.get(photo)["Cache-Control"].startswith("no-store, private")
    assert browser.get(photo.replace("/1/", "/3/")).status_code == 404
    refused = browser.post(page, said(set_aside, plate="still*bad") | {"step": "repair"})
    assert refused.status_code == 400
    assert "still*bad" in refused.content.decode(), "nothing typed is lost"
    assert events("set_aside.refused")[0]["details"]["errors"]["plate"]
    assert "still" not in str(events("set_aside.refused"))
    assert browser.post(page, said(set_aside, plate="ABC123") | {"step": "repair"}).status_code == 302
    tasks.load_repaired()
    assert "Loaded" in browser.get("/admin/lpr/quarantinedrecord/").content.decode()
    assert browser.post(page, {"step": "discard", "note": "late"}).status_code == 400


@pytest.mark.req("DAT-3", "ACC-10")
def test_nobody_else_sees_or_changes_a_record_that_was_set_aside(
        set_aside, page, signed_in, officer, manager, quality, superuser):
    photo = f"/admin/lpr/quarantinedrecord/{set_aside.key}/photos/1/"
    for person in (officer, manager, quality, superuser):
        browser = signed_in(person)
        for answer in (browser.get(page), browser.get(photo), browser.post(page, {"step": "discard", "note": "x"})):
            assert answer.status_code == 403, person
    set_aside.refresh_from_db()
    assert set_aside.status == SetAsideStatus.WAITING


@pytest.mark.req("DAT-3")
def test_discarding_on_the_page_needs_a_reason(set_aside, page, signed_in, operator):
    browser = signed_in(operator)
    assert "Say why" in browser.post(page, {"step": "discard", "note": ""}).content.decode()
    assert browser.post(page, {"step": "discard", "note": "Test data"}).status_code == 302
    assert "Test data" in browser.get(page).content.decode()
