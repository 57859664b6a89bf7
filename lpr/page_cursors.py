"""Where a page begins, as text for an address: signed, bound to its list, and opening nothing by itself (decision 4)."""

from datetime import datetime
from uuid import UUID

from django.core import signing

from lpr.recall import Asked
from lpr.search import Cursor

OWN_QUERIES = "lpr.page_cursors.own_queries"


def text(query: UUID, cursor: Cursor) -> str:
    """The cursor of a page of this query as text."""
    return signing.dumps(
        [cursor.number, cursor.state_read, cursor.captured_at and cursor.captured_at.isoformat(),
         cursor.record_id and cursor.record_id.hex], salt=_salt(query))


def read(query: UUID, text: str) -> Cursor:
    """The cursor that `text` stands for; the first page for an empty text.

    Raises:
        signing.BadSignature: it was not made for this query.
    """
    if not text:
        return Cursor()
    number, state_read, captured_at, record_id = signing.loads(text, salt=_salt(query))
    return Cursor(number, state_read, captured_at and datetime.fromisoformat(captured_at), record_id and UUID(record_id))


def after(last: Asked) -> str:
    """The cursor of the page of one's own queries that follows `last`, as text."""
    return signing.dumps([last.at.isoformat(), last.id.hex], salt=OWN_QUERIES)


def asked_before(text: str) -> tuple[datetime, UUID] | None:
    """Before which of one's own queries a page begins; None for the first page.

    Raises:
        signing.BadSignature: the text is no cursor of this list.
    """
    if not text:
        return None
    at, id = signing.loads(text, salt=OWN_QUERIES)
    return datetime.fromisoformat(at), UUID(id)


def _salt(query: UUID) -> str:
    return f"lpr.page_cursors.{query.hex}"
