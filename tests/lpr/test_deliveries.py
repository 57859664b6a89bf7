"""Deliveries: what is stored, what is set aside and why, what is filled in, and what stands on record."""

import logging
import os
import time
from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from config import databases
from lpr import admission, deliveries, photos
from lpr.admission import record_id
from lpr.formats.native_read import Refused, SentPhoto
from lpr.models import Jurisdiction, QuarantinedRecord, Receipt, SourceAuthority, Street, StreetDataset
from tests.factories.lpr import jpeg, two_photos


@pytest.fixture
def deliver(source, now):
    def run(*sent, source=source, now=now):
        return deliveries.take_in(source=source, sent=sent, body_digest="0" * 64, now=now)

    return run


@pytest.fixture
def reason_of(deliver, native_read):
    """The reason for which a read with these fields is refused."""

    def run(**fields):
        delivered = deliver(native_read(**fields))
        assert delivered.stored == 0
        assert len(delivered.refused) == 1
        assert asked("SELECT count(*) FROM store.read") == [(0,)]
        return delivered.refused[0].reason

    return run


def asked(sql):
    with databases.administrator() as admin:
        return admin.execute(sql).fetchall()


def events(kind):
    return asked(f"SELECT payload::jsonb FROM audit.event WHERE kind = '{kind}' ORDER BY at")


@pytest.mark.req("DAT-3")
def test_a_bad_record_is_set_aside_and_the_rest_loads(deliver, native_read, now):
    sent = [native_read(captured_at=datetime.now(UTC) + timedelta(days=1)) if i % 100 == 7 else native_read()
            for i in range(1000)]
    delivered = deliver(*sent)
    assert delivered.stored == 990
    assert [item.index for item in delivered.refused] == [i for i in range(1000) if i % 100 == 7]
    assert QuarantinedRecord.objects.count() == 10
    receipt = Receipt.objects.get()
    assert (receipt.stored, receipt.duplicates, receipt.refused, receipt.hits) == (990, 0, 10, 0)
    assert receipt.newest_captured_at == max(read.captured_at for read in sent if read.captured_at < now + timedelta(hours=1))


@pytest.mark.req("DAT-3", "BEY-8")
def test_what_an_adapter_refused_is_set_aside_with_it(deliver, native_read):
    delivered = deliver(Refused(0, "latitude: missing.", {"source_record_id": "x", "jpeg": "A" * 5000}), native_read())
    assert (delivered.stored, delivered.refused[0].reason) == (1, "latitude: missing.")
    kept = QuarantinedRecord.objects.get()
    assert (kept.source_record_id, kept.position) == ("x", 0)
    assert "AAAA" not in kept.raw


@pytest.mark.req("DAT-3")
def test_the_same_delivery_twice_is_stored_once(deliver, native_read):
    read = native_read()
    assert deliver(read).stored == 1
    again = deliver(read)
    assert (again.stored, again.duplicates, again.refused) == (0, 1, ())


@pytest.mark.req("DAT-3")
@pytest.mark.parametrize("other", [
    {"plate": "ABC9876"}, {"captured_at": datetime(2026, 5, 1, tzinfo=UTC)}, {"make": "Kia"}, {"photos": two_photos("other")},
])
def test_other_content_under_the_same_id_keeps_the_first(deliver, native_read, other):
    first = native_read(source_record_id="one")
    deliver(first)
    changed = native_read(**{"source_record_id": "one", "captured_at": first.captured_at} | other)
    delivered = deliver(changed)
    assert (delivered.stored, delivered.duplicates) == (0, 0)
    assert delivered.refused[0].reason == deliveries.SAME_ID
    assert asked("SELECT plate FROM store.read") == [("XYZ1234",)]


