"""Signs that can be printed. A tagged PDF must not hold one that no font of ours can show, and nothing may turn a line around."""

import re
import unicodedata

# First and last of what the fonts of the PDF are sure to have: Latin, Greek, Cyrillic, Hebrew, Arabic, marks.
SHOWN = (
    (0x20, 0x7E), (0xA0, 0xAC), (0xAE, 0x17F), (0x386, 0x386), (0x388, 0x38A), (0x391, 0x3A1), (0x3A3, 0x3CE),
    (0x410, 0x44F), (0x5D0, 0x5EA), (0x627, 0x63A), (0x641, 0x64A), (0x1E80, 0x1E85), (0x2010, 0x2015),
    (0x2018, 0x201E), (0x2020, 0x2022), (0x2026, 0x2026), (0x2030, 0x2030), (0x2039, 0x203A), (0x20AC, 0x20AC),
    (0x2116, 0x2116), (0x2122, 0x2122),
)  # fmt: skip
_LONG_WORD = re.compile(r"\S{65,}")  # longer than a SHA-256, which fits on its line
_PIECE = re.compile(r"\S{1,30}")


def legible(text: str) -> str:
    """The text with every other sign given by its number: [U+202E] turns nothing around. A word of many letters may be broken
    across lines, or it would run off the paper.
    """
    shown = "".join(map(_sign, unicodedata.normalize("NFC", text)))
    return _LONG_WORD.sub(lambda word: "\u200b".join(_PIECE.findall(word[0])), shown)


def _sign(character: str) -> str:
    code = ord(character)
    if character == "\n" or any(first <= code <= last for first, last in SHOWN):
        return character
    return f"[U+{code:04X}]"
