"""Reads one uploaded file, in a process of its own that can do nothing else (ACC-7, ALR-1).

An uploaded file is a stranger: a few kilobytes can unpack to gigabytes. So this runs apart from the service, with limits of
memory and time, checks sizes before it unpacks anything, and answers in JSON. It imports the standard library and, for XLSX,
openpyxl alone. Started by `accounts.spreadsheets`: bytes on standard input, limits as JSON in the one argument.
"""

import contextlib
import csv
import io
import json
import re
import resource
import sys
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

MEMORY_BYTES = 448 * 1024**2
CPU_SECONDS = 10
UNPACKED_BYTES = 20 * 1024**2
RATIO = 100
PARTS = 500
SHEETS = 20
COLUMNS = 40
CELL_CHARACTERS = 2000
# Of all cells together: one long text may be referred to by every cell of a workbook.
ALL_CHARACTERS = 5_000_000
# Rows looked at, empty ones too.
ROWS_SEEN = 20_000

_OLD_EXCEL = b"\xd0\xcf\x11\xe0"
_NO_TEXT = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
Row = tuple[int, list[str]]


class Refused(Exception):
    """The file is not read; the message is a plain sentence."""


def confine() -> None:
    """Give up what reading a file does not need: memory, time, and files to write."""
    for limit, value in ((resource.RLIMIT_AS, MEMORY_BYTES), (resource.RLIMIT_CPU, CPU_SECONDS), (resource.RLIMIT_FSIZE, 0)):
        # A platform that does not know a limit still has the others and the parent's clock.
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(limit, (value, value))


def read(data: bytes, *, most_rows: int, rows_are: str) -> list[Row]:
    """The rows that are not empty, each with its number as a spreadsheet shows it; the first is the heading.

    Args:
        data: the file.
        most_rows: rows below the heading at most.
        rows_are: what the rows are, in the plural.

    Raises:
        Refused: it is no CSV or XLSX, holds too much, or is made to harm.
    """
    if not data.strip():
        raise Refused("The file is empty.")
    if data.startswith(_OLD_EXCEL):
        raise Refused("This is a file of an old Excel or a protected one. Save it as XLSX without a password, or as CSV.")
    rows = _xlsx(data) if data.startswith(b"PK") else _csv(data)
    found: list[Row] = []
    characters = 0
    for number, cells in rows:
        if number > ROWS_SEEN:
            raise Refused(f"The file has more than {ROWS_SEEN:,} rows.")
        if not any(cells):
            continue
        if len(found) > most_rows:
            raise Refused(too_many(most_rows, rows_are))
        found.append((number, [cell[:CELL_CHARACTERS] for cell in cells]))
        characters += sum(map(len, found[-1][1]))
        if characters > ALL_CHARACTERS:
            raise Refused(f"The file holds far more text than {rows_are} need.")
    return found


def too_many(most_rows: int, rows_are: str) -> str:
    return (f"The file holds more than {most_rows:,} {rows_are}, which is the most that is taken at once. "
            "Nothing of it was saved. Split the file.")


def _csv(data: bytes) -> Iterator[Row]:
    text = _decoded(data)
    heading = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(",;\t|", key=heading.count)
    csv.field_size_limit(CELL_CHARACTERS)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for number, cells in enumerate(reader, start=1):
            if len(cells) > COLUMNS:
                raise Refused(f"Row {number} has more than {COLUMNS} columns.")
            yield number, [cell.strip() for cell in cells]
    except csv.Error as error:
        raise Refused("The file is not well-formed CSV: a cell is too long, or a quotation mark is not closed.") from error


def _decoded(data: bytes) -> str:
    encodings = ["utf-16"] if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        with contextlib.suppress(UnicodeDecodeError):
            text = data.decode(encoding)
            if not _NO_TEXT.search(text):
                return text
    raise Refused("The file is neither CSV nor XLSX.")


def _xlsx(data: bytes) -> Iterator[Row]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            _check_package(package)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as error:
        raise Refused("The file is damaged, or not an XLSX workbook.") from error
    import openpyxl

    book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, keep_links=False)
    sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
    if not sheets:
        raise Refused("The workbook has no visible sheet.")
    # What the sheet says of its own size is not trusted.
    sheets[0].reset_dimensions()
    for number, cells in enumerate(sheets[0].iter_rows(), start=1):
        if len(cells) > COLUMNS and any(cell.value is not None for cell in cells[COLUMNS:]):
            raise Refused(f"Row {number} has more than {COLUMNS} columns.")
        yield number, [_text(cell) for cell in cells[:COLUMNS]]


def _check_package(package: zipfile.ZipFile) -> None:
    """Refuse a package by its table of contents, before anything large is unpacked; then by what no workbook needs."""
    parts = package.infolist()
    names = [part.filename for part in parts]
    if "[Content_Types].xml" not in names or "xl/workbook.xml" not in names:
        raise Refused("The file is neither CSV nor XLSX.")
    unpacked = sum(part.file_size for part in parts)
    packed = sum(part.compress_size for part in parts)
    if len(parts) > PARTS or sum(name.startswith("xl/worksheets/") for name in names) > SHEETS:
        raise Refused(f"The workbook has too many parts. Save the one sheet that counts by itself (at most {SHEETS} sheets).")
    if unpacked > UNPACKED_BYTES or unpacked > RATIO * max(packed, 1):
        raise Refused("The workbook unpacks to far more than its rows need. Save the one sheet that counts by itself.")
    if len(set(names)) != len(names) or any(".." in name or name.startswith("/") or "\\" in name for name in names):
        raise Refused("The file is damaged, or not an XLSX workbook.")
    if any("vbaproject" in name.lower() or "externallink" in name.lower() for name in names):
        raise Refused("The workbook holds macros or links to other files. Save it without them.")
    for part in parts:
        if b"<!DOCTYPE" in package.read(part).replace(b"\x00", b""):
            raise Refused("The workbook holds a definition that no workbook needs.")


def _text(cell: Any) -> str:
    value = cell.value
    if value is None:
        return ""
    if cell.data_type == "f":
        return "="
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, (date, datetime)):
        value = value.isoformat()
    return str(value).strip()


def main() -> None:
    limits = json.loads(sys.argv[1])
    confine()
    try:
        answer: dict[str, Any] = {"rows": read(sys.stdin.buffer.read(), most_rows=limits["rows"],
                                               rows_are=limits["rows_are"])}
    except Refused as refusal:
        answer = {"refused": str(refusal)}
    except Exception:  # noqa: BLE001 - whatever a hostile file breaks in the reader, the answer is the same
        answer = {"refused": "The file cannot be read. Save it anew as XLSX or CSV."}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
