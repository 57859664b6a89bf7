"""Reports as Excel files (AUD-4).

Every text is written as text: nothing is guessed, so no cell can start a formula. Rows go to disk as they come.
"""

import tempfile
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import count, islice
from pathlib import Path

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet
from xlsxwriter.xmlwriter import XMLwriter

from audit import charts
from audit.documents import CUT, LONGEST_TEXT, Cell, Document, OverTime, Table, clean

ROWS_ON_A_SHEET = 1_048_576
_FIRST_DAY, _DAY = datetime(1899, 12, 30), timedelta(days=1)
_SHORT = 32


class _Sheet(Worksheet):
    """A sheet that takes whole rows. XlsxWriter's own way, some calls and a tuple for each cell, costs three times as much; what
    comes into the file is the same."""

    def put(self, place: int, row: Sequence[Cell], moment: Format) -> None:
        """Write row `place`, from 0, below all that was written before; `moment` is the format of times."""
        if self.table:
            # The heading, which was written cell by cell.
            self._write_single_row(place)
        self._check_dimensions(place, len(row) - 1)
        number = place + 1
        parts = [f'<row r="{number}">']
        for name, cell in zip(_names(len(row)), row, strict=True):
            if isinstance(cell, str):
                if cell:
                    # What many rows share is looked at once.
                    text = _shared(cell) if len(cell) < _SHORT else _inline(cell)
                    parts.append(f'<c r="{name}{number}" t="inlineStr"><is>{text}</is></c>')
            elif isinstance(cell, datetime):
                days = (cell.replace(tzinfo=None) - _FIRST_DAY) / _DAY
                parts.append(f'<c r="{name}{number}" s="{moment._get_xf_index()}"><v>{days:.16G}</v></c>')
            elif cell is not None:
                parts.append(f'<c r="{name}{number}"><v>{cell}</v></c>')
        parts.append("</row>")
        self.fh.write("".join(parts))


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
        if document.chart:
            _draw_chart(book, document.chart)
        _write_facts(book, first, document, bold)
        book.close()


def _write_facts(book: xlsxwriter.Workbook, sheet: Worksheet, document: Document, bold: Format) -> None:
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    sheet.set_column(0, 0, 30)
    sheet.set_column(1, 1, 90)
    sheet.write_string(0, 0, document.title, bold)
    for row, (label, value) in enumerate(document.facts(), 2):
        sheet.write_string(row, 0, label, bold)
        sheet.write_string(row, 1, _no_markup(_fitting(value)), wrapped)


def _draw_chart(book: xlsxwriter.Workbook, chart: OverTime) -> None:
    """Excel's own chart, on the sheet of the numbers that it draws."""
    name, rows = chart.table.title, list(chart.table.rows)
    sheet = book.get_worksheet_by_name(name)
    drawn = book.add_chart({"type": "column"})
    for column, color in ((1, charts.LIGHT), (2, charts.DARK)):
        drawn.add_series({
            "name": [name, 0, column], "categories": [name, 1, 0, len(rows), 0], "values": [name, 1, column, len(rows), column],
            "fill": {"color": color}, "overlap": 100})
    drawn.set_title({"name": chart.title})
    sheet.insert_chart(1, len(chart.table.columns) + 1, drawn, {"description": f"{chart.title}. {chart.says}"})


def _write_table(book: xlsxwriter.Workbook, table: Table, bold: Format, moment: Format) -> None:
    rows = iter(table.rows)
    following = next(rows, None)
    for number in count(1):
        sheet = book.add_worksheet(table.title if number == 1 else f"{table.title} {number}", worksheet_class=_Sheet)
        sheet.freeze_panes(1, 0)
        for place, column in enumerate(table.columns):
            sheet.set_column(place, place, column.width)
            sheet.write_string(0, place, column.heading, bold)
        following = _fill(sheet, following, rows, moment)
        if following is None:
            return


def _fill(sheet: _Sheet, first: Sequence[Cell] | None, rows: Iterator[Sequence[Cell]],
          moment: Format) -> Sequence[Cell] | None:
    """Write rows until the sheet is full; return the first row that found no room."""
    if first is None:
        return None
    sheet.put(1, first, moment)
    for place, row in enumerate(islice(rows, ROWS_ON_A_SHEET - 2), 2):
        sheet.put(place, row, moment)
    return next(rows, None)


@lru_cache(maxsize=64)
def _names(columns: int) -> list[str]:
    """The letters of the first columns."""
    return [xl_col_to_name(column) for column in range(columns)]


def _inline(text: str) -> str:
    """A text as the element that the file has for it; spaces at its ends are kept."""
    text = XMLwriter._escape_control_characters(_fitting(text))
    kept = ' xml:space="preserve"' if text != text.strip() else ""
    return f"<t{kept}>{text.replace('&', '&amp;').replace('<', '&lt;').replace('>', '&gt;')}</t>"


_shared = lru_cache(maxsize=8192)(_inline)


def _fitting(text: str) -> str:
    """Clean, and within the length that Excel counts in UTF-16 units, where a rare character counts twice."""
    text = clean(text)
    if 2 * len(text) > LONGEST_TEXT and len(text.encode("utf-16-le")) > 2 * LONGEST_TEXT:
        return text[:LONGEST_TEXT // 2 - len(CUT)] + CUT
    return text


def _no_markup(text: str) -> str:
    """What XlsxWriter would take for markup of its own and write as it is: cells and formulas of the writer's choice."""
    return f"{text} " if text.startswith("<r>") and text.endswith("</r>") else text
