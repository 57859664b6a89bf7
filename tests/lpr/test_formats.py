"""Every format ends as native reads or plain refusals, and nothing else ever comes out."""

import base64
import io
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from lpr import photos
from lpr.formats import csv_file, detection, json_text, native, platerecognizer, rekor
from lpr.formats.native_read import NativeRead, PayloadNotReadable, Refused, SentPhoto
from lpr.formats.photo_folder import PhotoFolder


def jpeg(width=320, height=240):
    file = io.BytesIO()
    Image.new("RGB", (width, height), (90, 120, 90)).save(file, "JPEG")
    return file.getvalue()


PICTURE = jpeg()
IN_BASE64 = base64.b64encode(PICTURE).decode()
WITHOUT = object()


def native_read(**changes):
    record = {
        "source_record_id": "r-1",
        "plate": "xyz-1234",
        "state": "us-oh",
        "captured_at": "2026-05-01T12:00:00-04:00",
        "latitude": 39.96,
        "longitude": -83,
        "make": "Ford",
        "model": "F-150",
        "camera": "Gate 4",
        "confidence": 97.6,
        "photos": [{"kind": "plate", "jpeg": IN_BASE64}, {"kind": "vehicle", "url": "https://photos.example/r-1.jpg"}],
    } | changes
    return {key: value for key, value in record.items() if value is not WITHOUT}


def rekor_group(**changes):
    group = {
        "data_type": "alpr_group",
        "version": 2,
        "camera_id": 1234,
        "gps_latitude": 37.635986328125,
        "gps_longitude": -92.25,
        "epoch_start": 1777651200123,
        "epoch_end": 1777651203000,
        "best_uuid": "AGENT-1234-1777651200123",
        "best_plate_number": "D2651BF",
        "best_confidence": 92.94,
        "best_region": "us-mo",
        "best_plate": {"plate": "D2651BF", "confidence": 92.94, "region": "us-mo", "plate_crop_jpeg": IN_BASE64},
        "vehicle_crop_jpeg": IN_BASE64,
        "vehicle": {
            "make": [{"name": "toyota", "confidence": 80.1}, {"name": "ford", "confidence": 2}],
            "make_model": [{"name": "toyota_camry_hybrid", "confidence": 70.5}],
        },
        "web_server_config": {"camera_label": "North Gate", "agent_label": "agent"},
        "is_preview": False,
    } | changes
    return {key: value for key, value in group.items() if value is not WITHOUT}


def hook(*results, **data):
    return {
        "hook": {"target": "https://reads.example/", "id": "camera-1", "event": "recognition", "filename": "camera-1/13.jpg"},
        "data": {
            "camera_id": "camera-1",
            "filename": "camera-1/13.jpg",
            "timestamp": "2026-09-29T05:56:13.606935Z",
            "timestamp_local": "2026-09-29 01:56:13.606935-04:00",
            "results": list(results),
        }
        | data,
    }


def result(**changes):
    return {
        "plate": "abc123",
        "score": 0.893,
        "box": {"xmin": 100, "ymin": 100, "xmax": 200, "ymax": 140},
        "region": {"code": "us-ca", "score": 0.7},
        "vehicle": {"type": "Sedan", "score": 0.8, "box": {"xmin": 1, "ymin": 1, "xmax": 300, "ymax": 200}},
        "model_make": [{"make": "Honda", "model": "Civic", "score": 0.6}],
    } | changes


PLACES = {"camera-1": (37.8, -122.3)}


def the_only(outcomes):
    (outcome,) = outcomes
    return outcome


def reason(outcomes):
    outcome = the_only(outcomes)
    assert isinstance(outcome, Refused), outcome
    return outcome.reason


# The native format


