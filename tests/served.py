"""The service behind a real gunicorn of several processes and threads, on a test's own database, with its hashes counted."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.db import connections

from benchmarks.serving import gunicorn

PROCESSES, THREADS = 2, 12


@dataclass(frozen=True)
class Server:
    port: int
    counted: Path

    def hashes(self) -> int:
        """How many passwords were hashed since the start, by whichever process."""
        return self.counted.stat().st_size if self.counted.exists() else 0


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[Server]:
    """The server with the settings of tests.served_settings, its files in `folder`; ended at the end."""
    counted = folder / "hashes"
    with gunicorn(processes=PROCESSES, threads=THREADS, DJANGO_SETTINGS_MODULE="tests.served_settings",
                  SERVED_DATABASE=connections["default"].settings_dict["NAME"], SERVED_HASHES=str(counted),
                  SERVED_FOLDER=str(folder)) as running:
        yield Server(running.port, counted)
