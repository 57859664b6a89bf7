"""Files of JSON: one document a line, or one document in the whole file (DAT-1).

The documents may be native reads or a vendor's; the caller brings the reader for them.
"""

import dataclasses
import io
from collections.abc import Callable, Iterator
from typing import BinaryIO

from lpr.formats import json_text
from lpr.formats.native_read import Outcome, PayloadNotReadable, Refused

LONGEST_LINE = 64 * 1024 * 1024
"""Bytes of one line: two photos at their limit, in base64, and the rest of the read."""

Reader = Callable[[object], list[Outcome]]


def read(file: BinaryIO, reader: Reader) -> Iterator[Outcome]:
    """The reads of a file with one JSON document a line; a broken line is refused and the rest goes on (DAT-3).

    Args:
        file: positioned at its start; it is read as the outcomes are taken, so its position shows the progress.
        reader: makes outcomes of one document.
    """
    return _numbered(_read_line(line, reader) for line in _lines(file))


def read_whole(file: BinaryIO, reader: Reader) -> Iterator[Outcome]:
    """The reads of a file that is one JSON document, or a list of them; where it is neither, it is read by lines."""
    start = file.tell()
    content = file.read(LONGEST_LINE + 1)
    if len(content) <= LONGEST_LINE:
        try:
            document = json_text.parse(content)
        except PayloadNotReadable:
            return read(io.BytesIO(content), reader)
        documents = document if isinstance(document, list) else [document]
        return _numbered(_read_document(item, reader) for item in documents)
    file.seek(start)
    return read(file, reader)


def _read_line(line: bytes, reader: Reader) -> list[Outcome]:
    if len(line) > LONGEST_LINE:
        return [Refused(0, "The line is too long.", "")]
    try:
        return _read_document(json_text.parse(line), reader)
    except PayloadNotReadable as refusal:
        return [Refused(0, refusal.reason, line.decode("utf-8", "replace").rstrip("\r\n"))]


def _read_document(document: object, reader: Reader) -> list[Outcome]:
    try:
        return reader(document)
    except PayloadNotReadable as refusal:
        return [Refused(0, refusal.reason, document)]


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """Lines that are not blank; of one that is too long only its start is held in memory."""
    while line := file.readline(LONGEST_LINE + 1):
        if len(line) > LONGEST_LINE and not line.endswith(b"\n"):
            while (rest := file.readline(LONGEST_LINE)) and not rest.endswith(b"\n"):
                pass
        if line.strip():
            yield line


def _numbered(outcomes_by_document: Iterator[list[Outcome]]) -> Iterator[Outcome]:
    """Count refused records through the whole file instead of within their documents."""
    count = 0
    for outcomes in outcomes_by_document:
        for outcome in outcomes:
            yield dataclasses.replace(outcome, index=count) if isinstance(outcome, Refused) else outcome
            count += 1
