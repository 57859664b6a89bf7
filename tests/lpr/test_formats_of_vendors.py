"""Rekor groups and Plate Recognizer hooks become native reads, or plain refusals that name the field."""

from datetime import UTC, datetime

import pytest

from lpr import photos
from lpr.formats import platerecognizer, rekor
from lpr.formats.native_read import NativeRead, SentPhoto
from tests.lpr.payloads import PICTURE, PLACES, WITHOUT, hook, reason, rekor_group, result, the_only

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
    "payload",
    [rekor_group(is_preview=True), {"data_type": "heartbeat"}, {"data_type": "alpr_results", "results": [{}]}],
)
def test_rekor_previews_heartbeats_and_single_frames_hold_no_read(payload):
    assert rekor.read(payload) == []


def test_a_rekor_alert_is_read_for_the_group_inside():
    assert the_only(rekor.read({"data_type": "alpr_alert", "group": rekor_group()})) == the_only(
        rekor.read(rekor_group())
    )


def test_rekor_groups_do_without_vehicle_label_and_region():
    read = the_only(
        rekor.read(rekor_group(vehicle=None, web_server_config=WITHOUT, best_region="us", vehicle_crop_jpeg=WITHOUT))
    )
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
    assert (read.plate, read.state, read.make, read.model, read.camera) == (
        "abc123",
        "CA",
        "Honda",
        "Civic",
        "camera-1",
    )
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
    reads = [
        the_only(platerecognizer.read(hook(form), upload=PICTURE, camera_places=PLACES)) for form in (result(), newer)
    ]
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
