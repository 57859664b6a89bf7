"""A whole audited query over HTTP, against a view that only renders the same page from constants on the same server.

The query is what an officer's browser sends: the form by POST, which is recorded, answered and recorded again, and then the
page of its result, which is recorded and read anew. The rival is one GET. One gunicorn process with threads, warm, one client.
Compared is the CPU time of the server and of its sessions of PostgreSQL, which no other work on the machine disturbs; the time
that passed stands beside it.
"""

import time
from collections.abc import Callable

import psycopg

from benchmarks import asking, ground, traffic
from benchmarks.measure import CannotRun, Ratio, cpu_of, milliseconds, ratio, turn_by_turn
from benchmarks.serving import gunicorn

STANDARD_SIZE = 1_000_000  # reads in the store
GOAL = 2.5
PLATES = 20
ROUNDS = 200
USERNAME = "bench.officer"


def run(size: int) -> list[Ratio]:
    """`size`: reads in the store."""
    with ground.database("query_http") as name:
        history = traffic.store_history(size)
        plates = traffic.usual_plates(history, PLATES)
        asking.officer(USERNAME)
        reason = asking.reason()
        with ground.session("postgres") as admin, gunicorn(BENCH_DATABASE=name) as server:
            browser = asking.Asker(server.port)
            browser.sign_in(USERNAME)
            pages = [f"/benchmark/constant{browser.ask(plate, reason).removeprefix('/queries')}" for plate in plates]
            for page in pages * 2:
                browser.page(page)
            sizes: dict[str, int] = {}
            passed: dict[str, list[float]] = {"query": [], "constant": []}

            def timed(side: str, page: Callable[[], bytes]) -> None:
                before = time.perf_counter()
                sizes[side] = len(page())
                passed[side].append(time.perf_counter() - before)

            def ask(number: int) -> None:
                timed("query", lambda: browser.page(browser.ask(plates[number % PLATES], reason)))

            def constant(number: int) -> None:
                timed("constant", lambda: browser.page(pages[number % PLATES]))

            cost = turn_by_turn({"query": ask, "constant": constant}, rounds=ROUNDS, warm=PLATES, say="query_http",
                                clock=cpu_of(lambda: [*server.processes(), *sessions_of(admin, name)]))
    if abs(sizes["query"] - sizes["constant"]) > sizes["query"] / 20:
        raise CannotRun(f"The two pages are not the same: {sizes}.")
    return [Ratio(
        "query_http", ratio(cost["query"], cost["constant"]), GOAL,
        f"POST of the form and GET of its result ({milliseconds(cost['query'])} of CPU) against GET of the same page from"
        f" constants ({milliseconds(cost['constant'])}): {history.reads:,} reads, pages of {sizes['query'] // 1000} kB; by wall"
        f" clock {milliseconds(passed['query'][PLATES:])} against {milliseconds(passed['constant'][PLATES:])}")]


def sessions_of(admin: psycopg.Connection, database: str) -> list[int]:
    """The processes of the service's sessions in a database."""
    return [pid for (pid,) in admin.execute(
        "SELECT pid FROM pg_stat_activity WHERE datname = %s AND usename LIKE 'lpr_%%'", [database])]
