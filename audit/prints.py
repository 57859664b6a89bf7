"""Reports as PDF (AUD-4): facts on the first pages, tables behind them, each page with its number.

fpdf2 wraps, measures and encodes slowly, so lines are made here from the widths and glyphs of the font's characters, each asked
once. A page that is full is packed until the end, when it gets its number of how many: so a long report needs little memory.
"""

import zlib
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from fpdf import FPDF
from fpdf.fonts import TTFFont
from fpdf.output import OutputProducer, PDFPage

from audit import charts
from audit.documents import Cell, Column, Document, OverTime, Table, clean

_LEFT, _TOP, _BOTTOM, _WIDTH = 10.0, 22.0, 198.0, 277.0
_LINE, _SIZE = 3.6, 7
_UNKNOWN = "\N{REPLACEMENT CHARACTER}"
_PAGES_AT_ONCE = 100
_MOST_CELLS = 10_000


class _Known(dict[str, Any]):
    """What is known of each character, asked once."""

    def __init__(self, ask: Callable[[str], Any]) -> None:
        super().__init__()
        self._ask = ask

    def __missing__(self, character: str) -> Any:
        known = self[character] = self._ask(character)
        return known


class _Print(FPDF):
    """An A4 landscape print with our font."""

    def __init__(self, title: str) -> None:
        super().__init__(orientation="landscape", format="A4")
        for style, weight in (("", "Regular"), ("B", "Bold")):
            self.add_font("PublicSans", style, settings.REPORT_FONTS / f"PublicSans-{weight}.ttf")
        self.set_auto_page_break(False)
        self.set_title(title)
        self.set_lang("en-US")
        self.set_font("PublicSans", size=_SIZE)
        self.title_text = title
        font = self.fonts["publicsans"]
        assert isinstance(font, TTFFont)
        self.known = set(font.cmap)
        self.widths = _Known(self.get_string_width)
        self.glyphs = _Known(lambda character: font.encode_text(character).removeprefix("(").removesuffix(") Tj"))
        self.regular = font
        self.cells: dict[tuple[str, float], tuple[str, bool]] = {}
        self.down = _BOTTOM

    def width_of(self, text: str) -> float:
        return sum(map(self.widths.__getitem__, text))

    def fitted(self, text: str, width: float) -> str:
        """The text in one line of `width` mm, cut with an ellipsis where it is longer."""
        if self.width_of(text) <= width:
            return text
        used = 0.0
        for place, character in enumerate(text):
            used += self.widths[character]
            if used > width:
                return text[:max(place - 1, 0)] + "…"
        return text

    def wrapped(self, text: str, width: float) -> list[str]:
        """The text in lines of at most `width` mm, broken at spaces, and within a word where that alone is longer."""
        lines = []
        space = self.widths[" "]
        for paragraph in text.split("\n"):
            begun, used = 0, 0.0
            words = paragraph.split(" ")
            for place, word in enumerate(words):
                length = self.width_of(word)
                if place > begun and used + length > width:
                    lines.append(" ".join(words[begun:place]).strip())
                    begun, used = place, 0.0
                while length > width:
                    head = self._head(word, width)
                    lines.append(word[:head])
                    word = words[place] = word[head:]
                    length = self.width_of(word)
                used += length + space
            lines.append(" ".join(words[begun:]).strip())
        return lines

    def _head(self, word: str, width: float) -> int:
        """How many of the word's characters `width` mm hold; one at least."""
        used = 0.0
        for place, character in enumerate(word):
            used += self.widths[character]
            if used > width:
                return max(place, 1)
        return len(word)

    def printable(self, text: str) -> str:
        """Clean, on known characters alone: what the font does not have is shown as such, not left out in silence."""
        text = clean(text).replace("\t", " ")
        if text.isascii():
            return text
        return "".join(character if character == "\n" or ord(character) in self.known else _UNKNOWN for character in text)

    def drawn(self, text: str) -> str:
        """The text in the regular font, as a page's stream holds it."""
        return "".join(map(self.glyphs.__getitem__, text))

    def cell_of(self, text: str, width: float) -> tuple[str, bool]:
        """The text of a cell, drawn into `width` mm, and whether it had to be cut; what many rows share is made once."""
        found = self.cells.get((text, width))
        if found is None:
            if len(self.cells) >= _MOST_CELLS:
                self.cells.clear()
            line = self.printable(text).replace("\n", " ")
            fitted = self.fitted(line, width)
            found = self.cells[text, width] = self.drawn(fitted), fitted != line
        return found

    def put(self, pieces: Sequence[tuple[float, str]]) -> None:
        """Drawn texts in one line, each at its place from the left; the regular font is in force."""
        parts, last = [f"BT 0 {(self.h - self.down) * self.k:.2f} Td"], 0.0
        for left, drawn in pieces:
            parts.append(f"{(left - last) * self.k:.2f} 0 Td ({drawn}) Tj")
            last = left
        self._out(" ".join([*parts, "ET"]))

    def pack(self) -> None:
        """The page that is full, out of the way. The first stays open for the facts."""
        page = self.pages[self.page]
        if self.page > 1 and isinstance(page.contents, bytearray):
            page.contents = zlib.compress(page.contents, 1)  # type: ignore[assignment]

    def bring_forward(self, last: int) -> None:
        """The pages behind page `last`, on which the facts go on, to behind the first."""
        pages = list(self.pages.values())
        pages = [pages[0], *pages[last:], *pages[1:last]]
        for number, page in enumerate(pages, 1):
            page.set_index(number)
        self.pages = dict(enumerate(pages, 1))
        self.page = len(pages)

    def foot(self, number: int) -> bytes:
        """The last line of a page: the title, and which page of how many this is."""
        self.down = 204
        of = f"Page {number} of {len(self.pages)}"
        pieces = ((_LEFT, self.title_text), (_LEFT + _WIDTH - self.width_of(of), of))
        texts = (f"1 0 0 1 {left * self.k:.2f} {(self.h - 204) * self.k:.2f} Tm ({self.drawn(text)}) Tj" for left, text in pieces)
        return f"BT /F{self.regular.i} {_SIZE:.2f} Tf {' '.join(texts)} ET\n".encode("latin-1")


