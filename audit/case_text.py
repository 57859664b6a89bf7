"""What in a text is, or may be, a license plate, a case number or a person of a case (ACC-13, ALR-8).

The operator's help desk never gets any of these, and what is kept outside of the log must not hold them. A text is looked over
before it is kept: what surely is one is refused, what may be one is asked about in plain words (audit/looked_over.py). Nobody can
know every plate by its looks, so the question leans towards asking.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

PLATE, CASE, PERSON = "a license plate", "a case number", "a person of a case"
SHORTEST, LONGEST = 4, 8
_CASE_DIGITS = 4
_SURE_DIGITS = 5
_LONG_NUMBER = 7


@dataclass(frozen=True)
class Find:
    """`words` as they were typed; `what` they look like; whether that is sure."""

    words: str
    what: str
    is_sure: bool

    @property
    def in_words(self) -> str:
        if self.is_sure:
            return f"“{self.words}” is {self.what}. Take it out."
        return f"“{self.words}” may be {self.what}. Is it? Then take it out. If not, say so below."


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_PLATE_LABELS = _words("plate plates tag tags licence license registration lp")
_CASE_LABELS = _words("case cases docket investigation subject warrant fin alien fugitive")
# Of a help desk's own language too: what they label may be a case number.
_WEAK_LABELS = _words("incident event complaint file report")
# May stand between a label and what it labels.
_BETWEEN = _words("number numbers no nr num id is was of the a file name plate state reads and for")
# Short words in capitals that stand before numbers and are no plates.
_NO_PLATES = _words("""
    am pm utc est edt cst cdt mst mdt pst pdt usa fbi ice ero hsi dhs opr aor pia url pdf csv xlsx api usc cfr no id it pc os vpn
    dns ip http https tls ssl tcp udp usb ram cpu gps mfa totp otp faq rfc iso err error code page line step row room ext tel
    fax box suite floor apt day hour hours min mins sec ok ticket hd ar
