"""The substance of a case reference: it must tell an auditor which subject or case led to a query (QRY-1, ALR-2).

Words that label ("case number") and listed filler ("test", "investigation") tell nothing. What remains must hold two words
such as a name, a number of four digits or more, or a word and a number. Nobody can prove that a reference is true; this
rule only refuses what nobody could look up.
"""

import re
import unicodedata
from dataclasses import dataclass, field
from typing import Self

LONGEST = 500
EXAMPLE = "Subject name John Doe, case number 12345678"


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Labels: they stand before what tells, and tell nothing themselves.
LABELS = _words("""
    a and the of for in on at to by re ref reference case cases number num no nr id file name names subject suspect target
    person plate plates tag vehicle car truck driver owner alien officer agent log report rpt tip lead matter incident event
""")
# Words that stand for having no case at hand. None is left out for being rare; none is here that is a common surname.
FILLER = _words("""
    abc abcd action active admin any asdf asdfasdf asdfgh asdfghjkl business check checking confidential criminal crime
    demo dont know duty enforcement example find foo bar baz qux general government hello idk immigration info information
    intel intelligence internal investigate investigation investigations investigative investigatory is it looking lookup
    lorem ipsum me misc miscellaneous n na need nil none nothing null official ongoing only op ops operation operations
    other pending per please police privileged purpose purposes qwe qwerty query reason request requested required
    research routine run running sample search secret security sensitive some something stuff surveillance tba tbd temp
    test testing tests this training unk unknown usage use various void want warrant work working xyz xxx xxxx yes zxc
    zxcv zxcvbn
""")
FILLER_NUMBERS = frozenset({"1234", "12345", "123456", "4321", "54321"})

_FEWEST_DIGITS = 4
_SHOWN = 30  # characters of a word that the refusal shows again
_SPACES = re.compile(r"[\s,;:/\\|()\[\]{}<>\"“”=+*#_]+")


@dataclass(frozen=True)
class CaseNumbers:
    """What the case numbers of a component look like: a regular expression, an example, and whether one is needed."""

    pattern: str
    example: str
    required: bool

    def is_in(self, text: str) -> bool:
        return bool(self.pattern) and re.search(rf"(?<![A-Z0-9])(?:{self.pattern})(?![A-Z0-9])", text.upper()) is not None


class CaseReferenceNotTelling(ValueError):
    """The text names neither a subject nor a case; the message is a plain sentence with a good example."""


def check(text: str, numbers: CaseNumbers | None = None) -> str:
    """The text, trimmed, where it tells which subject or case is meant.

    Args:
        text: as it was entered.
        numbers: the case numbers of the asker's component; None where none are known by their look.

    Raises:
        CaseReferenceNotTelling: blank, repeated characters, one word without a number, filler alone, or without the number
            that the component needs.
    """
    text = text.strip()
    if not text:
        raise CaseReferenceNotTelling(f"Enter the subject or case that led to this, such as “{EXAMPLE}”.")
    if numbers and numbers.is_in(text):
        return text
    if numbers and numbers.required:
        raise CaseReferenceNotTelling(f"Your component needs the case number, such as {numbers.example}.")
    found = _Found.of(text)
    if found.tells:
        return text
    raise CaseReferenceNotTelling(
        f"{found.lacking} Name the subject in full or give the case number, so that an auditor can find the case: “{EXAMPLE}”.")


@dataclass
class _Found:
    """What stands in a text, read until it tells enough: the different words that tell something, how many digits stand in
    numbers that do, and what tells nothing, as it was entered."""

    words: set[str] = field(default_factory=set)
    digits: int = 0
    filler: list[str] = field(default_factory=list)
    repeated: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, text: str) -> Self:
        found = cls()
        for token in _SPACES.split(unicodedata.normalize("NFKC", text)):
            letters = "".join(filter(str.isalpha, token.casefold()))
            numbers = "" if token.isalpha() else "".join(filter(str.isdigit, token))
            if letters in FILLER or (not letters and numbers in FILLER_NUMBERS):
                found.filler.append(token)
                continue
            if _is_repeated(letters) or _is_one_character(numbers):
                found.repeated.append(token)
            if numbers not in FILLER_NUMBERS and not _is_one_character(numbers):
                found.digits += len(numbers)
            if len(letters) >= 2 and letters not in LABELS and not _is_repeated(letters):
                found.words.add(letters)
            if found.tells:
                break
        return found

    @property
    def tells(self) -> bool:
        return len(self.words) >= 2 or self.digits >= _FEWEST_DIGITS or (len(self.words) == 1 and self.digits >= 2)

    @property
    def lacking(self) -> str:
        """Why a text that does not tell enough does not, in a sentence."""
        if self.filler:
            return f"“{self.filler[0]}” says neither who nor which case."
        if self.repeated:
            return f"“{self.repeated[0][:_SHOWN]}” only repeats itself."
        if self.words:
            return "One word without a number does not say who or which case."
        if self.digits:
            return "This number is too short to find a case by."
        return "This names neither a subject nor a case."


def _is_repeated(text: str) -> bool:
    """One character over and over, or a piece of two or three at least three times: `aaaa`, `xyxyxy`."""
    return _is_one_character(text) or any(
        len(text) >= 3 * size and text == (text[:size] * len(text))[: len(text)] for size in (2, 3))


def _is_one_character(text: str) -> bool:
    return len(text) > 1 and len(set(text)) == 1
