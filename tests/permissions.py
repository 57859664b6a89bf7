"""docs/permissions.md: who may open what, made from the table that tests/guards/test_permissions.py holds the service to.

`python -m tests.permissions` writes the page, `--check` says whether it is fresh, and `--take-over` first puts what the last
run of that test found into the table: read the difference before you commit it, since the table is what is promised.
"""

import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TABLE = ROOT / "tests" / "guards" / "permissions.txt"
PAGE = ROOT / "docs" / "permissions.md"
# Where the test leaves what it found.
FOUND = "permissions.txt"
# HEAD is GET without the body, wherever it is answered at all.
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")


@dataclass(frozen=True)
class Column:
    """One kind of person: as the page says it, and in the two lines that head the table."""

    name: str
    role: str
    detail: str


COLUMNS = (
    Column("own", "officer", "the owner: an officer of ERO, own AOR"),
    Column("oe", "officer", "ERO, own AOR"), Column("oh", "officer", "HSI, own AOR"),
    Column("oE", "officer", "ERO, other AOR"), Column("oH", "officer", "HSI, other AOR"),
    Column("se", "support staff", "ERO, own AOR"), Column("sh", "support staff", "HSI, own AOR"),
    Column("sE", "support staff", "ERO, other AOR"), Column("sH", "support staff", "HSI, other AOR"),
    Column("ve", "supervisor", "ERO, own AOR"), Column("vh", "supervisor", "HSI, own AOR"),
    Column("vE", "supervisor", "ERO, other AOR"), Column("vH", "supervisor", "HSI, other AOR"),
    Column("mgr", "Agency Manager", "own AOR"), Column("Mgr", "Agency Manager", "other AOR"),
    Column("opr", "OPR auditor", ""), Column("app", "agency appointer", ""), Column("hlp", "help desk", ""),
    Column("qua", "data quality", ""), Column("ops", "operations", ""), Column("root", "superuser", ""),
    Column("any", "not signed in", ""),
)
LEGEND = {
    "x": "the door is open", ".": "refused (403)",
    "!": "what was sent is refused: as wrong (400), or with a message on the page that it leads back to",
    "-": "not there for this person (404)", "/": "who asks is not known (401)", ">": "sent to sign in",
    "~": "sent on to the page of changing it, which is a line of its own",
    "m": "not by this method (405)",
}
SECTIONS = (("api/", "API"), ("admin/", "Back office"), ("audit/", "Audit"), ("", "Pages"))
Key = tuple[str, str]


def head() -> str:
    return f"{'':80} {' '.join(f'{column.name:4}' for column in COLUMNS)}".rstrip()


def line(route: str, methods: Iterable[str], marks: Iterable[str]) -> str:
    return f"{','.join(methods):16} {route or '/':63} {' '.join(f'{mark:4}' for mark in marks)}".rstrip()


def read(text: str) -> dict[Key, tuple[str, ...]]:
    """The marks by (route, method), in the table's order."""
    found: dict[Key, tuple[str, ...]] = {}
    for row in text.splitlines():
        if row.strip() and not row.startswith((" ", "#")):
            methods, route, *marks = row.split()
            route = "" if route == "/" else route
            found |= {(route, method): tuple(marks) for method in methods.split(",")}
    return found


def written(marks: dict[Key, tuple[str, ...]], order: Iterable[str]) -> str:
    """The table: routes in `order`, methods with the same marks in one line, and none at which nobody is let in."""
    rows = [head()]
    for route in dict.fromkeys(order):
        joined: dict[tuple[str, ...], list[str]] = {}
        for method in METHODS:
            if {"x", "!"} & set(marks.get((route, method), ())):
                joined.setdefault(marks[route, method], []).append(method)
        rows += [line(route, methods, found) for found, methods in joined.items()]
    return "\n".join(rows) + "\n"


def page() -> str:
    """The table for people: columns that never differ are one, and each section has its own."""
    marks = read(TABLE.read_text())
    lines = ["# Who may open what", "",
             "Made by `make matrix` from the table that the tests hold the service to; do not edit.", "",
             "Every address of the service, asked by every role, of the AOR and the component of the record and of others, by "
             "every method. A method that is not named is refused for everybody.", "",
             *(f"- `{mark}`: {meaning}" for mark, meaning in LEGEND.items())]
    left = dict(marks)
    for start, title in SECTIONS:
        mine = {key: left.pop(key) for key in list(left) if key[0].startswith(start)}
        groups = _merged(mine)
        lines += ["", f"## {title}", "", f"| address | method | {' | '.join(_named(group) for group in groups)} |",
                  f"|---|---|{'---|' * len(groups)}"]
        joined: dict[tuple[str, tuple[str, ...]], list[str]] = {}
        for (route, method), found in mine.items():
            joined.setdefault((route, found), []).append(method)
        for (route, found), methods in joined.items():
            cells = " | ".join(f"`{found[group[0]]}`" if found[group[0]] != "x" else "**x**" for group in groups)
            lines.append(f"| `{(route or '/').replace('|', chr(92) + '|')}` | {' '.join(methods)} | {cells} |")
    return "\n".join(lines) + "\n"


def _merged(marks: dict[Key, tuple[str, ...]]) -> list[list[int]]:
    """Columns of one role with the same marks throughout, as lists of their places."""
    groups: dict[tuple, list[int]] = {}
    for place, column in enumerate(COLUMNS):
        groups.setdefault((column.role, tuple(found[place] for found in marks.values())), []).append(place)
    return list(groups.values())


def _named(group: list[int]) -> str:
    role = COLUMNS[group[0]].role
    of_role = [place for place, column in enumerate(COLUMNS) if column.role == role]
    details = "; ".join(COLUMNS[place].detail for place in group)
    return role if group == of_role else f"{role}: {details}"


def take_over(file: Path) -> None:
    """Put what the last run found into the table."""
    if not file.exists():
        sys.exit(f"{file} is not there: run tests/guards/test_permissions.py first, with the same DATA_DIR")
    found = read(file.read_text())
    TABLE.write_text(written(found, [route for route, _ in found]))


def main() -> None:
    if "--check" in sys.argv:
        sys.exit(0 if PAGE.read_text() == page() else f"{PAGE.relative_to(ROOT)} is stale: run `make matrix`")
    if "--take-over" in sys.argv:
        take_over(Path(os.environ.get("DATA_DIR", "var")) / "test" / FOUND)
    PAGE.write_text(page())
    print(f"wrote {PAGE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