@pytest.mark.req("DAT-1")
def test_a_native_read_arrives_with_all_its_fields():
    assert the_only(native.read({"reads": [native_read(address="1 Main St")]})) == NativeRead(
        source_record_id="r-1",
        plate="xyz-1234",
        state="us-oh",
        captured_at=datetime(2026, 5, 1, 16, 0, tzinfo=UTC),
        latitude=39.96,
        longitude=-83.0,
        make="Ford",
        model="F-150",
        camera="Gate 4",
        address="1 Main St",
        intersection="",
        confidence=98,
        photos=(SentPhoto("plate", content=PICTURE), SentPhoto("vehicle", url="https://photos.example/r-1.jpg")),
    )


def test_a_single_native_read_needs_no_list_and_optional_fields_may_be_missing():
    read = the_only(native.read(native_read(state=None, make=WITHOUT, model=None, camera=WITHOUT, confidence=WITHOUT, photos=WITHOUT)))
    assert (read.state, read.make, read.model, read.camera, read.confidence, read.photos) == ("", "", "", "", None, ())


@pytest.mark.req("DAT-3")
def test_ten_bad_records_of_a_thousand_are_named_and_the_others_read():
    records = [native_read(source_record_id=f"r-{number}") for number in range(1000)]
    bad = set(range(50, 1000, 100))
    for index in bad:
        records[index]["latitude"] = "north"
    outcomes = native.read({"reads": records})
    assert sum(isinstance(outcome, NativeRead) for outcome in outcomes) == 990
    assert {outcome.index for outcome in outcomes if isinstance(outcome, Refused)} == bad
    assert all(outcome.raw is records[outcome.index] for outcome in outcomes if isinstance(outcome, Refused))


@pytest.mark.req("DAT-3")
@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"source_record_id": WITHOUT}, "source_record_id: missing"),
        ({"source_record_id": "  "}, "source_record_id: missing"),
        ({"source_record_id": "x" * 201}, "source_record_id: longer than 200"),
        ({"source_record_id": "a\nb"}, "source_record_id: contains control"),
        ({"source_record_id": True}, "source_record_id: must be text"),
        ({"plate": WITHOUT}, "plate: missing"),
        ({"plate": 1234}, "plate: must be text"),
        ({"plate": "A" * 41}, "plate: longer than 40"),
        ({"plate": "AB\x00C"}, "plate: contains a NUL"),
        ({"state": 5}, "state: must be text"),
        ({"captured_at": WITHOUT}, "captured_at: missing"),
        ({"captured_at": "2026-05-01T12:00:00"}, "captured_at: must end with the offset"),
        ({"captured_at": "yesterday"}, "captured_at: must be a date and time"),
        ({"captured_at": "20260501T120000Z"}, "captured_at: must be a date and time"),
        ({"captured_at": "2026-02-30T12:00:00Z"}, "captured_at: is not a date"),
        ({"captured_at": "0001-01-01T00:00:00+10:00"}, "captured_at: is not a date"),
        ({"captured_at": 1777651200}, "captured_at: must be text"),
        ({"latitude": None}, "latitude: missing"),
        ({"latitude": 90.1}, "latitude: must be between -90 and 90"),
        ({"latitude": float("nan")}, "latitude: must be between"),
        ({"longitude": float("inf")}, "longitude: must be between -180 and 180"),
        ({"longitude": -(10**400)}, "longitude: must be between"),
        ({"longitude": "-83"}, "longitude: must be a number"),
        ({"longitude": True}, "longitude: must be a number"),
        ({"camera": "x" * 201}, "camera: longer than 200"),
        ({"address": ["1 Main"]}, "address: must be text"),
        ({"make": "\ud800"}, "make: contains characters that are not valid UTF-8"),
        ({"model": "F\x1b150"}, "model: contains control"),
        ({"confidence": 101}, "confidence: must be between 0 and 100"),
        ({"confidence": "high"}, "confidence: must be a number"),
        ({"photos": "none"}, "photos: must be a list"),
        ({"photos": [{}] * 11}, "photos: more than 10"),
        ({"photos": ["x"]}, "photo 1: must be an object"),
        ({"photos": [{"kind": "driver", "jpeg": IN_BASE64}]}, "photo 1: kind must be plate or vehicle"),
        ({"photos": [{"kind": ["plate"], "jpeg": IN_BASE64}]}, "photo 1: kind must be"),
        ({"photos": [{"kind": "plate"}]}, "photo 1: has neither jpeg nor url"),
        ({"photos": [{"kind": "plate", "jpeg": "%%%"}]}, "photo 1: is not valid base64"),
        ({"photos": [{"kind": "plate", "jpeg": "é"}]}, "photo 1: is not valid base64"),
        ({"photos": [{"kind": "plate", "jpeg": ""}]}, "photo 1: is empty"),
        ({"photos": [{"kind": "plate", "jpeg": 5}]}, "photo 1: must be base64"),
        ({"photos": [{"kind": "plate", "url": "file:///etc/passwd"}]}, "photo 1: must be an http or https"),
        ({"photos": [{"kind": "plate", "file": "p.jpg"}]}, "no photo folder"),
        ({"plate_photo": "p.jpg"}, "plate_photo: names a file, but no photo folder"),
    ],
)
def test_a_bad_field_is_named_in_plain_words(changes, said):
    assert said in reason(native.read({"reads": [native_read(**changes)]}))