""")
# Technical words with a number in them; our own numbers of tickets and requests.
_TECHNICAL = re.compile(
    r"(?:HD|AR)\d+|(?:V|VER|VERSION|IOS|IPADOS|MACOS|OSX|WIN|WINDOWS|ANDROID|CHROME|FIREFOX|SAFARI|EDGE|IPHONE|IPAD|PIXEL|GALAXY|"
    r"HTTP|ERR|ERROR|CODE|RFC|ISO|UTF|SHA|MD|MP|STEP|PAGE|ROOM|EXT|KB|COVID|MFA|TLS)\d+[A-Z]?"
    r"|\d+(?:ST|ND|RD|TH|AM|PM|KB|MB|GB|PX|MS|MIN|MINS|H|HR|HRS|HOURS|DAYS|X|USC|CFR)|\d+(?:AM|PM)?(?:EST|EDT|UTC)")
# Taken out before numbers are looked for: dates and times, telephone numbers, addresses of machines, request numbers.
_HARMLESS = re.compile(
    r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"
    r"|\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?)?|\b\d{1,2}[/.]\d{1,2}[/.](?:\d{4}|\d\d)\b|\b\d{1,2}:\d\d(?::\d\d)?\b"
    r"|(?<!\d)(?:\+?1[-. ])?\(?\d{3}\)?[-. ]\d{3}[-. ]\d{4}(?!\d)|(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.])", re.I)
_TOKEN = re.compile(r"[A-Za-z0-9]+(?:[-.][A-Za-z0-9]+)*")
_ALIEN_NUMBER = re.compile(r"\bA[\s#:.-]*\d{3}[\s.-]?\d{3}[\s.-]?\d{2,3}\b", re.I)
_NAMED = re.compile(r"\b(?:subject|suspect|target|alien|fugitive|defendant|detainee)(?P<name>['’]?s?\s+name)?\s*:?\s*"
                    r"(?:is\s+|named\s+)?(?-i:[A-Z][a-z'’-]+(?:\s+[A-Z][a-z'’-]+)+)", re.I)
_SPACED = re.compile(r"(?<![A-Za-z0-9])(?:[A-Za-z0-9][ ._-]){3,7}[A-Za-z0-9](?![A-Za-z0-9])")


def look_over(text: str) -> list[Find]:
    """Everything in `text` that is, or may be, one of these: sure finds first, each once."""
    plain = "".join(c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c) != "Cf")
    plain = re.sub(r"[\u2010-\u2015\u2212]", "-", plain).replace("·", ".").replace("•", ".")
    found: dict[str, Find] = {}
    for find in _all(plain):
        key = _fold(find.words)
        if key not in found or (find.is_sure and not found[key].is_sure):
            found[key] = find
    return sorted(found.values(), key=lambda find: not find.is_sure)


def _all(plain: str) -> Iterator[Find]:
    for match in _ALIEN_NUMBER.finditer(plain):
        yield Find(match[0], CASE, True)
    for match in _NAMED.finditer(plain):
        yield Find(match[0], PERSON, bool(match["name"]))
    plain = _ALIEN_NUMBER.sub(" ; ", _HARMLESS.sub(" ; ", plain))
    for match in _SPACED.finditer(plain):
        if _is_mixed(_fold(match[0])):
            yield Find(match[0], PLATE, False)
    tokens = list(_TOKEN.finditer(plain))
    for position, token in enumerate(tokens):
        words = [token[0], *(pair for pair in _pairs(plain, tokens, position))]
        label = _label(tokens, position)
        for word in words:
            if find := _one(word, label, is_pair=word != token[0]):
                yield find


def _one(word: str, label: str, *, is_pair: bool) -> Find | None:
    """What one word, or two that stand together, looks like behind a label, or behind none."""
    folded = _fold(word)
    digits = sum(c.isdigit() for c in folded)
    if _TECHNICAL.fullmatch(folded):
        return None
    is_of_length = SHORTEST <= len(folded) <= LONGEST
    if label in _CASE_LABELS | _WEAK_LABELS and digits >= _CASE_DIGITS and not is_pair:
        return Find(word, CASE, label in _CASE_LABELS and digits >= _SURE_DIGITS)
    if label in _PLATE_LABELS and is_of_length and (not is_pair or _is_plate_in_two(word, labelled=True)):
        if digits and (_is_mixed(folded) or digits >= _SURE_DIGITS):
            return Find(word, PLATE, True)
        if (digits or word.isupper()) and not _is_year(folded):
            return Find(word, PLATE, False)
    # A word in small letters with one digit, as `level2`, is hardly ever a plate.
    if _is_mixed(folded) and is_of_length and (_is_plate_in_two(word) if is_pair else word.isupper() or digits > 1):
        return Find(word, PLATE, False)
    if digits >= _LONG_NUMBER:
        return Find(word, CASE, False)
    return None


def _label(tokens: list[re.Match[str]], position: int) -> str:
    """The label that stands before a word, over up to four words that say nothing."""
    for before in reversed(tokens[max(0, position - 5):position]):
        word = before[0].casefold()
        if word in _PLATE_LABELS | _CASE_LABELS | _WEAK_LABELS:
            return word
        if word not in _BETWEEN and not (len(word) == 2 and before[0].isupper()):
            return ""
    return ""


def _pairs(plain: str, tokens: list[re.Match[str]], position: int) -> Iterator[str]:
    """The word with the one or two after it, where only a space parts them: `ABC 1234`, `7 ABC 123`."""
    for count in (2, 3):
        group = tokens[position:position + count]
        parts = [plain[one.end():other.start()] for one, other in pairwise(group)]
        if len(group) == count and all(part in (" ", "  ") for part in parts) and all(len(one[0]) <= 5 for one in group):
            yield plain[group[0].start():group[-1].end()]


def _is_plate_in_two(word: str, *, labelled: bool = False) -> bool:
    """Letters and a number beside them, the letters no word of their own; without a label they are capitals."""
    parts = word.split()
    letters, digits = [part for part in parts if part.isalpha()], sum(map(len, filter(str.isdigit, parts)))
    if len(letters) != 1 or not all(part.isalpha() or part.isdigit() for part in parts):
        return False
    is_word = letters[0].casefold() in _NO_PLATES | _BETWEEN
    if labelled and len(letters[0]) <= 4 and digits >= 3 and (letters[0].isupper() or parts[0].isalpha()):
        return not is_word
    return letters[0].isupper() and len(letters[0]) >= 2 and not is_word and sum(map(len, parts)) >= 5


def _fold(word: str) -> str:
    return re.sub(r"[^A-Za-z0-9]", "", word).upper()


def _is_mixed(folded: str) -> bool:
    return any(c.isdigit() for c in folded) and any(c.isalpha() for c in folded)


def _is_year(folded: str) -> bool:
    return folded.isdigit() and len(folded) == 4 and folded[:2] in {"19", "20"}
