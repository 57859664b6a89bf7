"""What changed between two texts, word by word, for a page that marks it by more than color (ACC-8)."""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache

_PARAGRAPHS = re.compile(r"\n\s*\n")
_WORDS = re.compile(r"\S+\s*")
# Less alike than this, two paragraphs are shown one after the other: a salad of single words would tell nobody anything.
_ALIKE = 0.4


@dataclass(frozen=True)
class Piece:
    """Words that stayed (`same`), were put in (`inserted`) or taken out (`removed`)."""

    kind: str
    text: str


@dataclass(frozen=True)
class Changes:
    """The new text by paragraphs, with what was taken out in its old place, and how many passages each kind has."""

    paragraphs: tuple[tuple[Piece, ...], ...]
    inserted: int
    removed: int


@lru_cache(maxsize=32)
def between(old: str, new: str) -> Changes:
    """The changes from `old` to `new`: paragraph by paragraph, and word by word inside of those that were rewritten."""
    before, after = _paragraphs(old), _paragraphs(new)
    found: list[tuple[Piece, ...]] = []
    for what, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if what == "equal":
            found += [(Piece("same", text),) for text in after[c:d]]
            continue
        paired = min(b - a, d - c)
        found += [_words(one, other) for one, other in zip(before[a:b], after[c:d], strict=False)]
        found += [(Piece("removed", text),) for text in before[a + paired:b]]
        found += [(Piece("inserted", text),) for text in after[c + paired:d]]
    pieces = [piece.kind for paragraph in found for piece in paragraph]
    return Changes(tuple(found), pieces.count("inserted"), pieces.count("removed"))


def _paragraphs(text: str) -> list[str]:
    return [" ".join(part.split()) for part in _PARAGRAPHS.split(text.replace("\r\n", "\n")) if part.strip()]


def _words(old: str, new: str) -> tuple[Piece, ...]:
    before, after = _WORDS.findall(old), _WORDS.findall(new)
    pieces: list[Piece] = []
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    if matcher.ratio() < _ALIKE:
        return (Piece("removed", old), Piece("inserted", new))
    for what, a, b, c, d in matcher.get_opcodes():
        if what == "equal":
            pieces.append(Piece("same", "".join(after[c:d])))
            continue
        if b > a:
            pieces.append(Piece("removed", "".join(before[a:b])))
        if d > c:
            pieces.append(Piece("inserted", "".join(after[c:d])))
    return tuple(pieces)
