"""Files made to harm are refused in seconds, by a reader that can do nothing else."""

import io
import time
import zipfile

import openpyxl
import pytest

from accounts import spreadsheets
from accounts.spreadsheets import FileNotReadable

GOOD = "plate,state,reason,case_reference\nABC123,OH,CRIM,case 12345678\n"


def book(*rows, **sheets) -> bytes:
    made, file = openpyxl.Workbook(), io.BytesIO()
    for cells in rows or [["plate"], ["ABC123"]]:
        made.active.append(cells)
    for name in sheets.get("more", ()):
        made.create_sheet(name)
    made.save(file)
    return file.getvalue()


def changed(data: bytes, **parts) -> bytes:
    """The workbook with parts replaced or added; `/` is written `__`."""
    file = io.BytesIO()
    replaced = {name.replace("__", "/").replace("_dot_", "."): content for name, content in parts.items()}
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            if part.filename not in replaced:
                new.writestr(part.filename, old.read(part))
        for name, content in replaced.items():
            new.writestr(name, content)
    return file.getvalue()


def sheet_of(body: str) -> str:
    return ('<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
            f'<dimension ref="A1:XFD1048576"/><sheetData>{body}</sheetData></worksheet>')


BILLION = ('<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">' + "".join(
    f'<!ENTITY {chr(98 + n)} "{"&" + chr(97 + n) + ";"}{"&" + chr(97 + n) + ";"}">' for n in range(20)) + "]><x>&t;</x>")
OUTSIDE = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><x>&f;</x>'
HOSTILE = {
    "nothing": b"", "blank": b" \n \n", "no plates": b"plate,state\n", "picture": b"\x89PNG\r\n\x1a\n" + bytes(100),
    "PDF": b"%PDF-1.7\n\x00\x01", "old Excel": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
    "another package": changed(book(), xl__workbook_dot_xml="")[:200], "cut": book()[:-300],
    "unpacks to gigabytes": changed(book(), xl__sharedStrings_dot_xml=b"0" * 30_000_000),
    "ratio": changed(book(), xl__sharedStrings_dot_xml=b"0" * 9_000_000),
    "billion laughs": changed(book(), xl__sharedStrings_dot_xml=BILLION),
    "outside entity": changed(book(), xl__workbook_dot_xml=OUTSIDE),
    "outside entity in UTF-16": changed(book(), xl__workbook_dot_xml=OUTSIDE.encode("utf-16")),
    "external link": changed(book(), xl__externalLinks__externalLink1_dot_xml="<x/>"),
    "macros": changed(book(), xl__vbaProject_dot_bin=b"x"), "climbs": changed(book(), **{"..__..__etc__passwd": "x"}),
    "thousands of sheets": book(more=[f"s{number}" for number in range(300)]),
    "many parts": changed(book(), **{f"xl__media__{number}_dot_xml": "x" for number in range(600)}),
    "endless quotation": b'plate,state\n"' + b"a" * 100_000,
    "a million commas": b"plate\n" + b"," * 1_000_000, "a million rows": b"plate\n" + b"\n" * 1_000_000 + b"ABC123",
    "far row": changed(book(), xl__worksheets__sheet1_dot_xml=sheet_of('<row r="1048576"><c r="A1048576"><v>1</v></c></row>')),
    "NUL": b"plate\nABC\x00123\n", "too large": b"a" * (10 * 1024**2 + 1),
}


@pytest.mark.req("ACC-7", "ALR-1")
@pytest.mark.parametrize("name", HOSTILE)
def test_a_file_made_to_harm_is_refused_in_seconds(name):
    began = time.monotonic()
    with pytest.raises(FileNotReadable) as refusal:
        spreadsheets.read(HOSTILE[name], most_rows=2500, rows_are="plates")
    assert time.monotonic() - began < 6
    assert "ABC123" not in str(refusal.value)
    assert str(refusal.value).endswith(".")


@pytest.mark.req("ACC-7", "ALR-1")
@pytest.mark.parametrize("encoded", [GOOD.encode(), GOOD.encode("utf-8-sig"), GOOD.encode("utf-16"),
                                     GOOD.replace(",", ";").encode(), GOOD.replace(",", "\t").replace("\n", "\r\n").encode()])
def test_csv_is_read_as_spreadsheets_write_it(encoded):
    heading, rows = spreadsheets.read(encoded, most_rows=2500, rows_are="plates")
    assert heading == ["plate", "state", "reason", "case_reference"]
    assert rows == [(2, ["ABC123", "OH", "CRIM", "case 12345678"])]


@pytest.mark.req("ACC-7", "ALR-1")
def test_xlsx_cells_become_text_and_formulas_are_marked():
    data = book(["plate", "x", "y"], [1234567, 12.0, None], [], ["=A1", True, 1.5])
    assert spreadsheets.read(data, most_rows=2500, rows_are="plates")[1] == [(2, ["1234567", "12"]), (4, ["=", "True", "1.5"])]


@pytest.mark.req("ACC-7", "ALR-1")
def test_as_many_rows_as_allowed_and_not_one_more():
    rows = [["plate"], *([f"P{number}"] for number in range(5))]
    assert len(spreadsheets.read(book(*rows), most_rows=5, rows_are="plates")[1]) == 5
    with pytest.raises(FileNotReadable, match="more than 4 plates"):
        spreadsheets.read(book(*rows), most_rows=4, rows_are="plates")


def test_what_a_sheet_says_of_its_own_size_is_not_trusted():
    cells = '<row r="1"><c t="inlineStr" r="A1"><is><t>plate</t></is></c></row><row r="2"><c r="A2"><v>77</v></c></row>'
    data = changed(book(), xl__worksheets__sheet1_dot_xml=sheet_of(cells))
    assert spreadsheets.read(data, most_rows=2500, rows_are="plates")[1] == [(2, ["77"])]
