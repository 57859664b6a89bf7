"""A source that falls silent is told to operations staff once, and the alarm ends when its reads come again."""

import threading
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connections

from lpr import silence, tasks
from lpr.models import SilenceAlarm

pytestmark = [pytest.mark.usefixtures("database"), pytest.mark.req("BEY-8")]
HOUR = timedelta(hours=1)


@pytest.fixture
def silent(source, now):
    """A source that was added the day before yesterday, and never sent a read."""
    source.created_at = now - 48 * HOUR
    source.save()
    return source


def test_a_silent_source_is_told_once_and_ends_when_it_is_heard(source, operator, load_read, now, events):
    load_read(captured_at=now)
    assert silence.watch(now=now + 23 * HOUR) == 0
    assert [silence.watch(now=now + 25 * HOUR) for _ in range(2)] == [1, 0]
    [message] = mail.outbox
    assert message.to == [operator.email]
    assert f"{source.label} ({source.name})" in message.body
    assert "24 hours" in message.body
    load_read(captured_at=now + 25 * HOUR, now=now + 25 * HOUR)
    assert silence.watch(now=now + 26 * HOUR) == 0
    assert not SilenceAlarm.objects.exists()
    assert [len(events(kind)) for kind in ("source.silent", "source.heard")] == [1, 1]
    assert silence.watch(now=now + 60 * HOUR) == 1


def test_a_new_source_has_its_hours_before_it_is_missed(source, operator, events):
    assert silence.watch(now=source.created_at + 23 * HOUR) == 0
    assert silence.watch(now=source.created_at + 25 * HOUR) == 1
    assert "since it was added" in mail.outbox[0].body
    assert len(events("source.silent")) == 1


def test_each_source_has_its_own_limit_and_one_that_is_off_is_not_missed(make_source, operator, load_read, now):
    for name, fields in (("quick", {"silent_after_hours": 2}), ("slow", {"silent_after_hours": 200})):
        load_read(source=make_source(name, **fields), captured_at=now)
    make_source("off", is_active=False)
    load_read(captured_at=now)
    assert silence.watch(now=now + 3 * HOUR) == 1
    assert "quick" in mail.outbox[0].subject


def test_two_schedulers_at_once_tell_once_and_one_that_dies_in_between_loses_nothing(silent, operator, now, monkeypatch):
    real = silence.mail

    def meanwhile(*arguments, **options):
        other = threading.Thread(target=lambda: (told.append(silence.watch(now=now)), connections.close_all()))
        other.start()
        other.join(20)
        real(*arguments, **options)

    def die(*arguments, **options):
        raise SystemExit

    told = []
    monkeypatch.setattr(silence, "mail", die)
    with pytest.raises(SystemExit):
        silence.watch(now=now)
    monkeypatch.setattr(silence, "mail", meanwhile)
    told.append(silence.watch(now=now))
    assert told == [0, 1]
    assert len(mail.outbox) == 1


def test_a_mail_server_that_is_down_is_asked_again(silent, operator, now, settings):
    settings.EMAIL_BACKEND, settings.EMAIL_PORT = "django.core.mail.backends.smtp.EmailBackend", 9
    assert silence.watch(now=now) == 0
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    tasks.watch_sources()
    assert len(mail.outbox) == 1
