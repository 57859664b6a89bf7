"""A broker that forgets what it was given, and gives out again what is still being done: the answer is the same (decision 2)."""

import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from celery import Celery
from django.conf import settings as django_settings
from django.db import connections
from redis import Redis
from redis.exceptions import ConnectionError as NotThere

from alerts import tasks
from alerts.models import Notification
from tests.faults.mail_server import free_port, mail_server

pytestmark = [pytest.mark.usefixtures("database"), pytest.mark.faults,
              pytest.mark.skipif(shutil.which("redis-server") is None, reason="needs redis-server")]


@pytest.fixture
def redis() -> Iterator[Redis]:
    port = free_port()
    server = subprocess.Popen(["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
                              stdout=subprocess.DEVNULL)
    client = Redis(port=port)
    try:
        wait(lambda: answers(client))
        yield client
    finally:
        client.close()
        server.kill()
        server.wait(10)


def answers(client: Redis) -> bool:
    try:
        return bool(client.ping())
    except NotThere:
        return False


def wait(is_reached: Callable[[], bool]) -> None:
    until = time.monotonic() + 40
    while not is_reached():
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.mark.req("ALR-5")
def test_a_flushed_broker_and_one_that_gives_out_again_what_takes_long_cost_no_mail_and_double_none(
        watch, load_read, port, redis, monkeypatch):
    redis_port = redis.connection_pool.connection_kwargs["port"]
    broker = Celery("broker", broker=f"redis://127.0.0.1:{redis_port}/0", set_as_current=False)
    broker.conf.broker_transport_options = django_settings.REDIS_TRANSPORT | {"visibility_timeout": 1}
    sender = broker.task(name="alerts.tasks.send_waiting")(tasks.send_waiting.run)
    monkeypatch.setattr(tasks, "send_waiting", sender)
    watch()
    load_read()
    assert redis.llen("celery") == 1
    redis.flushall()
    # The scheduler's next round.
    sender.apply_async(expires=15)
    given_out_again = []

    def outlast_the_broker() -> None:
        """The worker stands inside of its send, and the broker gives its task to another one, which does it to its end."""
        time.sleep(1.1)
        with broker.connection() as connection:
            connection.default_channel.qos.restore_visible()
            message = connection.SimpleQueue("celery").get(timeout=5)
            given_out_again.append(message.headers["task"])
            with ThreadPoolExecutor(1) as other_worker:
                other_worker.submit(do).result(20)
            message.ack()

    def do() -> None:
        tasks.send_waiting.run()
        connections.close_all()

    with mail_server(port) as mailbox:
        mailbox.before_answer = outlast_the_broker
        database = connections["default"].settings_dict["NAME"]
        worker = subprocess.Popen([sys.executable, "-m", "tests.faults.worker", database, str(port), str(redis_port)],
                                  cwd=django_settings.BASE_DIR, stderr=subprocess.DEVNULL)
        try:
            wait(lambda: Notification.objects.get().status == "sent")
        finally:
            worker.kill()
            worker.wait(10)
    assert given_out_again == ["alerts.tasks.send_waiting"]
    assert len(mailbox.messages) == 1
    assert Notification.objects.get().attempts == 1
