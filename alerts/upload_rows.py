"""The rows of an uploaded file: which column is which, and which row is fit to be an entry (ALR-2).

The rules of a row are those of the form of a single alert; a bad row is named by its number with each of its reasons.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from accounts import spreadsheets
from accounts.spreadsheets import Row
from alerts.models import Entry
from alerts.persons import check_person
from lpr import case_references, plates, states
from lpr.case_references import CaseNumbers

# Our columns, in the order of the template, with what pages call them.
COLUMNS = {"plate": "plate", "state": "state", "reason": "reason", "case_reference": "case reference",
           "for_whom": "for whom", "other_name": "name of the other person"}
NEEDED = ("plate", "state", "reason", "case_reference")
# What such files are headed in practice, folded as `spreadsheets.fold` does.
_SYNONYMS = {
    "plate": "plate platenumber plateno licenseplate licenseplatenumber licenceplate lp lpn tag tagnumber registration",
    "state": "state platestate lpstate st province stateprovince issuingstate region",
    "reason": "reason reasoncode code purpose",
    "case_reference": "casereference case casenumber caseno reference caseref subject subjectorcase subjectcase notes text "
                      "freetext",
    "for_whom": "forwhom for requestedfor",
    "other_name": "othername other otherperson onbehalfof name agent officer agentname officername",
}
_KNOWN = {synonym: name for name, synonyms in _SYNONYMS.items() for synonym in synonyms.split()}
_SELF = frozenset({"self", "myself", "me", "own"})
_OTHER = frozenset({"other", "another", "someone else", "other person"})


@dataclass(frozen=True)
class GoodRow:
    number: int
    plate: str
    state: str
    reason: str
    case_reference: str
    for_whom: str
    other_name: str

    def fields(self) -> dict[str, str]:
        """What `entries.insert_many` takes."""
        return {name: value for name, value in asdict(self).items() if name != "number"}

    def says_the_same_as(self, entry: Entry) -> bool:
        return (self.reason, self.case_reference, self.other_name) == (entry.reason, entry.case_reference, entry.other_name)


@dataclass(frozen=True)
class BadRow:
    """`cells` by our column's name, as they came; `why` in plain sentences."""

    number: int
    cells: Mapping[str, str]
    why: Sequence[str]


@dataclass(frozen=True)
class RepeatedRow:
    """A row whose plate and state stand in an earlier row (`first`), or on the list already (None)."""

    row: GoodRow
    first: int | None


def recognized(heading: Sequence[str], remembered: Mapping[str, str]) -> dict[str, int]:
    """By our column's name the position in the heading; empty when one that each row needs is not there.

    Args:
        heading: the cells of the first row.
        remembered: the folded headings that the user's files gave our columns before.
    """
    known = _KNOWN | {folded: name for name, folded in remembered.items()}
    found: dict[str, int] = {}
    for position, cell in enumerate(heading):
        name = known.get(spreadsheets.fold(cell))
        # Our own word for a column goes before another that means the same.
        if name and (name not in found or cell.strip().casefold() == name):
            found[name] = position
    return found if all(name in found for name in NEEDED) else {}


def sorted_out(
    rows: Sequence[Row], columns: Mapping[str, int], reasons: Mapping[str, str], numbers: CaseNumbers | None = None,
) -> tuple[list[GoodRow], list[BadRow], list[RepeatedRow]]:
    """The rows as good, bad and repeated, in the order of the file.

    Args:
        rows: as they were read.
        columns: by our column's name the position in a row.
        reasons: the codes that the user may give, with their labels.
        numbers: what the case numbers of the user's component look like.
    """
    by_label = {label.casefold(): code for code, label in reasons.items()} | {code.casefold(): code for code in reasons}
    good: list[GoodRow] = []
    bad: list[BadRow] = []
    repeated: list[RepeatedRow] = []
    first: dict[tuple[str, str], int] = {}
    for number, cells in rows:
        named = {name: cells[position] if position < len(cells) else "" for name, position in columns.items()}
        said, why = _checked({name: named.get(name, "") for name in COLUMNS}, by_label, numbers)
        if why:
            bad.append(BadRow(number, named, why))
            continue
        row = GoodRow(number, **said)
        before = first.setdefault((row.plate, row.state), number)
        if before == number:
            good.append(row)
        else:
            repeated.append(RepeatedRow(row, before))
    return good, bad, repeated


def _checked(
    cells: Mapping[str, str], reasons: Mapping[str, str], numbers: CaseNumbers | None
) -> tuple[dict[str, str], list[str]]:
    """The row's fields as an entry has them, and what is wrong with them."""
    said: dict[str, str] = {}
    why: list[str] = []

    def take(name: str, check: Any, *arguments: Any) -> None:
        try:
            said[name] = check(*arguments)
        except ValueError as refusal:
            why.append(str(refusal))

    if any(cell.startswith("=") for cell in cells.values()):
        return said, ["A cell holds a formula. Enter the value itself."]
    take("plate", plates.fold, cells["plate"])
    take("state", states.parse, cells["state"])
    take("reason", _reason, cells["reason"], reasons)
    take("case_reference", _case_reference, cells["case_reference"], numbers)
    take("for_whom", _for_whom, cells["for_whom"], cells["other_name"])
    if "for_whom" in said:
        take("other_name", check_person, said["for_whom"], cells["other_name"])
    return said, why


def _case_reference(text: str, numbers: CaseNumbers | None) -> str:
    if len(text) > case_references.LONGEST:
        raise ValueError(f"The case reference is longer than {case_references.LONGEST} characters.")
    return case_references.check(text, numbers)


def _reason(text: str, reasons: Mapping[str, str]) -> str:
    if not text:
        raise ValueError("Enter a reason code.")
    code = reasons.get(text.casefold())
    if code is None:
        raise ValueError("The reason is not one of the codes that you may give.")
    return code


def _for_whom(text: str, other_name: str) -> str:
    """`self` or `other`; without the column, a name says that it is for another person."""
    said = text.casefold()
    if not said:
        return "other" if other_name.strip() else "self"
    if said in _SELF:
        return "self"
    if said in _OTHER:
        return "other"
    raise ValueError("Enter “self” or “other” for whom you watch.")

