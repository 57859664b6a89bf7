"""What is told of a plate in the moment of its removal is removed with it: the two wait for each other (ALR-8)."""

import threading
import time

import pytest
from django.db import connections, transaction

from alerts import deconfliction, entries, sharing
from alerts.models import Hit, Notification

pytestmark = [pytest.mark.usefixtures("database"), pytest.mark.req("ALR-8", "ALR-10")]


def removal_that_waits(entry, owner, now) -> threading.Thread:
    """A removal in a thread of its own, which has come as far as it can."""

    def remove() -> None:
        try:
            entries.remove(entry=entry, by=owner, now=now)
        finally:
            connections.close_all()

    thread = threading.Thread(target=remove)
    thread.start()
    time.sleep(0.3)
    assert thread.is_alive()
    return thread


def test_a_hit_that_is_shown_to_others_meanwhile(watch, load_read, officer, officer2, now, monkeypatch):
    entry, waiting = watch(), []
    load_read()
    record = sharing.record

    def record_late(*kind, **facts):
        waiting.append(removal_that_waits(entry, officer, now))
        return record(*kind, **facts)

    monkeypatch.setattr(sharing, "record", record_late)
    hit = Hit.objects.get()
    assert sharing.show_hit(hit=hit, by=officer, users=[officer2], now=now) == 1
    waiting[0].join(20)
    assert not Notification.objects.exists()
    with pytest.raises(Hit.DoesNotExist):
        sharing.show_hit(hit=hit, by=officer, users=[officer2], now=now)


def test_a_plate_that_another_user_adds_meanwhile(watch, officer, officer2, now):
    theirs, own = watch(owner=officer2), watch()
    Notification.objects.all().delete()
    with transaction.atomic():
        assert deconfliction.plan(entries=[own], owner=officer, now=now) == 1
        waiting = removal_that_waits(theirs, officer2, now)
    waiting.join(20)
    assert not Notification.objects.exists()
    assert deconfliction.plan(entries=[own], owner=officer, now=now) == 0
