"""`POST /api/v1/reads/`: what sources send, in every format, and what they are answered."""

import base64
import json
import logging
from datetime import UTC, datetime, timedelta

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from config import databases
from lpr import photos, sources
from lpr.admission import record_id
from lpr.models import QuarantinedRecord, Receipt
from tests.factories.lpr import jpeg
from tests.lpr.payloads import hook, rekor_group, result

URL = "/api/v1/reads/"


@pytest.fixture
def post(source, now):
    """`post(payload)`: the payload as JSON with the source's key."""
    key = sources.issue_key(source=source, now=now)

    def run(payload, *, key=key, **extra):
        body = payload if isinstance(payload, (bytes, str)) else json.dumps(payload)
        return Client(headers={"Authorization": f"Source {key}"}).post(URL, body, "application/json", **extra)

    run.key = key
    return run


def in_base64(kind, text=""):
    return base64.b64encode(jpeg(kind, text)).decode()


def native(name="r1", **changes):
    return {"source_record_id": name, "plate": "XYZ-1234", "state": "OH",
            "captured_at": (datetime.now(UTC) - timedelta(minutes=1)).isoformat(), "latitude": 39.9612,
            "longitude": -82.9988, "make": "Ford", "model": "F-150", "camera": "Gate 4",
            "photos": [{"kind": "plate", "jpeg": in_base64("plate")}, {"kind": "vehicle", "jpeg": in_base64("vehicle")}],
            } | changes


def asked(sql):
    with databases.administrator() as admin:
        return admin.execute(sql).fetchall()


def events(kind):
    return [row[0] for row in asked(f"SELECT payload::jsonb FROM audit.event WHERE kind = '{kind}' ORDER BY at")]


@pytest.mark.req("DAT-1", "DAT-3")
def test_native_reads_are_stored_once_and_answered_one_by_one(post):
    batch = {"reads": [native("r1"), native("r2", plate="?"), native("r3", photos=[])]}
    answer = post(batch)
    assert answer.status_code == 200
    assert answer.json() == {"stored": 1, "duplicates": 0, "hits": 0, "refused": [
        {"index": 1, "reason": answer.json()["refused"][0]["reason"]},
        {"index": 2, "reason": answer.json()["refused"][1]["reason"]}]}
    assert all(item["reason"] for item in answer.json()["refused"])
    again = post(batch).json()
    assert (again["stored"], again["duplicates"], len(again["refused"])) == (0, 1, 2)
    assert asked("SELECT plate, state FROM store.read") == [("XYZ1234", "OH")]


@pytest.mark.req("AUD-1")
def test_the_source_is_who_acts(post):
    post({"reads": [native()]})
    (event,) = events("reads.loaded")
    assert event["actor"] == "source:test-toll"
    assert event["request"]
    assert event["address"] == "127.0.0.1"


@pytest.mark.req("DAT-3")
def test_of_a_thousand_reads_with_ten_bad_ones_990_are_stored_and_the_ten_named(post):
    reads = [native(f"r{i}", **({"latitude": 95} if i % 100 == 50 else {})) for i in range(1000)]
    answer = post({"reads": reads}).json()
    assert (answer["stored"], [item["index"] for item in answer["refused"]]) == (990, list(range(50, 1000, 100)))


# --- Vendors ------------------------------------------------------------------------------------------------------------
def milliseconds(moment):
    return int(moment.timestamp() * 1000)


@pytest.mark.req("DAT-1")
def test_a_rekor_group_is_one_read(post, source, now):
    group = rekor_group(gps_latitude=39.9612, gps_longitude=-82.9988, epoch_start=milliseconds(now),
                        best_region="us-oh", vehicle_crop_jpeg=in_base64("vehicle"))
    group["best_plate"]["plate_crop_jpeg"] = in_base64("plate")
    assert post(group).json() == {"stored": 1, "duplicates": 0, "hits": 0, "refused": []}
    assert post(group).json()["duplicates"] == 1
    assert asked("SELECT r.plate, r.state, r.confidence, m.name, o.name, c.name FROM store.read r"
                 " JOIN store.make m ON m.id = r.make_id JOIN store.model o ON o.id = r.model_id"
                 " JOIN store.camera c ON c.id = r.camera_id") == [
        ("D2651BF", "OH", 93, "toyota", "camry hybrid", "North Gate")]
    record = record_id(source.pk, group["best_uuid"])
    assert all(default_storage.exists(photos.name(record, kind)) for kind in ("plate", "vehicle"))


@pytest.mark.req("DAT-1")
@pytest.mark.parametrize("message", [rekor_group(is_preview=True), {"data_type": "heartbeat"}, {"data_type": "alpr_results"}])
def test_previews_and_messages_without_a_read_are_taken_and_store_nothing(post, message):
    assert post(message).json() == {"stored": 0, "duplicates": 0, "hits": 0, "refused": []}


@pytest.fixture
def placed(source):
    source.camera_places = {"camera-1": [39.9612, -82.9988]}
    source.save()


def multipart(post, payload, upload):
    return Client(headers={"Authorization": f"Source {post.key}"}).post(
        URL, {"json": json.dumps(payload), "upload": SimpleUploadedFile("13.jpg", upload, "image/jpeg")})


