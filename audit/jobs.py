"""Files that a worker makes while nobody waits: claimed by one, taken up where one died, given up after some attempts (AUD-4,
AUD-13). The row is the truth; a broker that loses a message delays the file until the scheduler's next round, and nothing else.

A row has `state` (waiting, running, and what its room makes of it then), `stirred_at`, `progress` and `attempts`.
"""

import contextlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from celery import current_app
from django.db.models import F, Model, Q, QuerySet
from kombu.exceptions import OperationalError

DEAD_AFTER = timedelta(minutes=2)
MOST_ATTEMPTS = 3
WAITING, RUNNING = "waiting", "running"


def wake(task: str, row: Model | None = None) -> None:
    """Have a worker called to the task of this name, for `row` where it is about one."""
    with contextlib.suppress(OperationalError):
        current_app.send_task(task, [str(row.pk)] if row else [], retry=False)


def claim(rows: QuerySet, pk: UUID, *, now: datetime) -> bool:
    """Whether this worker has the row from now on: nobody was at it, or who was is dead."""
    return bool(rows.filter(_left(now) | Q(state=WAITING), pk=pk).update(
        state=RUNNING, stirred_at=now, progress=0, attempts=F("attempts") + 1))


def resume(rows: QuerySet, *, make: Callable[[UUID, datetime], None], fail: Callable[[Any, str], None], now: datetime) -> int:
    """Make what no worker took, and what a worker left; give up after MOST_ATTEMPTS. Returns how many were taken up.

    Args:
        rows: those worth making.
        make: makes the row of this number, which it claims first.
        fail: puts on record that a row was given up, and why.
    """
    left = rows.filter(_left(now))
    for row in left.filter(attempts__gte=MOST_ATTEMPTS):
        fail(row, "attempts")
    waiting = list(left.filter(attempts__lt=MOST_ATTEMPTS).values_list("pk", flat=True))
    for pk in waiting:
        make(pk, now)
    return len(waiting)


def _left(now: datetime) -> Q:
    """What nobody is at: the message was lost, or the worker died."""
    return Q(state__in=[WAITING, RUNNING], stirred_at__lte=now - DEAD_AFTER)
