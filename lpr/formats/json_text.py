"""JSON as strict as evidence needs it: one meaning for each text, or a refusal."""

import json
from typing import NoReturn

from lpr.formats.native_read import PayloadNotReadable


def parse(content: bytes | str) -> object:
    """The value of a JSON text in UTF-8.

    Raises:
        PayloadNotReadable: no JSON, not UTF-8, a key that stands twice in an object, NaN or Infinity, numbers or
            nesting beyond all use.
    """
    try:
        written = content.decode("utf-8-sig") if isinstance(content, bytes) else content
        value: object = json.loads(written, object_pairs_hook=_object, parse_constant=_refuse_constant)
    except PayloadNotReadable:
        raise
    except UnicodeDecodeError as error:
        raise PayloadNotReadable("The text is not valid UTF-8.") from error
    except RecursionError as error:
        raise PayloadNotReadable("The JSON is nested too deeply.") from error
    except ValueError as error:
        raise PayloadNotReadable("The text is not valid JSON.") from error
    return value


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise PayloadNotReadable("The JSON names a key twice in one object.")
    return members


def _refuse_constant(name: str) -> NoReturn:
    raise PayloadNotReadable(f"The JSON contains {name}, which is not a number.")
