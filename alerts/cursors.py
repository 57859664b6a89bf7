"""Where a page of a list begins: a time and an id, and nothing of what the list shows. Opens nothing by itself."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

_START = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class CursorNotValid(ValueError):
    """The text is no place in a list."""


class Cursor(NamedTuple):
    at: datetime
    id: UUID

    def __str__(self) -> str:
        return f"{(self.at - _START) // _MICROSECOND}_{self.id.hex}"


def read(text: str) -> Cursor | None:
    """The place that `text` stands for; None, the first page, for an empty text.

    Raises:
        CursorNotValid: it stands for none.
    """
    if not text:
        return None
    moment, _, id = text.partition("_")
    try:
        return Cursor(_START + int(moment) * _MICROSECOND, UUID(hex=id))
    except (ValueError, OverflowError) as error:
        raise CursorNotValid from error