@pytest.mark.req("DAT-3", "RES-1")
@pytest.mark.parametrize("others", [1, 12])
def test_of_one_id_twice_in_a_delivery_the_first_is_kept_with_its_photos_however_slow_they_are(
        deliver, native_read, source, monkeypatch, others):
    first = native_read(source_record_id="one")
    later = native_read(source_record_id="one", plate="ABC9876", captured_at=first.captured_at, photos=two_photos("other"))
    checked = admission.pictures

    def slow(sent, source):
        found = checked(sent, source)
        time.sleep(0.3 if sent is first else 0)
        return found

    monkeypatch.setattr(admission, "pictures", slow)
    delivered = deliver(first, later, first, *(native_read(plate="OTHER1") for _ in range(others)))
    assert (delivered.stored, delivered.duplicates) == (1 + others, 1)
    assert [(item.index, item.reason) for item in delivered.refused] == [(1, deliveries.SAME_ID)]
    assert asked("SELECT plate FROM store.read WHERE plate <> 'OTHER1'") == [("XYZ1234",)]
    plate, vehicle = checked(first, source)
    for photo in (plate, vehicle):
        assert default_storage.open(photos.name(record_id(source.pk, "one"), photo.kind)).read() == photo.jpeg
    assert QuarantinedRecord.objects.get().reason == deliveries.SAME_ID


@pytest.mark.req("DAT-3")
def test_of_one_id_twice_in_a_delivery_the_first_good_one_is_kept(deliver, native_read):
    bad = native_read(source_record_id="one", photos=())
    delivered = deliver(bad, native_read(source_record_id="one"))
    assert (delivered.stored, [item.index for item in delivered.refused]) == (1, [0])


@pytest.mark.req("DAT-3", "RES-1")
def test_a_photo_is_never_overwritten(deliver, native_read, source):
    deliver(native_read(source_record_id="one"))
    name = photos.name(record_id(source.pk, "one"), "vehicle")
    before = default_storage.open(name).read()
    deliver(native_read(source_record_id="one", photos=two_photos("other")))
    assert default_storage.open(name).read() == before
    assert len(default_storage.listdir(name.rpartition("/")[0])[1]) == 2


@pytest.mark.req("DAT-3", "RES-1")
def test_a_photo_left_by_another_content_is_not_taken_for_ours(deliver, native_read, source):
    default_storage.save(photos.name(record_id(source.pk, "one"), "plate"), ContentFile(jpeg("plate", "other")))
    assert deliver(native_read(source_record_id="one")).refused[0].reason == deliveries.SAME_ID


def test_the_same_id_of_another_source_is_another_record(deliver, native_read, make_source):
    read = native_read()
    deliver(read)
    assert deliver(read, source=make_source("other-toll")).stored == 1


@pytest.mark.req("QRY-2")
def test_plate_and_state_are_stored_in_their_one_form(deliver, native_read):
    deliver(native_read(plate="xyz-1 234", state="us-oh"), native_read(plate="B.1", state=""))
    assert asked("SELECT plate, state FROM store.read ORDER BY plate") == [("B1", ""), ("XYZ1234", "OH")]


@pytest.mark.parametrize(("fields", "expected"), [
    ({"plate": "XYZ*"}, "plate: "), ({"plate": "ABCDEFGHIJK"}, "plate: "), ({"plate": "--"}, "plate: "),
    ({"state": "Atlantis"}, "state: "),
])
def test_a_bad_plate_or_state_is_refused_without_repeating_it(reason_of, fields, expected):
    reason = reason_of(**fields)
    assert reason.startswith(expected)
    assert not any(value in reason for value in fields.values())


@pytest.mark.req("DAT-8")
def test_time_of_capture_lies_between_retention_and_ten_minutes_ahead(deliver, native_read, now, source):
    source.retention_days = 30
    delivered = deliver(
        native_read(captured_at=now + timedelta(minutes=9)), native_read(captured_at=now + timedelta(minutes=11)),
        native_read(captured_at=now - timedelta(days=29, hours=23)), native_read(captured_at=now - timedelta(days=30, hours=1)))
    assert delivered.stored == 2
    assert [(item.index, item.reason.partition(" ")[0]) for item in delivered.refused] == [
        (1, "captured_at:"), (3, "captured_at:")]


