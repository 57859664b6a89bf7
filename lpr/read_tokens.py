"""Addresses of single reads: what was shown may be opened, by the one to whom it was shown, while their session lasts.

A token is signed and bound to the user, the session, the query (or hit) and the read (RES-7, interface: `/reads/<token>/`).
It holds ids alone, so that no plate ever stands in an address.
"""

from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.core import signing

from audit import context

SALT = "lpr.read_tokens"


class TokenNotValid(Exception):
    """The token was not made for this user and session, is too old, or is no token at all."""


@dataclass(frozen=True)
class Shown:
    """A read that was shown: by a query of the log or by a hit of an alert, never both."""

    record_id: UUID
    query: UUID | None = None
    hit: UUID | None = None


def make(
    *, user_id: int, session_key: str | None, record_id: UUID, query: UUID | None = None, hit: UUID | None = None
) -> str:
    """The token of one read as it is shown to one user in one session.

    Args:
        user_id: whom the read is shown to.
        session_key: the key of the session in which it is shown.
        record_id: the read.
        query: the id of the attempt that found the read, or
        hit: the id of the hit that it made.
    """
    kind, shown_by = ("q", query) if query else ("h", hit)
    if shown_by is None:
        raise ValueError("A read is shown by a query or by a hit.")
    return signing.dumps(
        [user_id, context.session_mark(session_key), kind, shown_by.hex, record_id.hex], salt=SALT
    )


def opened(token: str, *, user_id: int, session_key: str | None) -> Shown:
    """What the token stands for, when this user holds it in the session for which it was made.

    Raises:
        TokenNotValid: foreign, older than a session may last (12 hours), or no token.
    """
    mark, shown = _shown_to(user_id, token)
    if not session_key or mark != context.session_mark(session_key):
        raise TokenNotValid
    return shown


def renewed(token: str, *, user_id: int, session_key: str | None) -> str:
    """The token of the same read for this session, where the user held it in one that has ended: for a form that was kept.

    Raises:
        TokenNotValid: as for `opened`.
    """
    _, shown = _shown_to(user_id, token)
    return make(user_id=user_id, session_key=session_key, record_id=shown.record_id, query=shown.query, hit=shown.hit)


def _shown_to(user_id: int, token: str) -> tuple[str, Shown]:
    try:
        owner, mark, kind, shown_by, record = signing.loads(
            token, salt=SALT, max_age=settings.SESSION_ABSOLUTE_SECONDS)
    except (signing.BadSignature, ValueError, TypeError) as error:
        raise TokenNotValid from error
    if owner != user_id:
        raise TokenNotValid
    shown = {"q": "query", "h": "hit"}[kind]
    return mark, Shown(record_id=UUID(record), **{shown: UUID(shown_by)})
