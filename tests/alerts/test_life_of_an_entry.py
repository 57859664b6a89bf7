"""A state machine over the life of one entry: clocks run, jump and go back, jobs come late or twice, its owner renews or removes.

The model is the requirement in a few lines; after each step rows and events must say the same as it does.
"""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from accounts.models import User
from alerts import entries, expiry
from alerts.models import Entry, EntryStatus, Notification, NotificationKind
from config import databases
from tests.factories.alerts import a_year_after

DAY = timedelta(days=1)
NUMBERS = count()


class LifeOfAnEntry(RuleBasedStateMachine):
    """`watch`, `owner` and `start` are set by the test."""

    watch: Callable[..., Entry]
    owner: User
    start: datetime

    def __init__(self) -> None:
        super().__init__()
        self.now = self.start
        self.entry = self.watch(plate=f"LIFE{next(NUMBERS)}", now=self.now)
        self.end = self.entry.valid_until
        self.is_there, self.has_ended, self.prompted = True, False, None
        self.events = Counter({"entry.added": 1})

    @rule(days=st.sampled_from([-30, -1, 1, 6, 8, 20, 180, 350]), hours=st.integers(0, 23))
    def time_passes(self, days: int, hours: int) -> None:
        self.now += timedelta(days=days, hours=hours)

    @rule(days=st.sampled_from([0, 7]), early=st.sampled_from([timedelta(0), timedelta(microseconds=1), timedelta(hours=1)]))
    def the_last_moment_comes(self, days: int, early: timedelta) -> None:
        """Of the entry's year, or of its week of grace: the next step happens then, or a moment before."""
        self.now = self.end + days * DAY - early

    @rule(again=st.booleans())
    def the_job_runs(self, again: bool) -> None:
        for _ in range(1 + again):
            expiry.age(now=self.now)
        if not self.is_there:
            return
        due = [days for days in (1, 7, 14) if self.end - days * DAY <= self.now < self.end + 7 * DAY]
        if due and (self.prompted is None or due[0] < self.prompted):
            self.prompted = due[0]
            self.events["entry.prompted"] += 1
        if not self.has_ended and self.now >= self.end:
            self.has_ended = True
            self.events["entry.expired"] += 1
        if self.now >= self.end + 7 * DAY:
            self.is_there = False
            self.events["entry.erased"] += 1

    @rule()
    def the_owner_renews(self) -> None:
        in_time = self.is_there and self.now < self.end + 7 * DAY
        try:
            entries.renew(entry=self.entry, by=self.owner, need_confirmed=True, note="Open.", now=self.now)
        except (entries.EntryNotFound, entries.GraceOver):
            assert not in_time
        else:
            assert in_time
            self.end, self.has_ended, self.prompted = a_year_after(self.now), False, None
            self.events["entry.renewed"] += 1

    @precondition(lambda self: self.is_there)
    @rule(really=st.sampled_from([False, False, True]))
    def the_owner_removes(self, really: bool) -> None:
        if really:
            entries.remove(entry=self.entry, by=self.owner, now=self.now)
            self.is_there = False
            self.events["entry.removed"] += 1

    @invariant()
    def rows_and_events_are_as_the_model_says(self) -> None:
        found = Entry.objects.filter(pk=self.entry.pk).first()
        assert (found is not None) == self.is_there
        told = Notification.objects.filter(entry_id=self.entry.pk)
        if found:
            assert (found.valid_until, found.prompted_days) == (self.end, self.prompted)
            assert found.status == (EntryStatus.EXPIRED if self.has_ended else EntryStatus.ACTIVE)
            assert not told.exclude(kind=NotificationKind.PROMPT).exists()
        else:
            assert not told.exists()
        assert self._recorded() == self.events

    def _recorded(self) -> Counter:
        with databases.administrator() as connection:
            return Counter(dict(connection.execute(
                "SELECT kind, count(*) FROM audit.event WHERE plate = %s AND kind LIKE 'entry.%%'"
                " AND kind <> 'entry.activation_resumed' GROUP BY kind", [self.entry.plate]).fetchall()))


@pytest.mark.req("ALR-7", "ALR-8", "ALR-9")
@pytest.mark.usefixtures("database")
def test_whatever_happens_an_entry_lives_as_required(watch, officer, now):
    machine = type("Life", (LifeOfAnEntry,), {"watch": staticmethod(watch), "owner": officer, "start": now})
    run_state_machine_as_test(machine, settings=settings(
        max_examples=25, stateful_step_count=20, deadline=None, derandomize=True, database=None,
        suppress_health_check=list(HealthCheck)))
