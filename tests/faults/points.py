"""Named points at which a process of a fault run dies: armed by a file of that name, which the process that dies takes away.

The service knows nothing of them: its functions are wrapped here, in the child processes alone.
"""

import os
import signal
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import wraps
from pathlib import Path
from typing import Any

# In the sender: a mail claimed, taken by the server and not marked, marked. In the loader: photos written, rows stored and not
# committed, committed and nobody woken. In the activation: committed and not matched back. In the sealer: the lock taken, events
# taken from the queue, the root signed, all stored and not committed, committed and not given out, given out halfway, given out.
SENDER = ("claimed", "taken", "marked")
LOADER = ("photos", "stored", "committed")
ACTIVATION = ("activated",)
SEALER = ("locked", "queue_taken", "signed", "sealed_uncommitted", "sealed", "half_given", "given_out")
# On the way from a read to its mail.
OF_ALERTS = (*SENDER, *LOADER, *ACTIVATION)


def folder_of(data_dir: Path) -> Path:
    return data_dir / "points"


def die_if_armed(name: str) -> None:
    try:
        (folder_of(Path(os.environ["DATA_DIR"])) / name).unlink()
    except FileNotFoundError:
        return
    os.kill(os.getpid(), signal.SIGKILL)


def install() -> None:
    """Wrap the service's functions, and make its leases and pauses short."""
    from alerts import entries, matching, notifications
    from lpr import deliveries, loading

    notifications.LEASE, notifications.LEASE_RESERVE = timedelta(seconds=6), timedelta(seconds=2)
    notifications.FIRST_PAUSE, notifications.LONGEST_PAUSE = timedelta(seconds=0.5), timedelta(seconds=2)
    matching.RESUME_AFTER = timedelta(seconds=2)
    _after(notifications, "_take", "claimed")
    _before(notifications, "_sent", "taken")
    _after(notifications, "_sent", "marked")
    _after(deliveries, "_keep_photos", "photos")
    _after(deliveries, "_keep_account", "stored")
    _before(matching, "wake", "committed")
    _before(entries, "_matched_back", "activated")
    # The loader knows the function that wakes by the matcher it was given.
    loading.matchers[:] = [replace(matching.MATCHER, after_commit=matching.wake)]


def install_in_sealer() -> None:
    from audit import seals, signing

    _before(seals, "_seal_and_give_out", "locked")
    _after(seals, "_take", "queue_taken")
    _after(signing, "sign", "signed")
    _after(seals, "_store", "sealed_uncommitted")
    _before(seals, "_give_out", "sealed")
    _before(Path, "replace", "half_given")
    _after(seals, "_give_out", "given_out")


def _before(room: Any, name: str, point: str) -> None:
    real: Callable[..., Any] = getattr(room, name)

    @wraps(real)
    def watched(*args: Any, **options: Any) -> Any:
        die_if_armed(point)
        return real(*args, **options)

    setattr(room, name, watched)


def _after(room: Any, name: str, point: str) -> None:
    real: Callable[..., Any] = getattr(room, name)

    @wraps(real)
    def watched(*args: Any, **options: Any) -> Any:
        done = real(*args, **options)
        die_if_armed(point)
        return done

    setattr(room, name, watched)