@pytest.mark.req("DAT-2")
def test_a_read_from_where_the_source_has_no_authority_is_refused_and_counted(reason_of):
    reason = reason_of(latitude=25.7617, longitude=-80.1918)
    assert reason.startswith("Not authorized")
    assert "FL" in reason
    assert Receipt.objects.get().refused == 1


@pytest.mark.req("DAT-2")
def test_a_place_outside_every_state_is_refused(reason_of):
    assert reason_of(latitude=48.8566, longitude=2.3522).startswith("Not authorized")


@pytest.mark.req("DAT-2")
@pytest.mark.parametrize("which", [Jurisdiction, SourceAuthority])
def test_authority_holds_from_its_first_to_its_last_day_where_the_vehicle_stood(deliver, native_read, which):
    which.objects.update(valid_from=date(2026, 3, 1), valid_until=date(2026, 3, 31))
    times = ["2026-03-01T04:59:00Z", "2026-03-01T05:00:00Z", "2026-04-01T03:59:00Z", "2026-04-01T04:00:00Z"]
    delivered = deliver(*(native_read(captured_at=datetime.fromisoformat(time)) for time in times),
                        now=datetime(2026, 6, 1, tzinfo=UTC))
    assert [item.index for item in delivered.refused] == [0, 3]


# --- Photos -------------------------------------------------------------------------------------------------------------
PLATE, VEHICLE = two_photos()


@pytest.mark.req("RES-1")
@pytest.mark.parametrize(("sent", "expected"), [
    ((), "plate photo is missing"),
    ((PLATE,), "vehicle photo is missing"),
    ((VEHICLE,), "plate photo is missing"),
    ((VEHICLE, VEHICLE), "plate photo is missing"),
    ((SentPhoto("plate", content=b"no picture"), VEHICLE), "neither a JPEG nor a PNG"),
    ((SentPhoto("plate", content=jpeg("plate")[:-120]), VEHICLE), "damaged or cut off"),
    ((SentPhoto("plate", content=jpeg("plate", size=(40, 15))), VEHICLE), "at least 48 by 16"),
    ((PLATE, SentPhoto("vehicle", content=jpeg("vehicle", size=(159, 120)))), "at least 160 by 120"),
    ((PLATE, SentPhoto("vehicle", content=jpeg("vehicle", size=(5100, 5000)))), "25 megapixels"),
    ((PLATE, SentPhoto("vehicle", content=b"<svg xmlns='http://www.w3.org/2000/svg'/>")), "neither a JPEG nor a PNG"),
    ((PLATE, SentPhoto("vehicle", url="https://elsewhere.example/vehicle.jpg")), "not in the operator's photo store"),
    ((PLATE, SentPhoto("vehicle", url="http://169.254.169.254/latest/")), "not in the operator's photo store"),
])
def test_a_record_without_two_good_photos_is_never_stored(reason_of, sent, expected):
    assert expected in reason_of(photos=sent)
    with pytest.raises(FileNotFoundError):
        default_storage.listdir("reads")


@pytest.mark.req("RES-1")
def test_photos_are_stored_by_record_id_without_metadata(deliver, native_read, source):
    deliver(native_read(source_record_id="one"))
    for kind in ("plate", "vehicle"):
        with default_storage.open(photos.name(record_id(source.pk, "one"), kind)) as file:
            content = file.read()
        assert content.startswith(b"\xff\xd8\xff")
        assert b"Exif" not in content


