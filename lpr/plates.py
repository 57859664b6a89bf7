"""The one way a license plate number is written: for loading, query, alert lists and audit search (QRY-2).

`XYZ-1234`, `xyz 1234` and `XYZ·1234` are one plate. Nothing here guesses: the letter O and the digit 0 stay what they
are. This room imports the standard library alone, because the audit search below it uses it too.
"""

import re
import unicodedata

LONGEST = 10

_FOLDED = re.compile(r"[A-Z0-9]{1,10}")
_DROPPED_BEYOND_CATEGORIES = frozenset(
    "\t\u200b\u2060\ufeff"  # a tab and the spaces of no width, which come along from documents
    "\u00ad\u2212\u02d7\u2043"  # soft hyphen, minus, raised minus, hyphen bullet: no dashes to Unicode
    ".\u00b7\u2022\u2027\u2219\u22c5\u30fb"  # full stop and the middle dots
)
_WILDCARDS = "*?%_"


class PlateNotValid(ValueError):
    """The text is not one complete plate number; the message is a plain sentence that does not repeat it."""


def fold(text: str) -> str:
    """Fold a plate number to the one form in which plates are stored and compared.

    Letters become upper case; spaces, hyphens and dots are dropped (QRY-2). Folding twice changes nothing.

    Raises:
        PlateNotValid: nothing is left, a wildcard or another character is in it, or it is longer than 10 characters.
    """
    if _FOLDED.fullmatch(text):
        return text
    kept = "".join(c for c in unicodedata.normalize("NFKC", text.strip()) if not _is_dropped(c))
    if not kept:
        raise PlateNotValid("Enter a license plate number.")
    wildcard = next((c for c in kept if c in _WILDCARDS), None)
    if wildcard:
        raise PlateNotValid(f"Enter the complete plate number, without the wildcard character {wildcard}.")
    # Checked before upper-casing: "ß" or a dotless "ı" would turn into letters that nobody typed.
    if not (kept.isascii() and kept.isalnum()):
        raise PlateNotValid("A plate number has only the letters A to Z and the digits 0 to 9.")
    if len(kept) > LONGEST:
        raise PlateNotValid(f"A plate number has at most {LONGEST} characters.")
    return kept.upper()


def _is_dropped(character: str) -> bool:
    return character in _DROPPED_BEYOND_CATEGORIES or unicodedata.category(character) in {"Zs", "Pd"}
