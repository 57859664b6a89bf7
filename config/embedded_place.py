"""Where everything of one data folder's embedded PostgreSQL is, and which folders it leaves alone.

Split from `config/embedded.py`, which acts on it. A folder is refused with one sentence before anything in it changes.
"""

import contextlib
import errno
import fcntl
import hashlib
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config import embedded_programs
from config.embedded_programs import SYSTEM_ROOT, EmbeddedError

MARKER = "PLATELEDGER"
# Where root's clusters lie. The tests put theirs into memory: a clone for each test is a thousand small files.
CLUSTERS = Path(os.environ.get("EMBEDDED_CLUSTERS", SYSTEM_ROOT / "clusters"))
MAJOR_VERSION = "18"
PORT = "5432"  # no TCP port is opened: the number is only part of the socket's file name
SOCKET_NAMES = (f".s.PGSQL.{PORT}", f".s.PGSQL.{PORT}.lock")
LONGEST_SOCKET_PATH = 103  # bytes; macOS allows 103, Linux 107
LEAST_FREE_BYTES = 300 * 1024 * 1024

# libpq reads a comma in a host as a list, and so does PostgreSQL in a socket folder: other paths get a plain one.
PLAIN_PATH = re.compile(r"/[\w./+-]+", re.ASCII)


@dataclass(frozen=True)
class Place:
    """Where everything of one data folder is; worked out from its path alone, so that settings may ask at import."""

    folder: Path
    digest: str
    as_root: bool
    socket_dir: Path

    @property
    def entry(self) -> Path:
        return self.folder / "postgres"

    @property
    def cluster(self) -> Path:
        """The cluster itself; a folder that an ordinary user made stays where it is when root starts it."""
        if self.as_root and (self.entry.is_symlink() or not self.entry.exists()):
            return CLUSTERS / self.digest
        return self.entry

    @property
    def marker(self) -> Path:
        return self.cluster / MARKER

    @property
    def passfile(self) -> Path:
        return self.folder / "secrets" / "pgpass"

    @property
    def log(self) -> Path:
        return self.folder / "postgres.log"

    @property
    def tag(self) -> str:
        """The cluster name, by which the server's processes are told from all others."""
        return f"plateledger-{self.digest}"

    def identity(self) -> dict[str, Any]:
        """Arguments for subprocess that make it run as the cluster's owner; empty for an ordinary user."""
        if not self.as_root:
            return {}
        if self.cluster.exists():
            owner = self.cluster.stat()
            uid, gid = owner.st_uid, owner.st_gid
        else:
            uid, gid = embedded_programs.account()
        if uid == 0:
            raise EmbeddedError(
                f"{self.cluster} belongs to root, but PostgreSQL does not run as root: give it another owner."
            )
        return {"user": uid, "group": gid, "extra_groups": []}


def locate(data_dir: Path) -> Place:
    folder = Path(os.path.abspath(data_dir))
    digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    socket_dir = folder / "postgres"
    if os.geteuid() == 0:
        socket_dir = SYSTEM_ROOT / "run" / digest
    elif not PLAIN_PATH.fullmatch(str(socket_dir)) or len(str(socket_dir / SOCKET_NAMES[0])) > LONGEST_SOCKET_PATH:
        # Safe in a folder open to all, since the server refuses one that is not its own and closed to others.
        socket_dir = Path(f"/tmp/plateledger-{os.geteuid()}-{digest}")  # noqa: S108  # nosec B108
    return Place(folder=folder, digest=digest, as_root=os.geteuid() == 0, socket_dir=socket_dir)


@contextlib.contextmanager
def locked(place: Place) -> Iterator[None]:
    """Let one process at a time start, stop or destroy; the lock ends with its process, however that ends."""
    with (place.folder / ".postgres.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def sentences(place: Place) -> Iterator[None]:
    """Turn what the operating system refuses into one sentence that a person can act on."""
    try:
        yield
    except OSError as problem:
        where = problem.filename or place.folder
        if problem.errno in (errno.ENOSPC, errno.EDQUOT):
            sentence = f"No space is left on the disk of {where}: free some space, or set DATA_DIR to another disk."
        elif problem.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            sentence = f"{where} is closed to this user: choose a DATA_DIR that you can write to."
        elif problem.errno in (errno.EEXIST, errno.ENOTDIR):
            sentence = f"{where} is in the way, where a folder is needed: move it, or choose another DATA_DIR."
        else:
            sentence = f"The embedded PostgreSQL cannot use {where}: {problem.strerror}."
        raise EmbeddedError(sentence) from problem


def refuse_unmarked(place: Place) -> None:
    if place.as_root and place.entry.is_symlink() and place.entry.readlink() != place.cluster:
        raise EmbeddedError(
            f"{place.entry} links to {place.entry.readlink()}, the database of another data folder: "
            f"move the data folder back to where it was, or choose another DATA_DIR."
        )
    if os.path.lexists(place.cluster) and not place.marker.exists():
        raise EmbeddedError(
            f"{place.cluster} was not made by PlateLedger and is left alone: choose another DATA_DIR, or move it."
        )


def refuse_foreign(place: Place) -> None:
    if (place.folder / "PG_VERSION").exists():
        raise EmbeddedError(f"{place.folder} is the cluster of another PostgreSQL server: choose another DATA_DIR.")
    refuse_unmarked(place)
    if not place.marker.exists():
        return
    if not place.as_root and place.cluster.stat().st_uid != os.geteuid():
        raise EmbeddedError(f"{place.cluster} belongs to another user: run as that user, or choose another DATA_DIR.")
    version = (place.cluster / "PG_VERSION").read_text().strip()
    if version != MAJOR_VERSION:
        raise EmbeddedError(
            f"{place.cluster} holds data of PostgreSQL {version}, but this program brings PostgreSQL {MAJOR_VERSION}: "
            f"use the release that made it, or empty the data folder with RESET=1."
        )


def refuse_full_disk(place: Place) -> None:
    for folder in (place.folder, place.cluster.parent):
        existing = next(path for path in (folder, *folder.parents) if path.exists())
        free = shutil.disk_usage(existing).free
        if free < LEAST_FREE_BYTES:
            raise EmbeddedError(
                f"Only {free // 2**20} MB are free on the disk of {existing}, and the database needs "
                f"{LEAST_FREE_BYTES // 2**20} MB: free some space, or set DATA_DIR to another disk."
            )
