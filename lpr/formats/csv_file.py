"""CSV files with a header row whose columns are the native keys or usual other words for them (DAT-1).

Photos are named in the columns `plate_photo` and `vehicle_photo`: files in the photo folder, or addresses in the
operator's store.
"""

import csv
import re
from collections.abc import Iterator
from functools import partial
from typing import BinaryIO

from lpr.formats import fields, native
from lpr.formats.native_read import NativeRead, Outcome, PayloadNotReadable, RecordNotReadable, Refused
from lpr.formats.photo_folder import PhotoFolder

_OTHER_WORDS = {
    "id": "source_record_id", "record_id": "source_record_id", "read_id": "source_record_id",
    "license_plate": "plate", "plate_number": "plate", "license_plate_number": "plate",
    "plate_state": "state", "license_plate_state": "state", "region": "state",
    "timestamp": "captured_at", "capture_time": "captured_at", "date_time": "captured_at", "datetime": "captured_at",
    "lat": "latitude", "lon": "longitude", "lng": "longitude", "long": "longitude",
    "vehicle_make": "make", "vehicle_model": "model", "camera_name": "camera", "camera_id": "camera",
    "plate_image": "plate_photo", "vehicle_image": "vehicle_photo", "cross_street": "intersection",
}  # fmt: skip
_NUMBERS = ("latitude", "longitude", "confidence")
_REQUIRED = ("source_record_id", "plate", "captured_at", "latitude", "longitude")
_SEPARATORS = ",;\t"


def read(file: BinaryIO, *, folder: PhotoFolder | None = None) -> Iterator[Outcome]:
    """The reads of a CSV file in UTF-8, separated by commas, semicolons or tabs; a bad row is refused.

    Args:
        file: positioned at its start; it is read as the outcomes are taken, so its position shows the progress.
        folder: where the photos named in the file lie.

    Raises:
        PayloadNotReadable: the header row is missing, lacks a column, or names one twice; raised before the first
            outcome.
    """
    lines = (line.decode("utf-8", "surrogateescape") for line in file)
    first = next((line for line in lines if line.removeprefix("\ufeff").strip()), "").removeprefix("\ufeff")
    separator = max(_SEPARATORS, key=first.count)
    header = _header(first, separator)
    return _rows(csv.reader(lines, delimiter=separator), header, partial(_one, folder=folder))


def _header(line: str, separator: str) -> list[str]:
    try:
        written = next(csv.reader([line], delimiter=separator), [])
    except csv.Error as error:
        raise PayloadNotReadable("The header row of the CSV file cannot be read.") from error
    words = [re.sub(r"[\s-]+", "_", word.strip().lower()) for word in written]
    header = [_OTHER_WORDS.get(word, word) for word in words]
    missing = [column for column in _REQUIRED if column not in header]
    if missing:
        raise PayloadNotReadable(f"The header row of the CSV file lacks: {', '.join(missing)}.")
    known = [column for column in header if column in {*_REQUIRED, *_OTHER_WORDS.values(), "address", "confidence"}]
    twice = sorted({column for column in known if known.count(column) > 1})
    if twice:
        raise PayloadNotReadable(f"The header row of the CSV file gives two columns for: {', '.join(twice)}.")
    return header


def _rows(reader: Iterator[list[str]], header: list[str], build: partial[NativeRead]) -> Iterator[Outcome]:
    index = -1
    while True:
        row: list[str] = []
        try:
            row = next(reader)
            if not row:
                continue
            index += 1
            yield build(_record(row, header))
        except StopIteration:
            return
        except csv.Error:
            index += 1
            yield Refused(index, "The row is not valid CSV.", row)
        except RecordNotReadable as refusal:
            yield Refused(index, refusal.reason, dict(zip(header, row, strict=False)))


def _record(row: list[str], header: list[str]) -> dict[str, str]:
    if len(row) != len(header):
        raise RecordNotReadable(f"The row has {len(row)} columns, the header has {len(header)}.")
    return dict(zip(header, row, strict=True))


def _one(row: dict[str, str], *, folder: PhotoFolder | None) -> NativeRead:
    """The row as a native object: CSV knows texts alone, so its numbers are read here, and `photos` has no column."""
    numbers = {column: fields.number_in_text(row.get(column), column) for column in _NUMBERS}
    return native.one({**row, **numbers, "photos": None}, folder=folder)
