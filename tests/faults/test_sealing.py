"""Sealer and PostgreSQL killed with SIGKILL at every step: what was acknowledged is there, and under one root (G1, BEY-2).

A log of its own with a PostgreSQL of its own. Each checkpoint that ever reached the disk, in the database or given out, is held
against all others: never two roots for one size, and each later tree begins with each earlier one. `SOAK=1` goes on for minutes.
"""

import contextlib
import itertools
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.conf import settings as django_settings

from audit import verifier
from audit.tree import Prover
from config import embedded
from tests.faults import points

# G1: 200 kills and 10,000 acknowledged events at least.
ROUNDS = 200 if os.environ.get("SOAK") else 0
WRITERS, KILLED = 3, -signal.SIGKILL
pytestmark = [pytest.mark.faults, pytest.mark.embedded]


class Log:
    """The log under fault; `roots` are all that were ever seen, by their size."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.journal, self.roots = folder, folder / "journal", {}
        without = {name for name in os.environ if name.startswith("DATABASE_")}
        self.nurse = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.sealing"], cwd=django_settings.BASE_DIR, text=True, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, env={name: value for name, value in os.environ.items() if name not in without} | {
                "DATA_DIR": str(folder)})

    def begin(self, *order: object) -> int:
        """The number of the process that does it."""
        self.nurse.stdin.write(" ".join(map(str, order)) + "\n")
        self.nurse.stdin.flush()
        return int(self.nurse.stdout.readline())

    def end(self) -> tuple[int, str]:
        status, _, said = self.nurse.stdout.readline().strip().partition(" ")
        return int(status), said

    def do(self, *order: object) -> tuple[int, str]:
        self.begin(*order)
        return self.end()

    def append(self, count: int) -> None:
        """At least so many, until the writers are killed in the middle of their work."""
        wanted = len(self.acknowledged()) + count
        writers = self.begin("append", WRITERS, self.journal)
        until = time.monotonic() + 60
        while len(self.acknowledged()) < wanted and time.monotonic() < until:
            time.sleep(0.01)
        os.kill(writers, signal.SIGKILL)
        assert self.end()[0] == KILLED

    def acknowledged(self) -> set[str]:
        with contextlib.suppress(FileNotFoundError):
            # A line that a kill cut off was not noted whole: it is not counted.
            return {line.strip() for line in self.journal.read_text().splitlines(keepends=True) if len(line) == 37}
        return set()

    def connect(self) -> psycopg.Connection:
        entry = embedded.connection_settings(self.folder, "postgres")
        return psycopg.connect(host=entry["HOST"], port=entry["PORT"], user="postgres", dbname=entry["NAME"],
                               passfile=entry["OPTIONS"]["passfile"], autocommit=True)

    def kill_postgres(self) -> None:
        os.kill(int((self.folder / "postgres" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)

    def look(self) -> None:
        """Take note of every checkpoint that stands anywhere now."""
        public = self.folder / "secrets" / "audit-signing.pem.pub"
        keys = [verifier.read_key(line) for line in public.read_text().split()] if public.exists() else []
        with self.connect() as connection:
            notes = [note for (note,) in connection.execute("SELECT signed_note FROM audit.checkpoint").fetchall()]
        with contextlib.suppress(FileNotFoundError):
            notes.append((self.folder / "secrets" / "audit-signing.pem.latest").read_text())
        for note in notes:
            seen = verifier.open_checkpoint(note, keys)
            assert self.roots.setdefault(seen.size, seen.root) == seen.root, f"two roots for {seen.size} events"


@pytest.fixture
def log() -> Iterator[Log]:
    folder = Path(tempfile.mkdtemp(prefix="sealing-"))
    log = Log(folder)
    try:
        assert log.do("prepare") == (0, "ready")
        yield log
    finally:
        log.nurse.stdin.close()
        log.nurse.wait(20)
        embedded.destroy(folder)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.req("AUD-1", "AUD-2", "BEY-2")
def test_nothing_acknowledged_is_lost_and_no_size_has_two_roots_whatever_is_killed(log):
    seed = int(os.environ.get("FAULT_SEED") or random.randrange(10**6))
    print(f"FAULT_SEED={seed}")
    chance = random.Random(seed)
    killed = []
    for point in [*points.SEALER, "postgres", *chance.choices([*points.SEALER, "postgres"], k=ROUNDS)]:
        log.append(chance.randrange(1, 400 if ROUNDS else 40))
        if point == "postgres":
            kill_postgres_under_writers(log, chance)
        else:
            (points.folder_of(log.folder) / point).touch()
            assert log.do("seal")[0] == KILLED, f"{point} was not passed"
        log.look()
        killed.append(point)
        if chance.random() < 0.5:
            # Sometimes the next sealer goes on from there at once, sometimes the next death comes before.
            status, said = log.do("seal")
            assert status == 0, (point, said)
            log.look()
    assert log.do("seal")[0] == 0
    log.look()
    status, said = log.do("verify")
    assert status == 0, said
    events, unsealed, checkpoints = map(int, said.split())
    assert (unsealed, checkpoints) == (0, len(log.roots))
    with log.connect() as connection:
        sealed = [str(id) for (id,) in connection.execute("SELECT id FROM audit.sealed_leaf").fetchall()]
    assert len(sealed) == len(set(sealed)) == events
    assert log.acknowledged() <= set(sealed)
    assert len(log.acknowledged()) > len(points.SEALER)
    each_tree_begins_with_the_one_before(log)
    print(f"killed {killed}; {events} events, {len(log.acknowledged())} acknowledged, {checkpoints} checkpoints")


def kill_postgres_under_writers(log: Log, chance: random.Random) -> None:
    """In the middle of appends. The writers see it go; the server is started again as after any crash."""
    before = len(log.acknowledged())
    log.begin("append", WRITERS, log.journal)
    until = time.monotonic() + 60
    while len(log.acknowledged()) < before + chance.randrange(5, 50) and time.monotonic() < until:
        time.sleep(0.005)
    log.kill_postgres()
    status, said = log.end()
    assert (status, said) == (0, "the database is gone")
    embedded.start(log.folder, durable=False)


def each_tree_begins_with_the_one_before(log: Log) -> None:
    with log.connect() as connection:
        def read(level: int, start: int, count: int) -> list[bytes]:
            table, column = ("sealed_leaf", "leaf") if level == 0 else ("node", "hash")
            of_level = "" if level == 0 else f"level = {level} AND "
            return [bytes(hash) for (hash,) in connection.execute(
                f"SELECT {column} FROM audit.{table} WHERE {of_level}index >= %s AND index < %s ORDER BY index",
                [start, start + count]).fetchall()]

        sizes = sorted(log.roots)
        for old, new in itertools.pairwise(sizes):
            verifier.check_consistency(old, log.roots[old], new, log.roots[new], Prover(new, read).consistency(old))