@pytest.mark.parametrize("record", [None, 5, "text", [], [native_read()]])
def test_a_record_that_is_no_object_is_refused(record):
    assert reason(native.read({"reads": [record]})) == "The record is not a JSON object."


def test_reasons_never_repeat_the_plate():
    assert "SECRET" not in reason(native.read(native_read(plate="SECRET" * 9)))


def test_base64_with_line_breaks_is_read():
    wrapped = base64.encodebytes(PICTURE).decode()
    assert the_only(native.read(native_read(photos=[{"kind": "plate", "jpeg": wrapped}]))).photos[0].content == PICTURE


@pytest.mark.parametrize("payload", [{"reads": {}}, {"reads": None}, {"reads": "all"}])
def test_reads_that_are_no_list_refuse_the_payload(payload):
    with pytest.raises(PayloadNotReadable, match="reads: must be a list"):
        native.read(payload)


# JSON text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"{", "not valid JSON"), (b"", "not valid JSON"), (b'{"a": NaN}', "NaN"), (b'{"a": -Infinity}', "-Infinity"),
        (b'{"a": 1, "a": 2}', "a key twice"), (b'"\xff"', "not valid UTF-8"), (b"[" * 200_000, "nested too deeply"),
        (b'{"a": ' + b"9" * 5000 + b"}", "not valid JSON"),
    ],
)  # fmt: skip
def test_json_has_one_meaning_or_is_refused(text, said):
    with pytest.raises(PayloadNotReadable, match=said):
        json_text.parse(text)


# Rekor


@pytest.mark.req("DAT-1")
def test_a_rekor_group_becomes_one_read_with_two_photos():
    assert the_only(rekor.read(rekor_group())) == NativeRead(
        source_record_id="AGENT-1234-1777651200123",
        plate="D2651BF",
        state="MO",
        captured_at=datetime(2026, 5, 1, 16, 0, 0, 123000, tzinfo=UTC),
        latitude=37.635986328125,
        longitude=-92.25,
        make="toyota",
        model="camry hybrid",
        camera="North Gate",
        confidence=93,
        photos=(SentPhoto("plate", content=PICTURE), SentPhoto("vehicle", content=PICTURE)),
    )


@pytest.mark.parametrize(
    "payload", [rekor_group(is_preview=True), {"data_type": "heartbeat"}, {"data_type": "alpr_results", "results": [{}]}]
)
def test_rekor_previews_heartbeats_and_single_frames_hold_no_read(payload):
    assert rekor.read(payload) == []


def test_a_rekor_alert_is_read_for_the_group_inside():
    assert the_only(rekor.read({"data_type": "alpr_alert", "group": rekor_group()})) == the_only(rekor.read(rekor_group()))


