"""Where a page of a list begins: a time and an id, and nothing of what the list shows. Opens nothing by itself."""

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest

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


def cursor_of(request: HttpRequest, name: str = "before") -> Cursor | None:
    """Where the page asked for begins; 404 for a text that is no place."""
    try:
        return read(request.GET.get(name, ""))
    except CursorNotValid as refusal:
        raise Http404 from refusal


def page(
    rows: QuerySet, *, by: str, cursor: Cursor | None, size: int, oldest_first: bool = False,
) -> tuple[list[Any], Cursor | None]:
    """A page of `rows`, newest first unless said otherwise, and where the next one begins; None on the last.

    Args:
        rows: what is listed.
        by: the field with the time that orders them.
        cursor: where the page begins; None for the first.
        size: rows on a page.
    """
    sign, after = ("", "gt") if oldest_first else ("-", "lt")
    if cursor:
        rows = rows.filter(Q(**{f"{by}__{after}": cursor.at}) | Q(**{by: cursor.at, f"pk__{after}": cursor.id}))
    return cut(list(rows.order_by(f"{sign}{by}", f"{sign}pk")[:size + 1]), by=by, size=size)


def cut(found: list[Any], *, by: str, size: int) -> tuple[list[Any], Cursor | None]:
    """The first `size` of the rows found, and where the page after them begins, where there are more."""
    shown = found[:size]
    return shown, Cursor(getattr(shown[-1], by), shown[-1].pk) if len(found) > size else None