@pytest.mark.req("RES-1")
@pytest.mark.parametrize("counts", [True, False])
def test_policy_says_whether_a_cut_plate_photo_counts(deliver, native_read, settings, counts):
    settings.CUT_PLATE_PHOTO_COUNTS = counts
    cut = SentPhoto("plate", content=jpeg("plate"), cut=True)
    assert deliver(native_read(photos=(cut, VEHICLE))).stored == (1 if counts else 0)
    assert asked("SELECT plate_photo_cut FROM store.read") == ([(True,)] if counts else [])


@pytest.mark.req("RES-1")
def test_of_several_photos_the_first_good_one_is_kept(deliver, native_read):
    assert deliver(native_read(photos=(SentPhoto("plate", content=b"broken"), PLATE, VEHICLE))).stored == 1


def test_a_photo_in_the_sources_own_folder_of_our_store_is_taken_by_its_address(deliver, native_read, settings):
    default_storage.save("incoming/test-toll/day 1/v.jpg", ContentFile(jpeg("vehicle")))
    address = f"{settings.SITE_URL}{settings.MEDIA_URL}incoming/test-toll/day%201/v.jpg"
    assert deliver(native_read(photos=(PLATE, SentPhoto("vehicle", url=address)))).stored == 1


@pytest.mark.req("DAT-7")
@pytest.mark.parametrize("path", [
    "reads/aa/bb/x.jpg", "incoming/other-toll/v.jpg", "incoming/test-toll/../other-toll/v.jpg",
    "incoming/test-toll/%2e%2e/other-toll/v.jpg", "incoming/test-toll/missing.jpg", "incoming/test-toll/",
])
def test_no_other_photo_of_our_store_is_reached_by_an_address(reason_of, settings, path):
    for name in ("reads/aa/bb/x.jpg", "incoming/other-toll/v.jpg"):
        default_storage.save(name, ContentFile(jpeg("vehicle")))
    reason = reason_of(photos=(PLATE, SentPhoto("vehicle", url=f"{settings.SITE_URL}{settings.MEDIA_URL}{path}")))
    assert "operator's photo store" in reason


# --- What is filled in --------------------------------------------------------------------------------------------------
@pytest.fixture
def streets(now):
    dataset = StreetDataset.objects.create(name="town", loaded_at=now)
    for name, points, ranges in (
        ("Main St", [[-83.0000, 39.9612], [-82.9980, 39.9612]], [[1, 99, 2, 98, "43215", "43215"]]),
        ("1st Ave", [[-83.0000, 39.9600], [-83.0000, 39.9612], [-83.0000, 39.9630]], []),
    ):
        Street.objects.create(dataset=dataset, kind="street", name=name, street_class="residential", ranges=ranges,
                              points=points, west=min(p[0] for p in points), east=max(p[0] for p in points),
                              south=min(p[1] for p in points), north=max(p[1] for p in points))
    return dataset


PLACE = "SELECT p.state, p.zone, p.address, p.intersection, p.address_is_approximate FROM store.read r" \
        " JOIN store.place p ON p.id = r.place_id"


@pytest.mark.req("DAT-6", "RES-1")
def test_address_intersection_zone_and_state_are_filled_in(deliver, native_read, streets):
    deliver(native_read())
    ((state, zone, address, intersection, approximate),) = asked(PLACE)
    assert (state, zone, intersection, approximate) == ("OH", "America/New_York", "1st Ave & Main St", True) or \
           (state, zone, intersection, approximate) == ("OH", "America/New_York", "Main St & 1st Ave", True)
    assert "Main St" in address
    assert "43215" in address


@pytest.mark.req("DAT-6")
def test_what_the_source_says_is_kept(deliver, native_read, streets):
    deliver(native_read(address="Gate 4, Turnpike", intersection="Exit 9"))
    assert asked(PLACE) == [("OH", "America/New_York", "Gate 4, Turnpike", "Exit 9", False)]


@pytest.mark.req("DAT-6")
def test_far_from_every_street_nothing_is_made_up(deliver, native_read, streets):
    deliver(native_read(latitude=39.99, longitude=-82.99))
    assert asked(PLACE) == [("OH", "America/New_York", "", "", False)]