class _Producer(OutputProducer):
    """Unpacks the pages a few at a time, each with its foot, and compresses them for good."""

    def _add_pages(self, _slice: slice = slice(0, None)) -> list[PDFPage]:
        paper = self.fpdf
        assert isinstance(paper, _Print)
        pages, added = list(paper.pages.values()), []
        for start in range(0, len(pages), _PAGES_AT_ONCE):
            for number, page in enumerate(pages[start:start + _PAGES_AT_ONCE], start + 1):
                held: Any = page.contents
                page.contents = bytearray(zlib.decompress(held) if isinstance(held, bytes) else held) + paper.foot(number)
            added += super()._add_pages(slice(start, start + _PAGES_AT_ONCE))
        return added


def write(document: Document, file: Path) -> None:
    """Write `document` to `file`."""
    paper = _Print(document.title)
    paper.add_page()
    if document.chart:
        _draw_chart(paper, document.chart)
    for table in document.tables:
        _write_table(paper, table)
    last, paper.page = paper.page, 1
    _write_facts(paper, document)
    paper.bring_forward(last)
    paper.widths = _Known(paper.get_string_width)
    paper.set_font("PublicSans", size=_SIZE)
    paper.output(str(file), output_producer_class=_Producer)


def _write_facts(paper: _Print, document: Document) -> None:
    """They come last, for they say what the tables held: on the first page, and on new ones behind all that there are."""
    paper.set_font("PublicSans", "B", 14)
    paper.text(_LEFT, _TOP, document.title)
    paper.set_font("PublicSans", size=9)
    paper.widths = _Known(paper.get_string_width)
    down = _TOP + 10
    for label, value in document.facts():
        for place, line in enumerate(paper.wrapped(paper.printable(value), _WIDTH - 60)):
            if down >= _BOTTOM:
                paper.page = len(paper.pages)
                paper.add_page()
                paper.set_font("PublicSans", size=9)
                down = _TOP
            if not place:
                paper.text(_LEFT, down, label)
            paper.text(_LEFT + 60, down, line)
            down += 5


