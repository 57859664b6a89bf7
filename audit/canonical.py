"""The one text of a fact: what is hashed must not depend on who wrote it down."""

import json
import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID


class NotCanonical(ValueError):
    """A value has no single text: floating point, NUL, half a character, an integer beyond 2^53, a time without zone."""


def text(facts: Mapping[str, Any]) -> str:
    """Return `facts` as JSON with sorted keys, no spaces, NFC text, whole numbers and times in UTC; empty facts are left out.

    Raises:
        NotCanonical: for a value that could be written in more than one way.
    """
    return _encode(_plain(facts))


_HALF = re.compile("[\ud800-\udfff]")
_TOLD_BY_THEIR_TEXT = (date, UUID, Decimal)
_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


def _plain(value: Any) -> Any:
    # Most facts are such text, which is as it should be.
    if type(value) is str and value.isascii() and "\x00" not in value:
        return value
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Enum):
        return _plain(value.value)
    if isinstance(value, int):
        if abs(value) > 2**53:
            raise NotCanonical("whole numbers beyond 2^53 have no single text in JSON")
        return value
    if isinstance(value, str):
        if "\x00" in value:
            raise NotCanonical("text must not hold NUL")
        if _HALF.search(value):
            raise NotCanonical("text must not hold half a character")
        return unicodedata.normalize("NFC", str(value))
    if isinstance(value, datetime):
        if value.utcoffset() is None:
            raise NotCanonical("a time needs its zone")
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, _TOLD_BY_THEIR_TEXT):
        return str(value)
    if isinstance(value, Mapping):
        plain = {_plain(str(key)): _plain(item) for key, item in value.items()}
        if len(plain) != len(value):
            raise NotCanonical("two names are one")
        return {key: item for key, item in plain.items() if item not in (None, "", {})}
    if isinstance(value, list | tuple | set | frozenset):
        items = [_plain(item) for item in value]
        return sorted(items) if isinstance(value, set | frozenset) else items
    raise NotCanonical(f"{type(value).__name__} has no single text")
