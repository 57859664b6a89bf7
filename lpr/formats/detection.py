"""Which format a payload or file is in, and its reads: the door of this package for the API and for `load_reads`."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import BinaryIO, Literal

from lpr.formats import csv_file, json_text, native, ndjson, platerecognizer, rekor
from lpr.formats.native_read import Outcome, PayloadNotReadable
from lpr.formats.photo_folder import PhotoFolder
from lpr.formats.rekor import CameraPlaces

PayloadFormat = Literal["native", "rekor", "platerecognizer"]
FileFormat = Literal["auto", "csv", "ndjson", "rekor", "platerecognizer"]

_LOOKED_AT = 64 * 1024
_MARK = b"\xef\xbb\xbf"  # with which some programs begin a file in UTF-8


def detect(payload: object) -> PayloadFormat:
    """The format of a parsed JSON payload.

    Raises:
        PayloadNotReadable: it looks like none of the formats.
    """
    if isinstance(payload, Mapping):
        if "reads" in payload or "source_record_id" in payload or "captured_at" in payload:
            return "native"
        if "data_type" in payload or "best_uuid" in payload:
            return "rekor"
        data = payload.get("data")
        if "hook" in payload or (isinstance(data, Mapping) and "results" in data):
            return "platerecognizer"
    raise PayloadNotReadable("The payload is neither native reads, nor a Rekor group, nor a Plate Recognizer hook.")


def read_payload(
    payload: object,
    *,
    upload: bytes | None = None,
    camera_places: CameraPlaces | None = None,
    folder: PhotoFolder | None = None,
) -> list[Outcome]:
    """The reads of a parsed JSON payload in any of the formats (DAT-1, DAT-3).

    Args:
        upload: the picture that came beside the JSON in multipart.
        camera_places: latitude and longitude by camera id, for formats that name no place.
        folder: where photos named by file lie; never given for payloads from the network.

    Raises:
        PayloadNotReadable: it cannot be taken apart into records.
    """
    found = detect(payload)
    if found == "rekor":
        return rekor.read(payload, camera_places=camera_places)
    if found == "platerecognizer":
        return platerecognizer.read(payload, upload=upload, camera_places=camera_places, folder=folder)
    return native.read(payload, folder=folder)


def read_file(
    file: BinaryIO,
    *,
    form: FileFormat = "auto",
    camera_places: CameraPlaces | None = None,
    folder: PhotoFolder | None = None,
) -> Iterator[Outcome]:
    """The reads of a file: CSV, one JSON document a line, or one JSON document or list in the whole file; none of an empty one.

    Args:
        file: seekable, at its start; it is read as the outcomes are taken, so its position shows the progress.
        form: the format, or `auto` to look at the content.

    Raises:
        PayloadNotReadable: a CSV file without a usable header row.
    """
    readers: dict[str, ndjson.Reader] = {
        "auto": partial(read_payload, camera_places=camera_places, folder=folder),
        "ndjson": partial(native.read, folder=folder),
        "rekor": partial(rekor.read, camera_places=camera_places),
        "platerecognizer": partial(platerecognizer.read, camera_places=camera_places, folder=folder),
    }
    start = file.tell()
    head = file.read(_LOOKED_AT)
    if len(head) < _LOOKED_AT and not head.removeprefix(_MARK).strip():
        return iter(())
    file.seek(start)
    if form == "csv" or (form == "auto" and not head.removeprefix(_MARK).lstrip().startswith((b"{", b"["))):
        return csv_file.read(file, folder=folder)
    by_lines = form == "ndjson" or _is_complete(head)
    return ndjson.read(file, readers[form]) if by_lines else ndjson.read_whole(file, readers[form])


def _is_complete(head: bytes) -> bool:
    """Whether the first line is a whole JSON object; a line that goes on beyond what was looked at counts as one."""
    line, end, _ = head.removeprefix(_MARK).lstrip().partition(b"\n")
    if not end and len(head) == _LOOKED_AT:
        return not line.startswith(b"[")
    try:
        return isinstance(json_text.parse(line), Mapping)
    except PayloadNotReadable:
        return False
