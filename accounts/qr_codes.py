"""The key of an authenticator app, as a picture to scan and as text to type (BEY-1)."""

import base64
from dataclasses import dataclass
from urllib.parse import quote, urlencode

import segno
from django.conf import settings

QUIET_ZONE = 4


@dataclass(frozen=True)
class QRCode:
    """The dark squares as one path of SVG, for a square picture of `size` units; a page needs no style for it."""

    path: str
    size: int


def of_key(key: bytes, *, username: str) -> QRCode:
    """The code that authenticator apps scan."""
    label = f"PlateLedger {settings.AGENCY_NAME}"
    facts = urlencode({"secret": _base32(key), "issuer": label}, quote_via=quote)
    matrix = segno.make(f"otpauth://totp/{quote(label)}:{quote(username)}?{facts}", micro=False).matrix
    path = "".join(f"M{x + QUIET_ZONE} {y + QUIET_ZONE}h1v1h-1z"
                   for y, row in enumerate(matrix) for x, dark in enumerate(row) if dark)
    return QRCode(path=path, size=len(matrix) + 2 * QUIET_ZONE)


def as_text(key: bytes) -> str:
    """The key in groups of four, as apps take it by hand."""
    text = _base32(key)
    return " ".join(text[start:start + 4] for start in range(0, len(text), 4))


def _base32(key: bytes) -> str:
    return base64.b32encode(key).decode().rstrip("=")