def test_rekor_groups_do_without_vehicle_label_and_region():
    read = the_only(rekor.read(rekor_group(vehicle=None, web_server_config=WITHOUT, best_region="us", vehicle_crop_jpeg=WITHOUT)))
    assert (read.make, read.model, read.camera, read.state) == ("", "", "1234", "")
    assert [photo.kind for photo in read.photos] == ["plate"]


@pytest.mark.parametrize("place", [(None, None), (0, 0), (-1.0, -1.0)])
def test_a_rekor_camera_without_gps_takes_its_known_place_or_is_refused_by_name(place):
    group = rekor_group(gps_latitude=place[0], gps_longitude=place[1])
    assert "camera 1234 is not known" in reason(rekor.read(group))
    read = the_only(rekor.read(group, camera_places={"1234": (38.5, -90.5)}))
    assert (read.latitude, read.longitude) == (38.5, -90.5)


@pytest.mark.req("DAT-3")
@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"data_type": "alpr_unheard_of"}, "data_type: must be alpr_group"),
        ({"data_type": ["alpr_group"]}, "data_type: must be alpr_group"),
        ({"best_uuid": WITHOUT}, "best_uuid: missing"),
        ({"best_plate_number": "", "best_plate": {}}, "best_plate_number: missing"),
        ({"epoch_start": 1777651200}, "epoch_start: must be milliseconds"),
        ({"epoch_start": float("nan")}, "epoch_start: must be milliseconds"),
        ({"epoch_start": WITHOUT}, "epoch_start: missing"),
        ({"gps_latitude": 200}, "gps_latitude: must be between"),
        ({"gps_longitude": None}, "gps_longitude: missing"),
        ({"best_plate": 5}, "best_plate: must be an object"),
        ({"vehicle_crop_jpeg": "*"}, "vehicle_crop_jpeg: is not valid base64"),
        ({"best_confidence": 900}, "best_confidence: must be between 0 and 100"),
    ],
)
def test_a_bad_rekor_field_is_named(changes, said):
    assert said in reason(rekor.read(rekor_group(**changes)))


# Plate Recognizer


@pytest.mark.req("DAT-1")
@pytest.mark.req("RES-1")
def test_a_hook_becomes_a_read_whose_plate_photo_is_cut_and_marked():
    read = the_only(platerecognizer.read(hook(result()), upload=PICTURE, camera_places=PLACES))
    assert (read.plate, read.state, read.make, read.model, read.camera) == ("abc123", "CA", "Honda", "Civic", "camera-1")
    assert (read.latitude, read.longitude, read.confidence) == (37.8, -122.3, 89)
    assert read.captured_at == datetime(2026, 9, 29, 5, 56, 13, 606935, tzinfo=UTC)
    plate, vehicle = read.photos
    assert (plate.kind, plate.cut, vehicle) == ("plate", True, SentPhoto("vehicle", content=PICTURE))
    assert photos.check(plate.content, kind="plate", minimum=(48, 16)).width == 130


def test_the_newer_form_with_a_plate_object_reads_the_same():
    newer = {
        "plate": {
            "type": "Plate",
            "score": 0.9,
            "box": {"xmin": 100, "ymin": 100, "xmax": 200, "ymax": 140},
            "props": {"plate": [{"value": "abc123", "score": 0.893}], "region": [{"value": "us-ca", "score": 0.7}]},
        },
        "vehicle": {"type": "Sedan", "props": {"make_model": [{"make": "Honda", "model": "Civic", "score": 0.6}]}},
    }
    reads = [the_only(platerecognizer.read(hook(form), upload=PICTURE, camera_places=PLACES)) for form in (result(), newer)]
    assert reads[0] == reads[1]


