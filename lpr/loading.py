"""Storing reads: one transaction in which new reads are stored and matched (DAT-3, DAT-4)."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Matcher:
    """What matches new reads inside the statement that stores them.

    `ctes` is SQL that follows `stored` (plate, state, captured_at, record_id: the rows just stored) and `incoming`
    (all columns of the delivery); `count` is the expression that counts its hits; `after_commit` wakes the senders.
    """

    ctes: str
    count: str
    after_commit: Callable[[], None]


matchers: list[Matcher] = []
