"""Payloads and files are told apart and read to their end; nothing but reads, refusals and our own error comes out."""

import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lpr import photos
from lpr.formats import csv_file, detection, native, platerecognizer, rekor
from lpr.formats.native_read import NativeRead, PayloadNotReadable, Refused, SentPhoto
from lpr.formats.photo_folder import PhotoFolder
from tests.lpr.payloads import PICTURE, PLACES, hook, native_read, reason, rekor_group, result, the_only

# Detection


@pytest.mark.parametrize(
    ("payload", "found"),
    [
        ({"reads": []}, "native"), (native_read(), "native"), (rekor_group(), "rekor"),
        ({"data_type": "heartbeat"}, "rekor"),
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
@pytest.mark.parametrize("start", ["", "\ufeff", "\n \r\n", "\ufeff\n"])
def test_a_csv_file_is_read_with_its_photos(folder, separator, start):
    content = (start + f"{HEADER}\n{row()}\r\n\n").replace(",", separator).encode()
    read = the_only(read_file(content, folder=folder))
    assert (read.source_record_id, read.plate, read.state, read.latitude, read.make) == (
        "r-1",
        "XYZ1234",
        "OH",
        39.9,
        "Ford",
    )
    assert read.photos == (SentPhoto("plate", content=PICTURE), SentPhoto("vehicle", content=PICTURE))


@pytest.mark.req("DAT-3")
def test_bad_rows_of_a_csv_file_are_refused_in_their_place(folder):
    rows = [
        row(),
        row(latitude="nan"),
        row() + ",more",
        row(plate=""),
        "\xff" + row(),
        f'r-1,"{"x" * 200_000}"',
        row(latitude="1e1"),
        row(),
    ]
    content = "\n".join([HEADER, *rows]).encode("latin-1")
    outcomes = read_file(content, folder=folder)
    assert [isinstance(outcome, NativeRead) for outcome in outcomes] == [True] + [False] * 6 + [True]
    assert [outcome.index for outcome in outcomes[1:7]] == [1, 2, 3, 4, 5, 6]
    said = [
        "latitude: must be a number",
        "12 columns",
        "plate: missing",
        "not valid UTF-8",
        "not valid CSV",
        "latitude: must be",
    ]
    assert all(words in outcome.reason for words, outcome in zip(said, outcomes[1:7], strict=True))


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("plate,state", "lacks: source_record_id, captured_at"),
        ("", "lacks"),
        (HEADER + ",latitude", "two columns for: latitude"),
    ],
)
def test_a_csv_file_with_an_unusable_header_is_refused_whole(header, said):
    with pytest.raises(PayloadNotReadable, match=said):
        read_file(f"{header}\n{row()}\n".encode(), form="csv")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("../secret.txt", "leads out"), ("/etc/passwd", "leads out"), ("link.jpg", "leads out"),
        ("none.jpg", "not in the photo folder"), (".", "not in the photo folder"), ("circle.jpg", "photo"),
        ("a" * 400, "cannot be read"), ("p\x00.jpg", "NUL"),
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
    read = the_only(
        native.read(
            native_read(photos=[{"kind": "plate", "file": "p.jpg"}], vehicle_photo="https://e.example/v"), folder=folder
        )
    )
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
    "document",
    [{"reads": [native_read(), native_read()]}, [native_read(), native_read()], [rekor_group(), rekor_group()]],
)
def test_one_document_in_the_whole_file_is_read(document, indent):
    assert [type(outcome) for outcome in read_file(json.dumps(document, indent=indent).encode())] == [
        NativeRead,
        NativeRead,
    ]


def test_vendors_documents_stand_one_a_line(folder):
    content = "\n".join(
        json.dumps(message) for message in (rekor_group(), {"data_type": "heartbeat"}, rekor_group())
    ).encode()
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
