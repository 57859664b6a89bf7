"""docs/control-matrix.md: each numbered promise, where it lives and the tests that prove it, made from the tests' own marks.

`python -m tests.control_matrix` writes the page; tests/guards/test_control_matrix.py fails when it is stale. The promises
themselves stand in the requirements page; an id without a test shows up as not met.
"""

import ast
import re
import sys
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "control-matrix.md"
COUNTS = {"ACC": 16, "QRY": 10, "RES": 7, "ALR": 11, "AUD": 14, "MOB": 4, "DAT": 8, "SEC": 1, "LIM": 2, "BEY": 10}
IDS = [f"{group}-{number}" for group, count in COUNTS.items() for number in range(1, count + 1)]
ROOMS = ("accounts", "alerts", "audit", "config", "lpr")


def proofs() -> dict[str, list[str]]:
    """The tests by the id that they are marked with, as "file::name", read from the source without running it."""
    found: dict[str, list[str]] = defaultdict(list)
    for file in sorted((ROOT / "tests").rglob("test_*.py")):
        tree = ast.parse(file.read_text())
        for node in tree.body:
            functions = node.body if isinstance(node, ast.ClassDef) else [node]
            of_class = _ids(node.decorator_list) if isinstance(node, ast.ClassDef) else []
            for function in functions:
                if isinstance(function, ast.FunctionDef) and function.name.startswith("test_"):
                    for id_ in dict.fromkeys([*_ids(function.decorator_list), *of_class]):
                        found[id_].append(f"{file.relative_to(ROOT)}::{function.name}")
    return found


def _ids(decorators: list[ast.expr]) -> list[str]:
    ids = []
    for decorator in decorators:
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pytest.mark.req":
            ids += [argument.value for argument in decorator.args if isinstance(argument, ast.Constant)]
    return ids


def places() -> dict[str, list[str]]:
    """The source files that name an id, by id."""
    found: dict[str, list[str]] = defaultdict(list)
    for room in ROOMS:
        for file in sorted((ROOT / room).rglob("*")):
            if file.suffix in {".py", ".sql", ".html", ".js"} and not {"migrations", "vendor"} & set(file.parts):
                for id_ in set(re.findall(r"\b(?:" + "|".join(COUNTS) + r")-\d+\b", file.read_text())):
                    found[id_].append(str(file.relative_to(ROOT)))
    return found


def page() -> str:
    tests, rooms = proofs(), places()
    met = sum(id_ in tests for id_ in IDS)
    lines = ["# Control matrix", "", "Made by `make matrix` from the marks of the tests; do not edit.", "",
             f"{met} of {len(IDS)} numbered promises have a test that names them. An id with a test is proven as far as "
             "its tests go; what is still missing of it stands in the open issues.", "",
             "| id | lives in | tests |", "|---|---|---|"]
    for id_ in IDS:
        where = "<br>".join(f"`{place}`" for place in rooms.get(id_, [])) or "-"
        proof = "<br>".join(f"`{test}`" for test in tests.get(id_, [])) or "**not met**"
        lines.append(f"| {id_} | {where} | {proof} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    unknown = sorted(set(proofs()) - set(IDS))
    if unknown:
        sys.exit(f"Tests are marked with ids that do not exist: {', '.join(unknown)}")
    if "--check" in sys.argv:
        sys.exit(0 if PAGE.read_text() == page() else f"{PAGE.relative_to(ROOT)} is stale: run `make matrix`")
    PAGE.write_text(page())
    print(f"wrote {PAGE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
