"""The native format and JSON text: well-formed reads, or plain refusals that name the field."""

import base64
from datetime import UTC, datetime

import pytest

from lpr.formats import json_text, native
from lpr.formats.native_read import NativeRead, PayloadNotReadable, Refused, SentPhoto
from tests.lpr.payloads import IN_BASE64, PICTURE, WITHOUT, native_read, reason, the_only


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
    read = the_only(
        native.read(
            native_read(state=None, make=WITHOUT, model=None, camera=WITHOUT, confidence=WITHOUT, photos=WITHOUT)
        )
    )
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
