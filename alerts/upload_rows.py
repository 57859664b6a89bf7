"""The rows of an uploaded file: which column is which, and which row is fit to be an entry (ALR-2).

The rules of a row are those of the form of a single alert; a bad row is named by its number with each of its reasons.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

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
    "plate": "plate platenumber plateno licenseplate licenseplatenumber licenceplate lp lpn tag tagnumber registration lic "
             "vehicleplate vehicleplatenumber vehiclelicenseplate",
    "state": "state platestate lpstate st province stateprovince issuingstate region lis licensestate licensestateprovince "
             "licenseplatestate licenceplatestate vehiclestate registrationstate",
    "reason": "reason reasoncode code purpose",
    "case_reference": "casereference case casenumber caseno reference caseref subject subjectorcase subjectcase casesubject "
                      "caseorsubject casetext notes text freetext oca",
    "for_whom": "forwhom for requestedfor",
    "other_name": "othername other otherperson onbehalfof name agent officer agentname officername",
}
_KNOWN = {synonym: name for name, synonyms in _SYNONYMS.items() for synonym in synonyms.split()}
_SELF = frozenset({"self", "myself", "me", "own"})
_OTHER = frozenset({"other", "another", "someone else", "other person"})


class GoodRow(NamedTuple):
    number: int
    plate: str
    state: str
    reason: str
    case_reference: str
    for_whom: str
    other_name: str

    def fields(self) -> dict[str, str]:
        """What `entries.insert_many` takes."""
        fields = self._asdict()
        del fields["number"]
        return fields

    def says_the_same_as(self, entry: "Entry | GoodRow") -> bool:
        return (self.reason, self.case_reference, self.other_name) == (entry.reason, entry.case_reference, entry.other_name)


@dataclass(frozen=True)
class BadRow:
    """`cells` by our column's name, as they came; `why` in plain sentences."""

    number: int
    cells: Mapping[str, str]
    why: Sequence[str]


@dataclass(frozen=True)
class RepeatedRow:
    """A row whose plate and state stand in an earlier row (`first`), or on the list already (None).

    `differs` where it says another reason, case or person than what is kept.
    """

    row: GoodRow
    first: int | None
    differs: bool


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


def is_data(cells: Sequence[str], reasons: Mapping[str, str]) -> bool:
    """Whether the first row of a file is a plate to be watched and not the columns' names (ALR-8: no heading may be a plate).

    Something like a plate stands there beside a state and a reason; beside one of the two alone it has a digit as well, since
    many a word is like a plate and some are states. A row with a heading that we know is a heading.

    Args:
        cells: of the first row.
        reasons: the codes that the user may give, with their labels.
    """
    if any(spreadsheets.fold(cell) in _KNOWN for cell in cells if cell.casefold() not in _SELF | _OTHER):
        return False
    by_label = _by_label(reasons)
    plates_at = [at for at, cell in enumerate(cells) if _or_nothing(plates.fold, cell)]
    states_at = [at for at, cell in enumerate(cells) if _or_nothing(states.parse, cell)]
    reasons_at = [at for at, cell in enumerate(cells) if cell.casefold() in by_label]
    return any(len({plate, state, reason}) == 3 for plate in plates_at for state in states_at for reason in reasons_at) or any(
        at != plate and any(map(str.isdigit, cells[plate])) for plate in plates_at for at in (*states_at, *reasons_at))


def in_our_order(cells: Sequence[str], reasons: Mapping[str, str], width: int) -> dict[str, int]:
    """By our column's name the position in a row that is in the order of the template; empty where it is not.

    Args:
        cells: of the first row.
        reasons: the codes that the user may give, with their labels.
        width: cells of the file's widest row: a later row may say more than the first, such as for whom it is.
    """
    if (len(cells) < len(NEEDED) or not _or_nothing(plates.fold, cells[0]) or not _or_nothing(states.parse, cells[1])
            or cells[2].casefold() not in _by_label(reasons)):
        return {}
    return {name: at for at, name in enumerate(COLUMNS) if at < width}


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
    by_label = _by_label(reasons)
    good: list[GoodRow] = []
    bad: list[BadRow] = []
    repeated: list[RepeatedRow] = []
    first: dict[tuple[str, str], GoodRow] = {}
    # Where each of our columns stands in a row; -1 where the file has none.
    positions = [columns.get(name, -1) for name in COLUMNS]
    for number, cells in rows:
        width = len(cells)
        said, why = _checked([cells[at] if 0 <= at < width else "" for at in positions], by_label, numbers)
        if why:
            bad.append(BadRow(number, {name: cells[at] if at < width else "" for name, at in columns.items()}, why))
            continue
        row = GoodRow(number, *said)
        before = first.setdefault((row.plate, row.state), row)
        if before is row:
            good.append(row)
        else:
            repeated.append(RepeatedRow(row, before.number, not row.says_the_same_as(before)))
    return good, bad, repeated


def named_by(row: BadRow) -> tuple[str, str]:
    """The plate and the state that a bad row names, each empty where it cannot be told."""
    return (_or_nothing(plates.fold, row.cells.get("plate", "")), _or_nothing(states.parse, row.cells.get("state", "")))


def _by_label(reasons: Mapping[str, str]) -> dict[str, str]:
    return {label.casefold(): code for code, label in reasons.items()} | {code.casefold(): code for code in reasons}


def _or_nothing(parse: Callable[[str], str], text: str) -> str:
    try:
        return parse(text)
    except ValueError:
        return ""


def _checked(cells: Sequence[str], reasons: Mapping[str, str], numbers: CaseNumbers | None) -> tuple[list[str], list[str]]:
    """The row's fields as an entry has them, in the order of COLUMNS as the cells are, and what is wrong with them."""
    plate, state, reason, case_reference, for_whom, other_name = cells
    said: list[str] = []
    why: list[str] = []
    if any(cell.startswith("=") for cell in cells):
        return said, ["A cell holds a formula. Enter the value itself."]
    checks: tuple[tuple[Callable[..., str], tuple[Any, ...]], ...] = (
        (plates.fold, (plate,)), (states.parse, (state,)), (_reason, (reason, reasons)),
        (_case_reference, (case_reference, numbers)), (_for_whom, (for_whom, other_name)))
    for check, arguments in checks:
        try:
            said.append(check(*arguments))
        except ValueError as refusal:
            said.append("")
            why.append(str(refusal))
    if said[-1]:
        try:
            said.append(check_person(said[-1], other_name))
        except ValueError as refusal:
            why.append(str(refusal))
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

