"""A command on the record: who ran it on which account of the machine, before it does anything (AUD-1)."""

import contextlib
import getpass
from collections.abc import Iterator
from typing import Any

from audit.context import Actor, acting
from audit.events import Kind
from audit.record import record_durably


@contextlib.contextmanager
def command_run(command: str, **details: Any) -> Iterator[None]:
    """Record that a command is run, and let what happens inside be its doing.

    Args:
        command: its name.
        details: what it was told; never a plate or a secret.

    Raises:
        AuditUnavailable: the log cannot be written, so the command must not run.
    """
    with acting(Actor(id=None, name=f"command:{_account()}")):
        record_durably(Kind.COMMAND_RUN, command=command, **details)
        yield


def _account() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
