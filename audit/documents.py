"""What a report is made of, whatever it is written as: facts on its first page and tables behind them (AUD-4)."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

Cell = str | int | datetime | None
LONGEST_TEXT = 32_767
CUT = " [cut here: too long for one cell]"
# What no XML document can hold and no reader can see: control characters but tab and line feed, and halves of characters.
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True)
class Column:
    """`width` is in characters. `own_line`: on paper the text stands whole on lines of its own below the row."""

    heading: str
    width: int
    own_line: bool = False


@dataclass(frozen=True)
class Table:
    title: str
    columns: Sequence[Column]
    rows: Iterable[Sequence[Cell]]


@dataclass(frozen=True)
class OverTime:
    """A chart of `table`: its rows are a day or month, a number, and the part of it that is drawn darker. `says` it in words."""

    title: str
    says: str
    table: Table


@dataclass(frozen=True)
class Document:
    """`facts` is asked after the last row was written, so that it may count."""

    title: str
    facts: Callable[[], Sequence[tuple[str, str]]]
    tables: Sequence[Table]
    chart: OverTime | None = None


def clean(text: str) -> str:
    """The text without control characters, line ends as line feeds, cut with a mark where it is too long for a cell."""
    text = _UNWRITABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return text if len(text) <= LONGEST_TEXT else text[:LONGEST_TEXT - len(CUT)] + CUT
