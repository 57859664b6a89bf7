"""A whole audited query over HTTP, against a view that only renders the same page from constants on the same server.

The query is what an officer's browser sends: the form by POST, which is recorded, answered and recorded again, and then the
page of its result, which is recorded and read anew. The rival is one GET. One gunicorn process with threads, warm, one client.
Compared is the CPU time of the server and of its sessions of PostgreSQL, which no other work on the machine disturbs; the time
that passed stands beside it.
"""

import contextlib
import http.client
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import psycopg
from django.conf import settings

from accounts.models import AOR, Course, TrainingRecord, User
from accounts.roles import Role
from benchmarks import ground, traffic
from benchmarks.measure import CannotRun, Ratio, cpu_of, milliseconds, ratio, turn_by_turn
from lpr.models import ReasonCode

STANDARD_SIZE = 1_000_000  # reads in the store
GOAL = 2.5
PLATES = 20
ROUNDS = 200
USERNAME, PASSWORD = "bench.officer", "a made-up pass phrase of a benchmark"
START_SECONDS = 60


def run(size: int) -> list[Ratio]:
    """`size`: reads in the store."""
    with ground.database("query_http") as name:
        history = traffic.store_history(size)
        plates = traffic.usual_plates(history, PLATES)
        officer(USERNAME)
        reason = ReasonCode.objects.filter(is_criminal=False, components__contains=["ERO"]).values_list("code", flat=True)[0]
        with ground.session("postgres") as admin, gunicorn(name) as (port, server):
            browser = Browser(port)
            browser.sign_in(USERNAME)
            pages = [f"/benchmark/constant{browser.ask(plate, reason).removeprefix('/queries')}" for plate in plates]
            for page in pages * 2:
                browser.get(page)
            sizes: dict[str, int] = {}
            passed: dict[str, list[float]] = {"query": [], "constant": []}

            def timed(side: str, page: Callable[[], bytes]) -> None:
                before = time.perf_counter()
                sizes[side] = len(page())
                passed[side].append(time.perf_counter() - before)

            def ask(number: int) -> None:
                timed("query", lambda: browser.get(browser.ask(plates[number % PLATES], reason)))

            def constant(number: int) -> None:
                timed("constant", lambda: browser.get(pages[number % PLATES]))

            cost = turn_by_turn({"query": ask, "constant": constant}, rounds=ROUNDS, warm=PLATES, say="query_http",
                                clock=cpu_of(lambda: [*server(), *sessions_of(admin, name)]))
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


class Browser:
    """As much of a browser as a query needs: one connection kept open, cookies, forms."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self._cookies: dict[str, str] = {}

    def sign_in(self, username: str) -> None:
        self.get("/accounts/login/")
        self._post("/accounts/login/", {"username": username, "password": PASSWORD})
        self.get("/accounts/rules/")
        self._post("/accounts/rules/", {"agree": "on"})

    def ask(self, plate: str, reason: str) -> str:
        """Ask about five years of a plate; return the address of the result."""
        return self._post("/queries/new/", {
            "plate": plate, "state": traffic.STATE, "reason": reason, "timeframe": "5y", "for_whom": "self",
            "case_reference": "Subject name John Doe, case number 12345678"})

    def get(self, path: str) -> bytes:
        status, _, body = self._call("GET", path)
        if status != 200:
            raise CannotRun(f"GET {path} answered {status}.")
        return body

    def _post(self, path: str, fields: dict[str, str]) -> str:
        body = urlencode(fields | {"csrfmiddlewaretoken": self._cookies.get(settings.CSRF_COOKIE_NAME, "")})
        status, address, answer = self._call("POST", path, body, {"Content-Type": "application/x-www-form-urlencoded"})
        if status not in (302, 303):
            errors = re.findall(r'class="usa-error-message"[^>]*>([^<]+)', answer.decode())
            raise CannotRun(f"POST {path} answered {status}. {' '.join(errors)}")
        return address

    def _call(self, method: str, path: str, body: str | None = None, headers: dict[str, str] | None = None,
              ) -> tuple[int, str, bytes]:
        cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        self._connection.request(method, path, body, {"Cookie": cookies, "Accept": "text/html"} | (headers or {}))
        answer = self._connection.getresponse()
        content = answer.read()
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = cookie.split(";")[0].partition("=")
            self._cookies[name] = value
        return answer.status, answer.headers.get("Location", ""), content


def officer(username: str) -> None:
    """An officer with all training on record."""
    aor, _ = AOR.objects.get_or_create(code="BENCH", defaults={"name": "Benchmark"})
    person = User(username=username, full_name="Benchmark Officer", email="bench@agency.example", role=Role.OFFICER,
                  aor=aor, component="ERO", job_category="ero_officer")
    person.set_password(PASSWORD)
    person.save()
    today = datetime.now(UTC).date()
    for course in Course.objects.required_of(person):
        TrainingRecord.objects.create(user=person, course=course, completed_on=today - timedelta(days=30),
                                      valid_until=today + timedelta(days=300))


@contextlib.contextmanager
def gunicorn(database: str, *, workers: int = 1) -> Iterator[tuple[int, Callable[[], list[int]]]]:
    """A real server, ended at the end: its free port, and what names its processes.

    Raises:
        CannotRun: it does not answer within a minute.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--worker-class", "gthread", "--workers",
               str(workers), "--threads", "8", "--keep-alive", "60", "--log-level", "warning",
               "django.core.wsgi:get_wsgi_application()"]
    process = subprocess.Popen(command, cwd=settings.BASE_DIR, env=os.environ | {"BENCH_DATABASE": database})
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    try:
        _wait(port, process)
        yield port, lambda: [process.pid, *map(int, children.read_text().split())]
    finally:
        process.terminate()
        process.wait(30)


def _wait(port: int, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise CannotRun("gunicorn did not start; see the lines above.")
