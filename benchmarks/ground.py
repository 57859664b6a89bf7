"""Where a benchmark stands: a database of its own on the durable embedded PostgreSQL, gone when it is over."""

import contextlib
import fcntl
from collections.abc import Iterator

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.db import connections

from benchmarks.measure import CannotRun
from config import databases, embedded


@contextlib.contextmanager
def server() -> Iterator[None]:
    """The embedded server, started if it was not running, and then ended with the run.

    Raises:
        CannotRun: another server is set, this one does not wait for the disk, or another run of benchmarks is under way.
    """
    if not databases.is_embedded():
        raise CannotRun("Benchmarks run on the embedded PostgreSQL: unset DATABASE_URL.")
    settings.DATA_DIR.mkdir(parents=True, exist_ok=True)
    with open(settings.DATA_DIR / "bench.lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotRun(f"Another run of benchmarks uses {settings.DATA_DIR}.") from None
        was_running = embedded.is_running(settings.DATA_DIR)
        databases.ensure_running()
        try:
            _refuse_careless()
            yield
        finally:
            if not was_running:
                embedded.stop(settings.DATA_DIR)


@contextlib.contextmanager
def database(name: str) -> Iterator[str]:
    """The service's database under the name `bench_<name>`, migrated and with its first records; dropped at the end."""
    name = f"bench_{name}"
    _use(name)
    databases.drop(name)
    try:
        databases.prepare(name)
        call_command("install_first_records", verbosity=0)
        yield name
    finally:
        _use(name)
        databases.drop(name)


def session(role: str) -> psycopg.Connection:
    """A session of `role` in the benchmark's database, committing each statement; the caller closes it."""
    entry = embedded.connection_settings(settings.DATA_DIR, role, settings.DATABASES["default"]["NAME"])
    return psycopg.connect(host=entry["HOST"], port=entry["PORT"], user=role, dbname=entry["NAME"],
                           passfile=entry["OPTIONS"]["passfile"], autocommit=True)


def settle() -> None:
    """After bulk work: statistics for the planner, and no write-back of ours left to disturb what is measured."""
    with session("postgres") as admin:
        admin.execute("VACUUM (ANALYZE)")
        admin.execute("CHECKPOINT")


def _refuse_careless() -> None:
    """A test run starts the server without waiting for the disk, which would make every commit look cheap."""
    with databases.administrator("postgres") as admin:
        (fsync,) = admin.execute("SHOW fsync").fetchone() or ("",)
    if fsync != "on":
        raise CannotRun(f"The PostgreSQL of {settings.DATA_DIR} was started by a test run and does not wait for the disk:"
                        " choose another DATA_DIR.")


def _use(name: str) -> None:
    for alias in connections:
        connections[alias].close()
        connections[alias].settings_dict["NAME"] = settings.DATABASES[alias]["NAME"] = name
