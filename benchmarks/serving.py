"""A real gunicorn on a free port, and as much of a browser as a form needs; tests that need a running server use both too."""

import contextlib
import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from django.conf import settings

from benchmarks.measure import CannotRun

START_SECONDS = 60


@dataclass(frozen=True)
class Answer:
    status: int
    location: str
    body: bytes


@dataclass(frozen=True)
class Running:
    """A server that answers: its port, and the process that started the others."""

    port: int
    pid: int

    def processes(self) -> list[int]:
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children")
        return [self.pid, *map(int, children.read_text().split())]


class Browser:
    """One connection kept open, cookies, forms. `address` is the loopback address that it calls from."""

    def __init__(self, port: int, *, address: str = "127.0.0.1") -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120, source_address=(address, 0))
        self._cookies: dict[str, str] = {}

    def get(self, path: str, headers: dict[str, str] | None = None) -> Answer:
        return self._call("GET", path, headers=headers)

    def post(self, path: str, fields: dict[str, str]) -> Answer:
        """With the token of a page that was opened before."""
        body = urlencode(fields | {"csrfmiddlewaretoken": self._cookies.get(settings.CSRF_COOKIE_NAME, "")})
        return self._call("POST", path, body, {"Content-Type": "application/x-www-form-urlencoded"})

    def close(self) -> None:
        self._connection.close()

    def _call(self, method: str, path: str, body: str | None = None, headers: dict[str, str] | None = None) -> Answer:
        cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        self._connection.request(method, path, body, {"Cookie": cookies, "Accept": "text/html"} | (headers or {}))
        answer = self._connection.getresponse()
        content = answer.read()
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = cookie.split(";")[0].partition("=")
            self._cookies[name] = value
        return Answer(answer.status, answer.headers.get("Location", ""), content)


@contextlib.contextmanager
def gunicorn(*, processes: int = 1, threads: int = 8, **environment: str) -> Iterator[Running]:
    """A server on a free port, with `environment` besides this process's own; ended at the end.

    Raises:
        CannotRun: it does not answer within a minute.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--worker-class", "gthread", "--workers",
               str(processes), "--threads", str(threads), "--keep-alive", "60", "--log-level", "warning",
               "django.core.wsgi:get_wsgi_application()"]
    process = subprocess.Popen(command, cwd=settings.BASE_DIR, env=os.environ | environment)
    try:
        _wait(port, process)
        yield Running(port, process.pid)
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
