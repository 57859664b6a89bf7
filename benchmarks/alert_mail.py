"""From the statement that stores a read to the mail server's answer that it took the mail, at 1,000 reads a second: p99 of 2 s.

By wall clock, so the machine's load is reported with it. As in the demo, loader, worker and scheduler are threads of one process;
the mail server is a process of its own. The clock begins when the statement does, before its commit.
"""

import contextlib
import os
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from multiprocessing.queues import Queue

from django.conf import settings
from tqdm import tqdm

from alerts.models import Notification
from benchmarks import ground, loading, mail_server
from benchmarks.measure import CannotRun, Ratio, percentile
from config.demo import server
from lpr import loading as loader
from lpr.models import Source

STANDARD_SIZE = 30_000  # reads, a thousand a second
GOAL = 1.0
SECONDS_ALLOWED = 2.0
BATCH = 100
BATCHES_A_SECOND = 10
HITS_OF_BATCH = 1
PATIENCE = 60


def run(size: int) -> list[Ratio]:
    """`size`: reads to be stored, at 1,000 a second."""
    with ground.database("alert_mail"), mail_server.running() as (port, taken):
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
        loading.watch(0, loading.FEW_ENTRIES)
        source = Source.objects.create(name="bench-toll", label="Made-up toll road camera", kind="toll_road")
        deliveries = loading.Deliveries(BATCH, seed=1, hits=HITS_OF_BATCH)
        batches = max(size // BATCH, 1)
        deliveries.make(batches)
        with _worker():
            load, behind = os.getloadavg()[0], 0.0
            began = time.monotonic()
            for number in tqdm(range(batches), desc="alert_mail", unit="batch", leave=False):
                pause = began + number / BATCHES_A_SECOND - time.monotonic()
                behind = max(behind, -pause)
                time.sleep(max(pause, 0))
                now = datetime.now(UTC)
                loader.store(source=source, reads=deliveries.reads(number), received_at=now, now=now)
            spent = time.monotonic() - began
            latencies = _latencies(taken)
    return [Ratio(
        "alert_mail", percentile(latencies, 0.99) / SECONDS_ALLOWED, GOAL,
        f"p99 {percentile(latencies, 0.99):.2f} s, p50 {percentile(latencies, 0.5):.2f} s of {SECONDS_ALLOWED:.0f} s from the"
        f" statement to the mail taken: {len(latencies)} mails, {batches * BATCH / spent:,.0f} reads a second (at worst"
        f" {behind:.1f} s behind), load {load:.1f} before and {os.getloadavg()[0]:.1f} after on {os.cpu_count()} cores")]


def _latencies(taken: "Queue[tuple[str, float]]") -> list[float]:
    """Of each intent the seconds until its mail was taken first.

    Raises:
        CannotRun: a mail did not come.
    """
    started = {str(pk): at for pk, at in Notification.objects.values_list("pk", "created_at")}
    arrived: dict[str, datetime] = {}
    until = time.monotonic() + PATIENCE
    while len(arrived) < len(started) and time.monotonic() < until:
        with contextlib.suppress(Exception):
            message_id, at = taken.get(timeout=1)
            intent = message_id.strip("<>").partition("@")[0].removeprefix("notification-")
            arrived.setdefault(intent, datetime.fromtimestamp(at, UTC))
    if not started or len(arrived) < len(started):
        raise CannotRun(f"Of {len(started)} mails {len(arrived)} came.")
    return [max(arrived[pk] - at, timedelta()).total_seconds() for pk, at in started.items()]


@contextlib.contextmanager
def _worker() -> Iterator[None]:
    """Worker and scheduler at work in threads, ended before the database goes."""
    beside = (server.worker(), server.scheduler())
    threads = [threading.Thread(target=each.start, daemon=True) for each in beside]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for each, thread in zip(beside, threads, strict=True):
            each.stop()
            thread.join(PATIENCE)
