"""A log with two months that are past their retention, sealed."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

import pytest

from accounts.models import User
from audit import context, seals
from audit.models import MonthsEnd
from audit.retention import months
from tests.factories import old_log


@dataclass(frozen=True)
class Old:
    """Two months by their first days, with 3 and 2 events."""

    january: date
    february: date
    ids: list[str]

    @property
    def both(self) -> list[date]:
        return [self.january, self.february]


def seal(now: datetime) -> None:
    """Until nothing waits: another sealer may be at work, and then ours has nothing to do."""
    while old_log.rows("SELECT FROM audit.unsealed LIMIT 1"):
        list(seals.seal_all(now=now))


@pytest.fixture
def old(database: None, now: datetime) -> Old:
    year = now.year - 8
    ids = [*old_log.fill(datetime(year, 1, 10, tzinfo=UTC), 3), *old_log.fill(datetime(year, 2, 20, tzinfo=UTC), 2)]
    seal(now)
    return Old(date(year, 1, 1), date(year, 2, 1), ids)


def act(person: User, door, **said) -> None:
    """As the person on the page."""
    with context.acting(context.actor_of(person)):
        door(by=person, **said)


def announced(old: Old, operator: User, now: datetime) -> MonthsEnd:
    act(operator, months.announce, months=old.both, now=now)
    seal(now)
    return months.current()


def approved(old: Old, appointer: User, operator: User, now: datetime) -> MonthsEnd:
    end = announced(old, operator, now)
    for person in (appointer, operator):
        act(person, months.approve, announcement=end.announced, now=now)
    seal(now)
    return months.current()


@pytest.fixture
def gone(old: Old, appointer: User, operator: User, now: datetime) -> Old:
    """Both months are dropped as they should be."""
    approved(old, appointer, operator, now)
    assert months.drop_approved(now=now) == 2
    seal(now)
    return old
