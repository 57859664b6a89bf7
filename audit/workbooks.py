"""Reports as Excel files (AUD-4).

Every text is written as text: XlsxWriter guesses nothing, so no cell can start a formula. Rows go to disk as they come.
"""

import tempfile
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from audit.documents import CUT, LONGEST_TEXT, Cell, Document, Table, clean

ROWS_ON_A_SHEET = 1_048_576


def write(document: Document, file: Path) -> None:
    """Write `document` to `file`: the facts on the first sheet, each table on as many sheets as it needs."""
    with tempfile.TemporaryDirectory() as folder:
        book = xlsxwriter.Workbook(str(file), {
            "constant_memory": True, "tmpdir": folder, "strings_to_formulas": False, "strings_to_numbers": False,
            "strings_to_urls": False})
        bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss.000"})
        first = book.add_worksheet("About")
        for table in document.tables:
            _write_table(book, table, bold, moment)
        _write_facts(book, first, document, bold)
        book.close()


def _write_facts(book: xlsxwriter.Workbook, sheet: Worksheet, document: Document, bold: Format) -> None:
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    sheet.set_column(0, 0, 30)
    sheet.set_column(1, 1, 90)
    sheet.write_string(0, 0, document.title, bold)
    for row, (label, value) in enumerate(document.facts(), 2):
        sheet.write_string(row, 0, label, bold)
        sheet.write_string(row, 1, _fitting(value), wrapped)


def _write_table(book: xlsxwriter.Workbook, table: Table, bold: Format, moment: Format) -> None:
    rows, number = iter(table.rows), 1
    following = next(rows, None)
    while number == 1 or following is not None:
        sheet = book.add_worksheet(table.title if number == 1 else f"{table.title} {number}")
        sheet.freeze_panes(1, 0)
        for place, column in enumerate(table.columns):
            sheet.set_column(place, place, column.width)
            sheet.write_string(0, place, column.heading, bold)
        following = _fill(sheet, following, rows, moment)
        number += 1


def _fill(sheet: Worksheet, first: Sequence[Cell] | None, rows: Iterator[Sequence[Cell]],
          moment: Format) -> Sequence[Cell] | None:
    """Write rows until the sheet is full; return the first row that found no room."""
    if first is None:
        return None
    _write_row(sheet, 1, first, moment)
    for place, row in enumerate(islice(rows, ROWS_ON_A_SHEET - 2), 2):
        _write_row(sheet, place, row, moment)
    return next(rows, None)


def _write_row(sheet: Worksheet, place: int, row: Sequence[Cell], moment: Format) -> None:
    for column, cell in enumerate(row):
        if isinstance(cell, str):
            if cell:
                sheet.write_string(place, column, _fitting(cell))
        elif isinstance(cell, datetime):
            sheet.write_datetime(place, column, cell.replace(tzinfo=None), moment)
        elif cell is not None:
            sheet.write_number(place, column, cell)


def _fitting(text: str) -> str:
    """Clean, and within the length that Excel counts in UTF-16 units, where a rare character counts twice."""
    text = clean(text)
    if text.startswith("<r>") and text.endswith("</r>"):
        # XlsxWriter would take it for markup of its own and write it as it is: cells and formulas of the writer's choice.
        text += " "
    if 2 * len(text) > LONGEST_TEXT and len(text.encode("utf-16-le")) > 2 * LONGEST_TEXT:
        return text[:LONGEST_TEXT // 2 - len(CUT)] + CUT
    return text
