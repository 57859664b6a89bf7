"""Uploaded files become rows of text, read by a confined process of its own (ACC-7, ALR-1, `accounts.spreadsheet_reader`)."""

import json
import subprocess  # nosec B404
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from accounts import spreadsheet_reader

MOST_BYTES = 10 * 1024**2
SECONDS = 15
# Each reader may take half a gigabyte.
_AT_ONCE = threading.BoundedSemaphore(2)
_READER = Path(__file__).parent / "spreadsheet_reader.py"


class FileNotReadable(ValueError):
    """The file is not read; the message is a plain sentence that repeats nothing of it."""


class Row(NamedTuple):
    """`number` as a spreadsheet shows it, from 1."""

    number: int
    cells: Sequence[str]


def read(
    data: bytes, *, most_rows: int, rows_are: str, is_data: Callable[[Sequence[str]], bool] | None = None,
) -> tuple[Sequence[str], list[Row]]:
    """The heading's cells, and the rows that are not empty.

    Args:
        data: the file's bytes.
        most_rows: rows beside the heading at most; one more and the file is refused whole.
        rows_are: what the rows are, in the plural, for the sentences of a refusal: plates, training records.
        is_data: whether the first row is none of headings but a row like the others; the heading is empty cells then.

    Raises:
        FileNotReadable: no CSV or XLSX, too large, or made to harm.
    """
    if len(data) > MOST_BYTES:
        raise FileNotReadable(f"The file is larger than {MOST_BYTES // 1024**2} MB.")
    with _AT_ONCE:
        answer = _ask_reader(data, {"rows": most_rows, "rows_are": rows_are})
    if "rows" not in answer:
        raise FileNotReadable(answer.get("refused") or "The file cannot be read. Save it anew as XLSX or CSV.")
    rows = [Row(number, cells) for number, cells in answer["rows"]]
    if rows and is_data and is_data(rows[0].cells):
        heading: Sequence[str] = [""] * max(len(row.cells) for row in rows)
    else:
        heading, rows = rows[0].cells if rows else [], rows[1:]
    if not rows:
        raise FileNotReadable(f"The file holds no {rows_are}: the first row names the columns, the others hold one each.")
    if len(rows) > most_rows:
        raise FileNotReadable(spreadsheet_reader.too_many(most_rows, rows_are))
    return heading, rows


def fold(heading: str) -> str:
    """A heading as it is compared: letters and digits alone."""
    return "".join(filter(str.isalnum, heading.casefold()))


def _ask_reader(data: bytes, limits: dict[str, int | str]) -> dict:
    # -I: nothing of this process's surroundings, neither its environment nor its folder, is part of the reader.
    command = [sys.executable, "-I", str(_READER), json.dumps(limits)]
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=SECONDS, env={}, check=False)  # noqa: S603  # nosec B603
        return json.loads(done.stdout) if done.returncode == 0 else {}
    except (subprocess.TimeoutExpired, ValueError):
        return {}
