"""Strict readers of single fields, shared by all formats, so that the same fault has the same reason everywhere.

Each takes the value as sent and the field's name as its sender knows it, and raises `RecordNotReadable` naming that
field.
"""

import base64
import binascii
import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from lpr.formats.native_read import RecordNotReadable

LONGEST_TEXT = 200
LONGEST_PLATE = 40
LONGEST_URL = 500

_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?P<offset>[Zz]|[+-][0-9]{2}:[0-9]{2})?"
)
_NUMBER = re.compile(r"[+-]?[0-9]{1,20}(?:\.[0-9]{0,20})?")
_URL = re.compile(r"https?://[!-~]+")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# The years 2000 to 2100: a time in seconds or microseconds falls outside.
_EARLIEST_MS, _LATEST_MS = 946_684_800_000, 4_102_444_800_000


def record(value: object) -> Mapping[str, object]:
    """The record itself, which must be a JSON object."""
    if not isinstance(value, Mapping):
        raise RecordNotReadable("The record is not a JSON object.")
    return value


def part(value: object, field: str) -> Mapping[str, object]:
    """An object inside a record; empty where it was left out."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise RecordNotReadable(f"{field}: must be an object.")
    return value


def text(value: object, field: str, *, longest: int = LONGEST_TEXT) -> str:
    """One line of text, trimmed and with single spaces; empty where it was left out."""
    return " ".join(_well_formed(value, field, longest=longest).split())


def required_text(value: object, field: str, *, longest: int = LONGEST_TEXT) -> str:
    """As `text`, and it must not be empty."""
    found = text(value, field, longest=longest)
    if not found:
        raise RecordNotReadable(f"{field}: missing.")
    return found


def identifier(value: object, field: str) -> str:
    """A sender's id, kept to the letter because it tells records apart (DAT-3); numbers are taken as their digits."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**18:
        return str(value)
    found = _well_formed(value, field, longest=LONGEST_TEXT)
    if not found.strip():
        raise RecordNotReadable(f"{field}: missing.")
    if not found.isprintable():
        raise RecordNotReadable(f"{field}: contains control characters.")
    return found


def _well_formed(value: object, field: str, *, longest: int) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise RecordNotReadable(f"{field}: must be text.")
    if len(value) > longest:
        raise RecordNotReadable(f"{field}: longer than {longest} characters.")
    if not value.isprintable():
        _refuse_control_characters(value, field)
    return value


def _refuse_control_characters(value: str, field: str) -> None:
    if "\0" in value:
        raise RecordNotReadable(f"{field}: contains a NUL character.")
    categories = {unicodedata.category(character) for character in value if character not in "\t\r\n"}
    if "Cs" in categories:
        raise RecordNotReadable(f"{field}: contains characters that are not valid UTF-8.")
    if "Cc" in categories:
        raise RecordNotReadable(f"{field}: contains control characters.")


def degrees(value: object, field: str, *, limit: int) -> float:
    """A coordinate in degrees from -limit to limit (90 for latitudes, 180 for longitudes)."""
    if value is None:
        raise RecordNotReadable(f"{field}: missing.")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RecordNotReadable(f"{field}: must be a number.")
    if not -limit <= value <= limit:  # false for NaN as well
        raise RecordNotReadable(f"{field}: must be between -{limit} and {limit} degrees.")
    return float(value)


def confidence(value: object, field: str, *, full: int = 100) -> int | None:
    """A confidence as a whole number from 0 to 100.

    Args:
        full: what the sender writes for complete certainty, 100 or 1.
    """
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RecordNotReadable(f"{field}: must be a number.")
    if not 0 <= value <= full:
        raise RecordNotReadable(f"{field}: must be between 0 and {full}.")
    return round(value * 100 / full)


def number_in_text(value: object, field: str) -> float | None:
    """A plain decimal number written as text, as in CSV; None where it was left out."""
    found = text(value, field)
    if not found:
        return None
    if not _NUMBER.fullmatch(found):
        raise RecordNotReadable(f"{field}: must be a number.")
    return float(found)


def moment(value: object, field: str, *, utc_without_offset: bool = False) -> datetime:
    """A date and time after RFC 3339, in UTC.

    Args:
        utc_without_offset: the vendor documents this field as UTC, so a missing offset is no doubt.
    """
    found = required_text(value, field)
    form = _MOMENT.fullmatch(found)
    if form is None:
        raise RecordNotReadable(f"{field}: must be a date and time such as 2026-05-01T12:00:00-04:00.")
    if form["offset"] is None and not utc_without_offset:
        raise RecordNotReadable(f"{field}: must end with the offset from UTC, such as Z or -04:00.")
    try:
        parsed = datetime.fromisoformat(found.upper())
        return (parsed.replace(tzinfo=UTC) if form["offset"] is None else parsed).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise RecordNotReadable(f"{field}: is not a date and time that exists.") from error


def epoch_milliseconds(value: object, field: str) -> datetime:
    """Milliseconds since 1970 as a moment in UTC."""
    if value is None:
        raise RecordNotReadable(f"{field}: missing.")
    if isinstance(value, bool) or not isinstance(value, int | float) or not _EARLIEST_MS <= value <= _LATEST_MS:
        raise RecordNotReadable(f"{field}: must be milliseconds since 1970.")
    return _EPOCH + timedelta(milliseconds=value)


def picture(value: object, field: str) -> bytes:
    """The content of a picture sent as base64, with or without line breaks."""
    if not isinstance(value, str):
        raise RecordNotReadable(f"{field}: must be base64 text.")
    try:
        content = base64.b64decode("".join(value.split()) if "\n" in value else value, validate=True)
    except (binascii.Error, ValueError) as error:
        raise RecordNotReadable(f"{field}: is not valid base64.") from error
    if not content:
        raise RecordNotReadable(f"{field}: is empty.")
    return content


def url(value: object, field: str) -> str:
    """An http or https address without spaces; whether it lies in the operator's own store is for the loader to say."""
    found = _well_formed(value, field, longest=LONGEST_URL)
    if not _URL.fullmatch(found):
        raise RecordNotReadable(f"{field}: must be an http or https address.")
    return found