def _draw_chart(paper: _Print, chart: OverTime) -> None:
    """The chart on a page of its own, as the page in the browser draws it; its numbers stand in its table."""
    drawn = charts.drawn([(str(name), int(str(whole)), int(str(part))) for name, whole, part in chart.table.rows])
    if drawn is None:
        return
    paper.add_page()
    paper.set_font("PublicSans", "B", 14)
    paper.text(_LEFT, _TOP, chart.title)
    paper.set_font("PublicSans", size=9)
    scale, top = _WIDTH / drawn.width, _TOP + 14
    paper.text(_LEFT, top - 2, f"{drawn.highest:,}")
    light = [(bar, bar.y, bar.height) for bar in drawn.bars]
    dark = [(bar, bar.part_y, bar.part_height) for bar in drawn.bars]
    for color, parts in ((charts.LIGHT, light), (charts.DARK, dark)):
        paper.set_fill_color(color)
        for bar, down, height in parts:
            if height:
                paper.rect(_LEFT + bar.x * scale, top + down * scale, bar.width * scale, height * scale, style="F")
    # What is written from here on is black again.
    paper.set_fill_color(0)
    bottom = top + drawn.height * scale
    paper.line(_LEFT, bottom, _LEFT + _WIDTH, bottom)
    paper.text(_LEFT, bottom + 5, f"{drawn.first} to {drawn.last}. {chart.says} The highest is {drawn.highest:,}.")


def _write_table(paper: _Print, table: Table) -> None:
    columns = [column for column in table.columns if not column.own_line]
    widths = [column.width * _WIDTH / sum(each.width for each in columns) for column in columns]
    _new_page(paper, table.title, columns, widths)
    lefts = [_LEFT + sum(widths[:place]) for place in range(len(widths))]
    for row in table.rows:
        cells, notes = _sorted(table.columns, row)
        drawn = [(left, *paper.cell_of(text, width - 1.5)) for text, left, width in zip(cells, lefts, widths, strict=True)]
        # What no cell holds stands whole below the row: nobody's name is lost by its length.
        notes[:0] = [f"{column.heading}: {text}" for column, text, (*_, is_cut) in zip(columns, cells, drawn, strict=True)
                     if is_cut]
        lines = [line for note in notes for line in paper.wrapped(paper.printable(note), _WIDTH - 6)]
        if paper.down + _LINE * (1 + min(len(lines), 3)) > _BOTTOM:
            _new_page(paper, table.title, columns, widths)
        paper.put([(left, cell) for left, cell, _ in drawn if cell])
        paper.down += _LINE
        for line in lines:
            if paper.down + _LINE > _BOTTOM:
                _new_page(paper, table.title, columns, widths)
            paper.put([(_LEFT + 6, paper.drawn(line))])
            paper.down += _LINE


def _sorted(columns: Sequence[Column], row: Sequence[Cell]) -> tuple[list[str], list[str]]:
    """The row's cells, and what stands below them."""
    cells: list[str] = []
    notes: list[str] = []
    for column, cell in zip(columns, row, strict=True):
        if not column.own_line:
            cells.append(_text(cell))
        elif cell:
            notes.append(_text(cell))
    return cells, notes


def _text(cell: Cell) -> str:
    if isinstance(cell, datetime):
        return f"{cell:%Y-%m-%d %H:%M:%S}"
    return "" if cell is None else str(cell)


def _new_page(paper: _Print, title: str, columns: Sequence[Column], widths: Sequence[float]) -> None:
    paper.pack()
    paper.add_page()
    paper.set_font("PublicSans", "B", _SIZE)
    paper.text(_LEFT, 10, title)
    paper.down = 15.0
    left = _LEFT
    for column, width in zip(columns, widths, strict=True):
        paper.text(left, paper.down, paper.fitted(column.heading, width - 1.5))
        left += width
    paper.set_font("PublicSans", size=_SIZE)
    # An empty text, by which the page knows its font from here on.
    paper.text(_LEFT, paper.down, "")
    paper.line(_LEFT, paper.down + _LINE - 2.4, _LEFT + _WIDTH, paper.down + _LINE - 2.4)
    paper.down += _LINE + 1
