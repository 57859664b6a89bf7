"""Reports as PDF (AUD-4): facts on the first page, tables behind them, each page with its number.

fpdf2 wraps and measures slowly, so lines are fitted here by the widths of the font's characters, each asked once.
"""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from django.conf import settings
from fpdf import FPDF
from fpdf.fonts import TTFFont

from audit.documents import Cell, Column, Document, Table, clean

_LEFT, _TOP, _BOTTOM, _WIDTH = 10.0, 22.0, 198.0, 277.0
_LINE, _SIZE = 3.6, 7
_UNKNOWN = "\N{REPLACEMENT CHARACTER}"


class _Print(FPDF):
    """An A4 landscape print with our font; `heading` is repeated on each page of a table."""

    def __init__(self, title: str) -> None:
        super().__init__(orientation="landscape", format="A4")
        for style, weight in (("", "Regular"), ("B", "Bold")):
            self.add_font("PublicSans", style, settings.REPORT_FONTS / f"PublicSans-{weight}.ttf")
        self.set_auto_page_break(False)
        self.set_title(title)
        self.set_lang("en-US")
        # Wide enough for five digits, which the total of a long report has.
        self.alias_nb_pages("{number of pages}")
        self.set_font("PublicSans", size=_SIZE)
        self.title_text = title
        font = self.fonts["publicsans"]
        self.known = set(font.cmap) if isinstance(font, TTFFont) else set()
        self.widths: dict[str, float] = {}
        self.down = _BOTTOM

    def footer(self) -> None:
        self.set_font("PublicSans", size=_SIZE)
        self.text(_LEFT, 204, self.title_text)
        self.set_y(201)
        self.cell(0, 4, f"Page {self.page_no()} of {self.str_alias_nb_pages}", align="R")

    def fitted(self, text: str, width: float) -> str:
        """The text in one line of `width` mm, cut with an ellipsis where it is longer."""
        used = 0.0
        for place, character in enumerate(text):
            used += self.width_of(character)
            if used > width:
                return text[:max(place - 1, 0)] + "…"
        return text

    def wrapped(self, text: str, width: float) -> list[str]:
        lines = []
        for paragraph in text.split("\n"):
            start, used, space = 0, 0.0, 0
            for place, character in enumerate(paragraph):
                used += self.width_of(character)
                if character == " ":
                    space = place
                if used > width:
                    end = space if space > start else place
                    lines.append(paragraph[start:end].strip())
                    used = sum(map(self.width_of, paragraph[end:place + 1]))
                    start = end
            lines.append(paragraph[start:].strip())
        return lines

    def width_of(self, character: str) -> float:
        if character not in self.widths:
            self.widths[character] = self.get_string_width(character)
        return self.widths[character]

    def printable(self, text: str) -> str:
        """Clean, on known characters alone: what the font does not have is shown as such, not left out in silence."""
        text = clean(text).replace("\t", " ")
        if text.isascii():
            return text
        return "".join(character if character == "\n" or ord(character) in self.known else _UNKNOWN for character in text)


def write(document: Document, file: Path) -> None:
    """Write `document` to `file`."""
    paper = _Print(document.title)
    paper.add_page()
    for table in document.tables:
        _write_table(paper, table)
    last, paper.page = paper.page, 1
    _write_facts(paper, document)
    paper.page = last
    paper.output(str(file))


def _write_facts(paper: _Print, document: Document) -> None:
    paper.set_font("PublicSans", "B", 14)
    paper.text(_LEFT, _TOP, document.title)
    paper.set_font("PublicSans", size=9)
    paper.widths = {}
    down = _TOP + 10
    for label, value in document.facts():
        paper.text(_LEFT, down, label)
        for line in paper.wrapped(paper.printable(value), _WIDTH - 60):
            if down < _BOTTOM:
                paper.text(_LEFT + 60, down, line)
            down += 5


def _write_table(paper: _Print, table: Table) -> None:
    columns = [column for column in table.columns if not column.own_line]
    widths = [column.width * _WIDTH / sum(each.width for each in columns) for column in columns]
    _new_page(paper, table.title, columns, widths)
    for row in table.rows:
        cells, notes = _sorted(paper, table.columns, row)
        lines = [line for note in notes if note for line in paper.wrapped(note, _WIDTH - 6)]
        if paper.down + _LINE * (1 + min(len(lines), 3)) > _BOTTOM:
            _new_page(paper, table.title, columns, widths)
        _write_line(paper, cells, widths)
        for line in lines:
            if paper.down + _LINE > _BOTTOM:
                _new_page(paper, table.title, columns, widths)
            paper.text(_LEFT + 6, paper.down, line)
            paper.down += _LINE


def _sorted(paper: _Print, columns: Sequence[Column], row: Sequence[Cell]) -> tuple[list[str], list[str]]:
    """The row's cells, and what stands below them."""
    cells: list[str] = []
    notes: list[str] = []
    for column, cell in zip(columns, row, strict=True):
        (notes if column.own_line else cells).append(paper.printable(_text(cell)))
    return cells, notes


def _text(cell: Cell) -> str:
    if isinstance(cell, datetime):
        return f"{cell:%Y-%m-%d %H:%M:%S}"
    return "" if cell is None else str(cell)


def _new_page(paper: _Print, title: str, columns: Sequence[Column], widths: Sequence[float]) -> None:
    paper.add_page()
    paper.set_font("PublicSans", "B", _SIZE)
    paper.text(_LEFT, 10, title)
    paper.down = 15.0
    _write_line(paper, [column.heading for column in columns], widths)
    paper.set_font("PublicSans", size=_SIZE)
    paper.line(_LEFT, paper.down - 2.4, _LEFT + _WIDTH, paper.down - 2.4)
    paper.down += 1


def _write_line(paper: _Print, cells: Sequence[str], widths: Sequence[float]) -> None:
    left = _LEFT
    for text, width in zip(cells, widths, strict=True):
        if text:
            paper.text(left, paper.down, paper.fitted(text.replace("\n", " "), width - 1.5))
        left += width
    paper.down += _LINE
