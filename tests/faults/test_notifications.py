"""What fails between a read and its mail: killed senders, dead mail servers, lost brokers (G7). Real SMTP, real processes."""

import os
import signal
import smtplib
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest
from celery import Celery
from django.conf import settings as django_settings
from django.db import connections

from alerts import notifications, tasks
from alerts.models import Notification, NotificationStatus
from tests.faults.mail_server import free_port, mail_server

pytestmark = [pytest.mark.usefixtures("database"), pytest.mark.faults]


def start_sender(port: int) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.faults.sender", connections["default"].settings_dict["NAME"], str(port)],
        cwd=django_settings.BASE_DIR)


def after_the_lease() -> datetime:
    return datetime.now(UTC) + notifications.LEASE + timedelta(seconds=1)


@pytest.mark.req("ALR-5")
def test_a_mail_leaves_within_two_seconds_of_its_read(watch, load_read, port):
    watch()
    with mail_server(port) as mailbox:
        started = time.monotonic()
        load_read()
        tasks.send_waiting()
        assert len(mailbox.messages) == 1
        assert time.monotonic() - started < 2
    assert "XYZ1234" in mailbox.messages[0].get_payload(decode=True).decode()


@pytest.mark.req("ALR-5")
def test_a_sender_killed_after_the_server_took_the_mail_repeats_it_under_the_same_id(watch, load_read, port):
    watch()
    load_read()
    with mail_server(port) as mailbox:
        sender = start_sender(port)
        mailbox.before_answer = lambda: os.kill(sender.pid, signal.SIGKILL)
        assert sender.wait(60) == -signal.SIGKILL
        assert Notification.objects.get().status == NotificationStatus.WAITING
        mailbox.before_answer = lambda: None
        assert notifications.send_batch(now=datetime.now(UTC)) == 0
        assert notifications.send_batch(now=after_the_lease()) == 1
    assert len(mailbox.messages) == 2
    assert len(set(mailbox.message_ids)) == 1
    assert Notification.objects.get().status == NotificationStatus.SENT


@pytest.mark.req("ALR-5")
def test_a_sender_killed_before_it_spoke_loses_nothing(watch, load_read, port):
    watch()
    load_read()
    with mail_server(port) as mailbox:
        sender = start_sender(port)
        mailbox.on_hello = lambda: os.kill(sender.pid, signal.SIGKILL)
        assert sender.wait(60) == -signal.SIGKILL
        mailbox.on_hello = lambda: None
        assert notifications.send_batch(now=after_the_lease()) == 1
    assert len(mailbox.messages) == 1
    assert Notification.objects.get().status == NotificationStatus.SENT


@pytest.mark.req("ALR-5")
def test_two_senders_at_once_send_each_mail_once(watch, load_read, port):
    watch()
    for _ in range(20):
        load_read()
    with mail_server(port) as mailbox:
        senders = [start_sender(port), start_sender(port)]
        for sender in senders:
            assert sender.wait(60) == 0
        while notifications.send_batch(now=datetime.now(UTC)):
            pass
    assert len(mailbox.messages) == len(set(mailbox.message_ids)) == 20


@pytest.mark.req("ALR-5")
def test_a_mail_server_that_was_away_gets_everything_once_it_is_back(watch, load_read, port, officer2):
    watch(scope="users", users=[officer2])
    load_read()
    assert notifications.send_batch(now=datetime.now(UTC)) == 2
    waiting = Notification.objects.all()
    assert {(row.status, row.last_error) for row in waiting} == {("waiting", "ConnectionRefusedError")}
    with mail_server(port) as mailbox:
        back = max(row.next_attempt_at for row in waiting)
        assert back - datetime.now(UTC) < timedelta(seconds=10)
        assert notifications.send_batch(now=back) == 2
    assert len(set(mailbox.message_ids)) == 2


@pytest.mark.req("ALR-5")
def test_a_server_that_takes_the_mail_and_drops_the_line_gets_it_again_under_the_same_id(watch, load_read, port):
    watch()
    load_read()
    with mail_server(port) as mailbox:
        def drop() -> None:
            raise ConnectionAbortedError

        mailbox.before_answer = drop
        notifications.send_batch(now=datetime.now(UTC))
        waiting = Notification.objects.get()
        assert waiting.status == NotificationStatus.WAITING
        mailbox.before_answer = lambda: None
        notifications.send_batch(now=waiting.next_attempt_at)
    assert len(mailbox.messages) == 2
    assert len(set(mailbox.message_ids)) == 1


@pytest.mark.req("ALR-5")
def test_without_a_broker_the_loading_stands_and_the_sweeper_sends(watch, load_read, port, monkeypatch, caplog):
    """The broker's port is closed: waking fails at once, and nothing that is committed is undone."""
    lost = Celery("lost", broker=f"redis://127.0.0.1:{free_port()}/0", set_as_current=False)
    lost.conf.broker_transport_options = django_settings.REDIS_TRANSPORT
    monkeypatch.setattr(tasks, "send_waiting", lost.task(name="alerts.tasks.send_waiting")(tasks.send_waiting.run))
    watch()
    started = time.monotonic()
    load_read()
    assert time.monotonic() - started < 2
    assert "no sender was woken" in caplog.text
    with mail_server(port) as mailbox:
        tasks.send_waiting.run()
    assert len(mailbox.messages) == 1


@pytest.mark.req("ALR-5")
def test_a_wake_that_is_lost_costs_time_alone(watch, load_read, port, monkeypatch):
    monkeypatch.setattr(tasks.send_waiting, "apply_async", lambda **options: None)
    watch()
    load_read()
    with mail_server(port) as mailbox:
        tasks.send_waiting()
    assert len(mailbox.messages) == 1


def test_the_mail_server_of_these_tests_is_a_real_one(port):
    with mail_server(port), smtplib.SMTP("127.0.0.1", port) as client:
        assert client.noop()[0] == 250
