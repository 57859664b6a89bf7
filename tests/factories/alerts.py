"""Alerts for tests, added as a person adds them; and batches for the loader where a test has to hold one open."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from django.db import connections

from accounts import months
from accounts.models import User
from alerts import entries
from alerts.models import Entry
from lpr.loading import PreparedRead, Stored, store
from lpr.models import Source
from lpr.wordbook import Place

CASE = "Subject name John Doe, case number 12345678"
PLACE = Place("OH", "America/New_York", "12 Main St", "Main St & 2nd Ave", False)


def a_year_after(moment: datetime, zone: str = "America/New_York") -> datetime:
    """The same day and hour of the next year, by the clocks of an area."""
    return months.after(moment.astimezone(ZoneInfo(zone)), 12)


@pytest.fixture
def watch(officer: User) -> Callable[..., Entry]:
    """`watch(**fields)`: a single-plate alert of `officer`, or of `owner`, on XYZ1234 of Ohio."""

    def add(**fields: Any) -> Entry:
        whole = {"owner": officer, "plate": "XYZ-1234", "state": "OH", "reason": "CRIM", "case_reference": CASE,
                 "now": datetime.now(UTC)}
        return entries.add(**whole | fields)

    return add


def prepared(*, plate: str = "XYZ1234", state: str = "OH", record_id: UUID | None = None,
             captured_at: datetime | None = None) -> PreparedRead:
    """A checked read without photos, as the loader's statement takes it."""
    return PreparedRead(record_id or uuid4(), os.urandom(16), plate, state, captured_at or datetime.now(UTC), 39_961_200,
                        -82_998_800, "Gate 4", "Ford", "F-150", PLACE, 97, False)


def store_now(source: Source, *reads: PreparedRead) -> Stored:
    now = datetime.now(UTC)
    return store(source=source, reads=reads, received_at=now, now=now)


@contextmanager
def loading_held_open(source: Source, *reads: PreparedRead) -> Iterator[Callable[[], None]]:
    """A loader in a thread of its own that has stored and matched, and commits when the yielded function is called."""
    stored, go_on = threading.Event(), threading.Event()
    failed: list[BaseException] = []

    def hold(outcome: Stored) -> None:
        stored.set()
        go_on.wait(20)

    def load() -> None:
        try:
            now = datetime.now(UTC)
            store(source=source, reads=reads, received_at=now, now=now, beside=hold)
        except BaseException as error:
            failed.append(error)
        finally:
            stored.set()
            connections.close_all()

    loader = threading.Thread(target=load)
    loader.start()
    try:
        assert stored.wait(20)
        yield go_on.set
    finally:
        go_on.set()
        loader.join(20)
    assert not failed, failed