@pytest.mark.req("DAT-3")
def test_the_record_id_is_stable_and_tells_results_and_moments_apart():
    def ids(payload):
        return [read.source_record_id for read in platerecognizer.read(payload, camera_places=PLACES)]

    twice = ids(hook(result(), result(plate="other1")))
    assert len(set(twice)) == 2
    assert twice == ids(hook(result(), result(plate="other1")))
    assert not set(twice) & set(ids(hook(result(), timestamp="2026-09-29T05:56:14Z")))
    assert len(ids(hook(result(), filename="x" * 400))[0]) == 64


@pytest.mark.parametrize("plate", [None, "", {}, {"props": {"plate": []}}])
def test_a_hook_without_a_plate_holds_no_read(plate):
    assert platerecognizer.read(hook(result(plate=plate)), camera_places=PLACES) == []
    assert platerecognizer.read(hook(), camera_places=PLACES) == []


def test_a_hook_without_make_and_model_or_region_leaves_them_empty():
    bare = {"plate": "abc123", "score": 0.5}
    read = the_only(platerecognizer.read(hook(bare, latitude=1.5, longitude=2), camera_places={}))
    assert (read.make, read.model, read.state, read.latitude, read.photos) == ("", "", "", 1.5, ())


@pytest.mark.parametrize("code", ["us", "de", "gb"])
def test_a_country_in_a_hook_is_never_taken_for_a_state(code):
    assert the_only(platerecognizer.read(hook(result(region={"code": code})), camera_places=PLACES)).state == ""


def test_timestamps_of_hooks_are_utc_by_their_documentation():
    read = the_only(platerecognizer.read(hook(result(), timestamp="2026-09-29 05:56:13"), camera_places=PLACES))
    assert read.captured_at == datetime(2026, 9, 29, 5, 56, 13, tzinfo=UTC)
    read = the_only(platerecognizer.read(hook(result(), timestamp=None), camera_places=PLACES))
    assert read.captured_at == datetime(2026, 9, 29, 5, 56, 13, 606935, tzinfo=UTC)


@pytest.mark.req("DAT-3")
@pytest.mark.parametrize(
    ("changes", "upload", "said"),
    [
        ({"box": None}, PICTURE, "upload: The plate's box needs four numbers"),
        ({"box": {"xmin": 900, "ymin": 0, "xmax": 990, "ymax": 50}}, PICTURE, "upload: The plate's box is not inside"),
        ({}, b"GIF89a", "upload: The photo is neither"),
        ({"score": 42}, None, "score: must be between 0 and 1"),
        ({"plate": 7}, None, "plate: must be text"),
        ({"region": "us-ca"}, None, "region: must be an object"),
    ],
)
def test_a_bad_result_is_refused_and_its_neighbor_read(changes, upload, said):
    outcomes = platerecognizer.read(hook(result(**changes), result()), upload=upload, camera_places=PLACES)
    assert said in outcomes[0].reason
    assert isinstance(outcomes[1], NativeRead) or upload == b"GIF89a"


def test_a_camera_without_a_known_place_is_named():
    assert "camera camera-1 is not known" in reason(platerecognizer.read(hook(result())))


# Detection


@pytest.mark.parametrize(
    ("payload", "found"),
    [
        ({"reads": []}, "native"), (native_read(), "native"), (rekor_group(), "rekor"), ({"data_type": "heartbeat"}, "rekor"),
        (hook(), "platerecognizer"), ({"data": {"results": []}}, "platerecognizer"),
    ],
)  # fmt: skip
def test_the_format_is_told_from_the_payload(payload, found):
    assert detection.detect(payload) == found


@pytest.mark.parametrize("payload", [None, [], 5, {}, {"data": 5}, {"plate": "ABC"}])
def test_a_payload_in_no_known_format_is_refused(payload):
    with pytest.raises(PayloadNotReadable, match="neither native reads"):
        detection.read_payload(payload)


# Files


def read_file(content, **options):
    return list(detection.read_file(io.BytesIO(content), **options))


HEADER = "Record ID,License Plate,State,Timestamp,Lat,Lon,make,model,camera,plate_photo,vehicle_photo"