@pytest.mark.req("DAT-1", "RES-1")
def test_a_plate_recognizer_hook_brings_one_picture_and_the_plate_is_cut_from_it(post, placed, source, now):
    payload = hook(result(box={"xmin": 100, "ymin": 100, "xmax": 200, "ymax": 140}, region={"code": "us-oh"}),
                   timestamp=now.isoformat())
    answer = multipart(post, payload, jpeg("vehicle"))
    assert answer.json() == {"stored": 1, "duplicates": 0, "hits": 0, "refused": []}
    assert asked("SELECT plate, state, confidence, plate_photo_cut FROM store.read") == [("ABC123", "OH", 89, True)]
    assert multipart(post, payload, jpeg("vehicle")).json()["duplicates"] == 1


@pytest.mark.req("DAT-1")
def test_a_hook_without_a_plate_is_answered_at_once_with_zeros(post, placed):
    assert multipart(post, hook(), jpeg("vehicle")).json() == {"stored": 0, "duplicates": 0, "hits": 0, "refused": []}
    assert post(hook()).status_code == 200
    assert Receipt.objects.count() == 2


@pytest.mark.req("RES-1")
def test_a_hook_whose_picture_is_missing_or_no_picture_is_set_aside(post, placed, now):
    payload = hook(result(), timestamp=now.isoformat())
    assert "photo is missing" in post(payload).json()["refused"][0]["reason"]
    assert "neither a JPEG" in multipart(post, payload, b"GIF89a").json()["refused"][0]["reason"]
    assert QuarantinedRecord.objects.count() == 2


def test_a_hook_of_a_camera_whose_place_is_not_known_is_set_aside(post, now):
    answer = multipart(post, hook(result(), timestamp=now.isoformat()), jpeg("vehicle"))
    assert "place of camera" in answer.json()["refused"][0]["reason"]


# --- Who may, and what is no delivery -----------------------------------------------------------------------------------
@pytest.mark.req("DAT-1", "AUD-1")
@pytest.mark.parametrize("header", [None, "Source wrong", "Source pl_abc_def", "Bearer x", "Basic eDp5"])
def test_a_wrong_key_is_401_with_problem_details_and_on_record(source, header):
    client = Client(headers={"Authorization": header} if header else {})
    answer = client.post(URL, json.dumps({"reads": [native()]}), "application/json")
    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["WWW-Authenticate"] == "Source"
    assert answer.json()["status"] == 401
    assert len(events("reads.refused")) == 1
    assert events("access.refused") == []
    assert asked("SELECT count(*) FROM store.read") == [(0,)]


def test_a_session_of_a_person_opens_no_intake(officer, signed_in):
    assert signed_in(officer).post(URL, json.dumps({"reads": [native()]}), "application/json").status_code == 401


def test_a_sources_key_opens_nothing_else(post):
    client = Client(headers={"Authorization": f"Source {post.key}"})
    for path in ("/api/v1/queries/", "/api/v1/schema/"):
        assert client.get(path).status_code in {401, 403}, path


@pytest.mark.req("AUD-1")
@pytest.mark.parametrize(("body", "status"), [
    (b"{", 400), (b"", 400), (b"[]", 400), (b'{"reads": {}}', 400), (b'{"reads": [NaN]}', 400), (b'"text"', 400),
    (b'{"a":1}', 400), (b'{"reads":[],"reads":[]}', 400), (b"\xff\xfe", 400), (b"[" * 200_000, 400),
])
def test_what_is_no_delivery_is_a_problem_and_on_record(post, body, status):
    answer = post(body)
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    assert set(answer.json()) >= {"type", "title", "status", "detail"}
    (event,) = events("reads.refused")
    assert event["actor"] == "source:test-toll"


def test_more_than_a_thousand_reads_are_413(post, settings):
    settings.READS_PER_CALL = 3
    answer = post({"reads": [native(f"r{i}") for i in range(4)]})
    assert (answer.status_code, answer.json()["status"]) == (413, 413)
    assert asked("SELECT count(*) FROM store.read") == [(0,)]


def test_a_body_that_is_too_large_is_413(post, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    assert post({"reads": [native()]}).status_code == 413


def test_a_multipart_body_without_json_is_400(post):
    client = Client(headers={"Authorization": f"Source {post.key}"})
    assert client.post(URL, {"upload": SimpleUploadedFile("1.jpg", jpeg("vehicle"))}).status_code == 400


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_the_intake_only_takes(post, method):
    client = Client(headers={"Authorization": f"Source {post.key}"})
    assert getattr(client, method)(URL).status_code == 405


def test_a_store_that_fails_is_503_and_the_delivery_can_come_again(post):
    with databases.administrator() as admin:
        admin.execute("REVOKE INSERT ON store.read FROM lpr_loader")
        admin.commit()
    answer = post({"reads": [native()]})
    assert (answer.status_code, answer["Retry-After"]) == (503, "10")
    with databases.administrator() as admin:
        admin.execute("GRANT INSERT ON store.read TO lpr_loader")
        admin.commit()
    assert post({"reads": [native()]}).json()["stored"] == 1


def test_no_plate_or_key_reaches_a_log(post, caplog):
    caplog.set_level(logging.DEBUG)
    post({"reads": [native("a", plate="SECRET1"), native("b", plate="SECRET2", photos=[]), native("c", plate="SECRET3*")]})
    post(b'{"plate": "SECRET4"')
    assert "SECRET" not in caplog.text
    assert post.key not in caplog.text


def test_the_schema_describes_the_intake(officer, signed_in):
    schema = signed_in(officer).get("/api/v1/schema/", headers={"Accept": "application/vnd.oai.openapi+json"}).json()
    assert schema["paths"]["/api/v1/reads/"]["post"]["security"] == [{"sourceKey": []}]
