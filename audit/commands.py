"""Commands on the record: which was run, and on which account of the machine, before it does anything (AUD-1)."""

import contextlib
import getpass
from collections.abc import Iterator
from typing import Any

import psycopg

from audit import canonical
from audit.context import Actor, acting
from audit.events import Kind
from audit.record import facts, record_durably


@contextlib.contextmanager
def command_run(command: str, *, using: str = "default", **details: Any) -> Iterator[None]:
    """Record that a command is run, and let what happens inside be its doing.

    Args:
        command: its name.
        using: the login that the command has.
        details: what it was told; never a plate or a secret.

    Raises:
        AuditUnavailable: the log cannot be written, so the command must not run.
    """
    with by_hand():
        record_durably(Kind.COMMAND_RUN, using=using, command=command, **details)
        yield


def record_by(administrator: psycopg.Connection, command: str) -> None:
    """Record a command that an administrator of the server ran, who has no other login, where there is a log already."""
    if administrator.execute("SELECT to_regprocedure('audit.append(text, text)')").fetchone() == (None,):
        return
    with by_hand():
        said = facts(actor=None, on_behalf_of="", plate="", state="", reason="", query=None, details={"command": command})
        administrator.execute("SELECT FROM audit.append(%s, %s)", [Kind.COMMAND_RUN.value, canonical.text(said)])


@contextlib.contextmanager
def by_hand() -> Iterator[None]:
    """What happens inside is the doing of whoever runs a command, by their account on the machine."""
    with acting(Actor(id=None, name=f"command:{_account()}")):
        yield


def _account() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