def row(plate="XYZ1234", latitude="39.9", names="p.jpg,v.jpg"):
    return f"r-1,{plate},OH,2026-05-01T12:00:00Z,{latitude},-83.0,Ford,F-150,Gate,{names}"


@pytest.fixture
def folder(tmp_path):
    inside = tmp_path / "photos"
    inside.mkdir()
    for name in ("p.jpg", "v.jpg"):
        (inside / name).write_bytes(PICTURE)
    (tmp_path / "secret.txt").write_text("secret")
    (inside / "link.jpg").symlink_to(tmp_path / "secret.txt")
    (inside / "circle.jpg").symlink_to(inside / "circle.jpg")
    return PhotoFolder(inside)


@pytest.mark.req("DAT-1")
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("start", ["", "\ufeff"])
def test_a_csv_file_is_read_with_its_photos(folder, separator, start):
    content = (start + f"{HEADER}\n{row()}\r\n\n").replace(",", separator).encode()
    read = the_only(read_file(content, folder=folder))
    assert (read.source_record_id, read.plate, read.state, read.latitude, read.make) == ("r-1", "XYZ1234", "OH", 39.9, "Ford")
    assert read.photos == (SentPhoto("plate", content=PICTURE), SentPhoto("vehicle", content=PICTURE))


@pytest.mark.req("DAT-3")
def test_bad_rows_of_a_csv_file_are_refused_in_their_place(folder):
    rows = [row(), row(latitude="nan"), row() + ",more", row(plate=""), "\xff" + row(), f'r-1,"{"x" * 200_000}"', row(latitude="1e1"), row()]
    content = "\n".join([HEADER, *rows]).encode("latin-1")
    outcomes = read_file(content, folder=folder)
    assert [isinstance(outcome, NativeRead) for outcome in outcomes] == [True] + [False] * 6 + [True]
    assert [outcome.index for outcome in outcomes[1:7]] == [1, 2, 3, 4, 5, 6]
    said = ["latitude: must be a number", "12 columns", "plate: missing", "not valid UTF-8", "not valid CSV", "latitude: must be"]
    assert all(words in outcome.reason for words, outcome in zip(said, outcomes[1:7], strict=True))


@pytest.mark.parametrize(
    ("header", "said"),
    [("plate,state", "lacks: source_record_id, captured_at"), ("", "lacks"), (HEADER + ",latitude", "two columns for: latitude")],
)
def test_a_csv_file_with_an_unusable_header_is_refused_whole(header, said):
    with pytest.raises(PayloadNotReadable, match=said):
        read_file(f"{header}\n{row()}\n".encode(), form="csv")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("../secret.txt", "leads out"), ("/etc/passwd", "leads out"), ("link.jpg", "leads out"), ("none.jpg", "not in the photo folder"),
        (".", "not in the photo folder"), ("circle.jpg", "photo"), ("a" * 400, "cannot be read"), ("p\x00.jpg", "NUL"),
    ],
)  # fmt: skip
def test_a_photo_name_never_leads_out_of_its_folder(folder, name, said):
    assert said in reason(native.read(native_read(photos=None, plate_photo=name), folder=folder))


def test_a_photo_file_larger_than_allowed_is_read_no_further(folder, tmp_path):
    with (tmp_path / "photos" / "huge.jpg").open("wb") as file:
        file.truncate(photos.MOST_BYTES * 4)
    read = the_only(native.read(native_read(photos=None, plate_photo="huge.jpg"), folder=folder))
    assert len(read.photos[0].content) == photos.MOST_BYTES + 1


def test_photos_may_be_named_by_file_or_address_in_every_place(folder):
    read = the_only(native.read(native_read(photos=[{"kind": "plate", "file": "p.jpg"}], vehicle_photo="https://e.example/v"), folder=folder))
    assert read.photos == (SentPhoto("plate", content=PICTURE), SentPhoto("vehicle", url="https://e.example/v"))