@pytest.mark.req("DAT-6")
def test_streets_loaded_later_are_known_from_then_on(deliver, native_read, streets, now):
    deliver(native_read())
    Street.objects.filter(name="Main St").update(name="High St")
    StreetDataset.objects.update(loaded_at=now + timedelta(seconds=1))
    deliver(native_read())
    assert {"Main" in row[2] for row in asked(PLACE)} == {True, False}


# --- The record ---------------------------------------------------------------------------------------------------------
@pytest.mark.req("AUD-1", "DAT-3")
def test_a_delivery_is_on_record_with_its_counts_and_without_plates(deliver, native_read):
    read = native_read()
    deliver(read, native_read(plate="***"), read)
    ((said,),) = events("reads.loaded")
    details = said["details"]
    assert {key: details[key] for key in ("source", "stored", "duplicates", "refused", "hits")} == {
        "source": "test-toll", "stored": 1, "duplicates": 1, "refused": 1, "hits": 0}
    assert "XYZ1234" not in str(said)


@pytest.mark.req("DAT-3", "AUD-1")
def test_without_its_event_nothing_is_stored(deliver, native_read):
    with databases.administrator() as admin:
        admin.execute("REVOKE EXECUTE ON FUNCTION audit.append FROM lpr_loader")
        admin.commit()
    with pytest.raises((deliveries.AuditUnavailable, deliveries.NotStored)):
        deliver(native_read())
    assert asked("SELECT count(*) FROM store.read") == [(0,)]
    assert Receipt.objects.count() == 0


def test_no_plate_reaches_a_log(deliver, native_read, caplog):
    caplog.set_level(logging.DEBUG)
    deliver(native_read(plate="SECRET1"), native_read(plate="SECRET2", photos=()), native_read(plate="SECRET*3"))
    assert "SECRET" not in caplog.text


# --- Receipts and power cuts --------------------------------------------------------------------------------------------
@pytest.mark.req("BEY-8", "DAT-3")
def test_the_same_body_bears_the_same_receipt_and_says_what_is_true_this_time(deliver, native_read, make_source, now):
    read = native_read()
    first, again = deliver(read), deliver(read, now=now + timedelta(hours=1))
    assert again.receipt == first.receipt == Receipt.objects.first().number
    assert (first.first_received_at, again.first_received_at) == (now, now)
    assert [(row.stored, row.duplicates) for row in Receipt.objects.order_by("received_at")] == [(1, 0), (0, 1)]
    assert deliver(read, source=make_source("other-toll")).receipt != first.receipt
    assert {said["details"]["receipt"] for (said,) in events("reads.loaded")[:2]} == {str(first.receipt)}


@pytest.mark.req("DAT-3", "RES-1")
def test_photos_and_their_folders_are_on_the_disk_before_the_read_is_committed(deliver, native_read, monkeypatch, source):
    settled, stored = [], [0]
    sync = os.fsync

    def noted(opened):
        assert asked("SELECT count(*) FROM store.read") == [tuple(stored)]
        settled.append(os.readlink(f"/proc/self/fd/{opened}"))
        sync(opened)

    monkeypatch.setattr(os, "fsync", noted)
    deliver(native_read(source_record_id="one"))
    names = [photos.name(record_id(source.pk, "one"), kind) for kind in ("plate", "vehicle")]
    folder = os.path.dirname(names[0])
    for path in (*names, folder, os.path.dirname(folder), "reads", ""):
        assert default_storage.path(path).rstrip("/") in settled
    # A photo that an earlier delivery left, whose end nobody knows, is settled as well.
    settled.clear()
    stored[0] = 1
    default_storage.save(photos.name(record_id(source.pk, "two"), "plate"), ContentFile(jpeg("plate")))
    deliver(native_read(source_record_id="two"))
    assert default_storage.path(photos.name(record_id(source.pk, "two"), "plate")) in settled
