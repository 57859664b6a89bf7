"""A state machine over hits on their way to a reader: choices change, senders die, clocks differ, entries are removed.

Whatever happens, each hit whose entry lives arrives; none arrives under two Message-IDs; a Message-ID always tells of the same.
"""

import smtplib
from collections import defaultdict
from datetime import datetime, timedelta
from itertools import count, pairwise
from typing import Any
from unittest import mock
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from alerts import digests, entries, notifications
from alerts.models import AlertList, Collapse, Frequency, Notification
from tests.factories.alerts import prepared, store_now

NUMBERS = count()
MINUTE = timedelta(minutes=1)


class Died(BaseException):
    """A sender that is killed: nothing catches it."""


class LifeOfAMail(RuleBasedStateMachine):
    """`watch`, `source`, `owner` and `start` are set by the test."""

    watch: Any
    source: Any
    owner: Any
    start: datetime

    @initialize()
    def begin(self) -> None:
        Notification.objects.all().delete()
        self.now = self.start
        self.entries = [self.watch(plate=f"MAIL{next(NUMBERS)}") for _ in range(2)]
        # By Message-ID the intents of each mail that the server took, in order of arrival.
        self.arrived: dict[str, list[set[UUID]]] = defaultdict(list)
        self.deaths = 0

    @rule(which=st.integers(0, 1), north=st.booleans())
    def a_plate_is_seen(self, which: int, north: bool) -> None:
        if which < len(self.entries):
            store_now(self.source, prepared(plate=self.entries[which].plate)._replace(latitude_e6=40_500_000 + north * 50_000))
            Notification.objects.filter(attempts=0, letter=None).update(created_at=self.now, next_attempt_at=self.now)

    @rule(frequency=st.sampled_from(Frequency.values))
    def the_reader_chooses(self, frequency: str) -> None:
        digests.choose(user=self.owner, frequency=frequency, now=self.now)

    @rule(minutes=st.sampled_from(Collapse.values))
    def the_owner_collapses(self, minutes: int) -> None:
        AlertList.objects.update(collapse_minutes=minutes)

    @rule(minutes=st.sampled_from([1, 3, 14, 61, 24 * 60]))
    def time_passes(self, minutes: int) -> None:
        self.now += minutes * MINUTE

    @rule(behind=st.sampled_from([0, 0, 2, 20]))
    def a_sender_runs(self, behind: int) -> None:
        self._send(self.now - behind * MINUTE)

    @rule(dies=st.sampled_from(["before", "after"]))
    def a_sender_dies(self, dies: str) -> None:
        """Before or after the server took its first mail."""
        try:
            self._send(self.now, dies=dies)
        except Died:
            self.deaths += 1

    @rule(error=st.sampled_from([smtplib.SMTPDataError(451, b"later"), ConnectionRefusedError()]))
    def the_mail_server_fails(self, error: Exception) -> None:
        self._send(self.now, error)

    @precondition(lambda self: len(self.entries) > 1)
    @rule()
    def the_owner_removes(self) -> None:
        entries.remove(entry=self.entries.pop(), by=self.owner, now=self.now)

    def teardown(self) -> None:
        if not hasattr(self, "arrived"):
            return
        for _ in range(6):
            self.now += timedelta(days=1)
            self._send(self.now)
        told: dict[UUID, set[str]] = defaultdict(set)
        for message_id, mails in self.arrived.items():
            # Later copies tell of the same, but for what was removed in between.
            assert all(later <= earlier for earlier, later in pairwise(mails)), message_id
            for intent in mails[0]:
                told[intent].add(message_id)
        assert all(len(ids) == 1 for ids in told.values())
        assert set(Notification.objects.values_list("pk", flat=True)) <= set(told)
        assert not Notification.objects.exclude(status="sent").exists()
        assert sum(len(mails) - 1 for mails in self.arrived.values()) <= self.deaths

    def _send(self, now: datetime, error: Exception | None = None, dies: str = "") -> None:
        taken: list[Any] = []
        deliver, mark = notifications._deliver, notifications._sent

        class Line(notifications._Line):
            def send(self, message: Any) -> None:
                if dies == "before":
                    raise Died
                if error:
                    raise error
                taken.append(message)

        def delivered(letter: Any, line: Any, at: datetime) -> None:
            before = len(taken)
            try:
                deliver(letter, line, at)
            finally:
                for message in taken[before:]:
                    self.arrived[message.extra_headers["Message-ID"]].append({intent.pk for intent in letter.intents})

        def marked(letter: Any, at: datetime) -> None:
            if dies == "after":
                raise Died
            mark(letter, at)

        with mock.patch.multiple(notifications, _Line=Line, _deliver=delivered, _sent=marked):
            while notifications.send_batch(now=now):
                pass


@pytest.mark.req("ALR-5", "ALR-8", "BEY-9")
@pytest.mark.usefixtures("database")
def test_whatever_happens_each_hit_arrives_and_a_message_id_means_one_mail(watch, source, officer, now):
    machine = type("Life", (LifeOfAMail,), {"watch": staticmethod(watch), "source": source, "owner": officer, "start": now})
    run_state_machine_as_test(machine, settings=settings(
        max_examples=25, stateful_step_count=20, deadline=None, derandomize=True, database=None,
        suppress_health_check=list(HealthCheck)))