@pytest.mark.req("DAT-3")
@pytest.mark.parametrize("form", ["auto", "ndjson"])
@pytest.mark.parametrize("broken_at", [0, 1, 2])
def test_a_broken_line_is_refused_and_the_other_lines_are_read(form, broken_at):
    lines = [json.dumps(native_read()), json.dumps(native_read())]
    lines.insert(broken_at, '{"plate": ')
    outcomes = read_file("\n".join(lines).encode() + b"\n\n", form=form)
    assert [isinstance(outcome, Refused) for outcome in outcomes] == [index == broken_at for index in range(3)]
    assert (outcomes[broken_at].index, outcomes[broken_at].raw) == (broken_at, '{"plate": ')


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize(
    "document", [{"reads": [native_read(), native_read()]}, [native_read(), native_read()], [rekor_group(), rekor_group()]]
)
def test_one_document_in_the_whole_file_is_read(document, indent):
    assert [type(outcome) for outcome in read_file(json.dumps(document, indent=indent).encode())] == [NativeRead, NativeRead]


def test_vendors_documents_stand_one_a_line(folder):
    content = "\n".join(json.dumps(message) for message in (rekor_group(), {"data_type": "heartbeat"}, rekor_group())).encode()
    assert len(read_file(content, form="rekor")) == len(read_file(content)) == 2
    named = json.dumps(hook(result(), filename="v.jpg")).encode()
    read = the_only(read_file(named, form="platerecognizer", camera_places=PLACES, folder=folder))
    assert [photo.cut for photo in read.photos] == [True, False]


def test_mixed_lines_are_told_apart_and_refusals_are_counted_through():
    lines = [native_read(), hook(result()), {"unknown": 1}, rekor_group(best_uuid=None)]
    outcomes = read_file("\n".join(map(json.dumps, lines)).encode())
    assert [getattr(outcome, "index", None) for outcome in outcomes] == [None, 1, 2, 3]


# Nothing but reads, refusals and our own error ever comes out

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)


def mutated(record):
    return st.fixed_dictionaries({}, optional=dict.fromkeys(record, anything)).map(lambda changes: record | changes)


def only_our_own(read, *arguments, **options):
    try:
        outcomes = list(read(*arguments, **options))
    except PayloadNotReadable:
        return
    assert all(isinstance(outcome, NativeRead | Refused) for outcome in outcomes)


@settings(deadline=None)
@given(st.lists(mutated(native_read()), max_size=3))
def test_native_payloads_of_any_content_are_read_or_refused(records):
    only_our_own(native.read, {"reads": records})


@settings(deadline=None)
@given(mutated(rekor_group()))
def test_rekor_payloads_of_any_content_are_read_or_refused(group):
    only_our_own(rekor.read, group)


@settings(deadline=None)
@given(st.lists(mutated(result()), max_size=2), st.sampled_from([None, PICTURE, b"x"]), st.sampled_from([{}, PLACES]))
def test_hooks_of_any_content_are_read_or_refused(results, upload, places):
    only_our_own(platerecognizer.read, hook(*results), upload=upload, camera_places=places)


@settings(deadline=None)
@given(mutated(hook(result())["data"]) | anything)
def test_the_data_of_a_hook_may_be_anything(data):
    only_our_own(platerecognizer.read, {"hook": {}, "data": data}, camera_places=PLACES)


@given(anything)
def test_any_payload_is_read_or_refused(payload):
    only_our_own(detection.read_payload, payload)


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_file_is_read_or_refused(content):
    for form in ("auto", "csv", "ndjson", "rekor", "platerecognizer"):
        only_our_own(detection.read_file, io.BytesIO(content), form=form)


@given(st.text(max_size=200))
def test_any_rows_under_a_good_header_are_read_or_refused(rows):
    only_our_own(csv_file.read, io.BytesIO(f"{HEADER}\n{rows}".encode("utf-8", "surrogatepass")))
