"""The first page of a plate's reads by the store's function, against the same SQL prepared by a role that may read the table.

The plain side runs the function's own statement, cut out of its file, over all months at once, under the same planner settings;
what the function adds is the committed event: finding it, its age and transaction, its scope. A question of five years.
"""

import itertools
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
from django.conf import settings
from tqdm import tqdm

from audit import record
from benchmarks import ground, questions, traffic
from benchmarks.measure import Ratio, milliseconds, ratio

STANDARD_SIZE = 5_000_000  # reads in the store
GOAL = 2.5
ROUNDS = 400
WARM = 20

APPEND = "SELECT audit.append('query.attempted', %s::text)"
FUNCTION = "SELECT * FROM store.reads_page(%s::uuid, true, NULL, NULL, %s::integer)"
SOURCE = Path(settings.BASE_DIR) / "lpr" / "sql" / "reads_page.sql"
# What stands for each variable of the function in the statement written by hand.
PARAMETERS = {
    "s.plate": "%(plate)s::varchar", "wanted_state": "%(state)s::varchar", "since": "%(from)s::timestamptz",
    "upper_at": "%(until)s::timestamptz", "before_at": "'infinity'::timestamptz",
    "before_id": "'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid", "s.as_of": "%(as_of)s::timestamptz",
    "s.asked_at": "%(as_of)s::timestamptz", "s.geo_state": "%(geo_state)s::varchar",
    "s.near_meters": "%(near)s::double precision", "s.near_latitude": "%(near)s::double precision",
    "s.near_longitude": "%(near)s::double precision", "s.source_kind": "%(geo_state)s::varchar",
    "s.within_meters": "%(near)s::double precision", "s.within_latitude": "%(near)s::double precision",
    "s.within_longitude": "%(near)s::double precision", "wanted": "%(size)s::integer",
    "closed_places": "'{}'::text[]",
}
PLANNER = ("plan_cache_mode = force_generic_plan", "enable_sort = off", "enable_bitmapscan = off")


def run(size: int) -> list[Ratio]:
    """`size`: reads in the store."""
    with ground.database("query_function"):
        history = traffic.store_history(size)
        return [
            _compare("query_function", "usual plates", traffic.usual_plates(history, ROUNDS + WARM), history),
            _compare("query_function_hot", "a plate seen all the time", [traffic.HOT] * (ROUNDS + WARM), history),
        ]


def same_sql() -> str:
    """The function's own statement with parameters for its variables.

    Raises:
        KeyError: the function has a variable that PARAMETERS does not know.
    """
    function = r"FUNCTION store\.reads_page.*?\nDECLARE(.*?)\nBEGIN.*?RETURN QUERY(.*?);\n        GET"
    body = re.search(function, SOURCE.read_text(), re.S)
    declared, statement = body.groups() if body else ("", "")
    variables = "|".join(re.findall(r"^    (\w+) (?!record)", declared, re.M))
    statement = re.sub(rf"(?<=[\s(-])(s\.\w+|{variables})\b(?!\.)", lambda found: PARAMETERS[found.group(1)],
                       statement.replace("%", "%%"))
    if not statement:
        raise KeyError("store.reads_page")
    return statement


def _compare(name: str, which: str, plates: list[str], history: traffic.Traffic) -> Ratio:
    spent: dict[str, list[float]] = {"append": [], "function": [], "plain": []}
    found = []
    with ground.session("lpr_app") as app, ground.session("postgres") as plain:
        for setting in PLANNER:
            plain.execute(f"SET {setting}")
        turns = _turns(app, plain, history, spent)
        for number, plate in enumerate(tqdm(plates, desc=f"{name}: {which}", unit="question", leave=False)):
            answers = next(turns)(plate, number)
            found.append(len(answers))
            if number == WARM:
                for costs in spent.values():
                    costs.clear()
    if not any(found):
        raise AssertionError("no question found any read")
    whole = [append + function for append, function in zip(spent["append"], spent["function"], strict=True)]
    return Ratio(
        name, ratio(spent["function"], spent["plain"]), GOAL,
        f"store.reads_page ({milliseconds(spent['function'])}) against the same SQL prepared ({milliseconds(spent['plain'])}),"
        f" by wall clock: {which}, {history.reads:,} reads, page of {sum(found) / len(found):.0f};"
        f" with its event appended and committed {milliseconds(whole)}")


def _turns(
    app: psycopg.Connection, plain: psycopg.Connection, history: traffic.Traffic, spent: dict[str, list[float]],
) -> Iterator[Callable[[str, int], list]]:
    """What asks both sides about one plate, each time another side first; AssertionError where they disagree."""
    statement = same_sql()

    def timed(what: str, ask: Callable[[], list]) -> list:
        before = time.perf_counter()
        rows = ask()
        spent[what].append(time.perf_counter() - before)
        return rows

    def turn(plate: str, number: int) -> list:
        (row,) = timed("append", lambda: app.execute(APPEND, [questions.attempt_text(plate, history)], prepare=True).fetchall())
        event, at = record.Recorded.of(*row)
        asked = {"plate": plate, "state": traffic.STATE, "from": history.captured_from, "until": history.captured_until,
                 "as_of": at, "geo_state": None, "near": None, "size": settings.READS_PER_PAGE + 1}
        sides = {
            "function": lambda: app.execute(FUNCTION, [event, asked["size"]], prepare=True).fetchall(),
            "plain": lambda: plain.execute(statement, asked, prepare=True).fetchall(),
        }
        order = sorted(sides, reverse=bool(number % 2))
        answers = {what: timed(what, sides[what]) for what in order}
        if answers["function"] != answers["plain"]:
            raise AssertionError("the two sides found different reads")
        return answers["function"]

    return itertools.repeat(turn)
