"""Twenty officers at once, each asking every five seconds, against one alone (no errors, p95 at most 4 times).

A whole query each: the form by POST and its result by GET, on one gunicorn with a process for each core. Wall clock: what a
person waits for. A failed query fails the benchmark.
"""

import http.client
import os
import threading
import time

from benchmarks import asking, ground, traffic
from benchmarks.measure import CannotRun, Ratio, percentile
from benchmarks.serving import gunicorn

STANDARD_SIZE = 1_000_000  # reads in the store
GOAL = 4.0
USERS = 20
EVERY_SECONDS = 5.0
ROUNDS = 12
WARM = 2


class _Officer(threading.Thread):
    """One person who asks in a rhythm; `waited` are the seconds of each query, `failed` what went wrong."""

    def __init__(self, browser: asking.Asker, plates: list[str], reason: str, starts_after: float) -> None:
        super().__init__(daemon=True)
        self.browser, self.plates, self.reason, self.starts_after = browser, plates, reason, starts_after
        self.waited: list[float] = []
        self.failed: list[str] = []

    def run(self) -> None:
        due = time.monotonic() + self.starts_after
        for plate in self.plates:
            time.sleep(max(due - time.monotonic(), 0))
            due += EVERY_SECONDS
            before = time.monotonic()
            try:
                self.browser.page(self.browser.ask(plate, self.reason))
            except (CannotRun, OSError, http.client.HTTPException) as error:
                self.failed.append(str(error))
            self.waited.append(time.monotonic() - before)


def run(size: int) -> list[Ratio]:
    """`size`: reads in the store."""
    with ground.database("many_users") as name:
        history = traffic.store_history(size)
        reason = asking.reason()
        names = [f"bench.officer{number}" for number in range(USERS)]
        for username in names:
            asking.officer(username)
        with gunicorn(BENCH_DATABASE=name, processes=os.cpu_count() or 1) as server:
            browsers = [asking.Asker(server.port) for _ in names]
            for browser, username in zip(browsers, names, strict=True):
                browser.sign_in(username)
            alone = _at_once(browsers[:1], history, reason)
            together = _at_once(browsers, history, reason)
    return [Ratio(
        "many_users", percentile(together, 0.95) / percentile(alone, 0.95), GOAL,
        f"{USERS} officers, each asking every {EVERY_SECONDS:.0f} s (p95 {percentile(together, 0.95) * 1000:.0f} ms of"
        f" {len(together)} queries, none failed) against one (p95 {percentile(alone, 0.95) * 1000:.0f} ms):"
        f" {history.reads:,} reads")]


def _at_once(browsers: list[asking.Asker], history: traffic.Traffic, reason: str) -> list[float]:
    """How long each query took, the first ones of each officer left out.

    Raises:
        CannotRun: one failed.
    """
    # Who sat idle longer than the server keeps a connection calls anew.
    for browser in browsers:
        browser.close()
    people = [_Officer(browser, traffic.usual_plates(history, ROUNDS + WARM), reason, number * EVERY_SECONDS / len(browsers))
              for number, browser in enumerate(browsers)]
    for person in people:
        person.start()
    for person in people:
        person.join()
    if failed := [error for person in people for error in person.failed]:
        raise CannotRun(f"{len(failed)} queries failed, the first so: {failed[0]}")
    return [seconds for person in people for seconds in person.waited[WARM:]]
