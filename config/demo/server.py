"""The demo's one process: gunicorn with a thread for each request, and Celery's worker and scheduler beside them as threads.

The broker is in memory, so worker and web must be one process; production runs them apart (decision 2).
"""

import threading
from collections.abc import Callable, Sequence
from typing import Any

from celery import beat
from celery.worker import WorkController
from django.core.wsgi import get_wsgi_application
from gunicorn.app.base import BaseApplication

from config.celery import app as celery_app


class Server(BaseApplication):
    """Serves on `port` of this machine only; `beside` is started in the serving process once it is ready."""

    def __init__(self, *, port: int, beside: Sequence[Callable[[], None]]) -> None:
        self.port = port
        self.beside = beside
        super().__init__()

    def load_config(self) -> None:
        for name, value in {
            "bind": [f"127.0.0.1:{self.port}"],
            "workers": 1,
            "worker_class": "gthread",
            "threads": 8,
            "timeout": 120,
            "graceful_timeout": 3,
            "loglevel": "warning",
            "post_worker_init": self._start_beside,
            "control_socket_disable": True,
        }.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> Any:
        return get_wsgi_application()

    def _start_beside(self, worker: Any) -> None:
        for target in [work, keep_time, *self.beside]:
            threading.Thread(target=target, daemon=True).start()


def worker() -> WorkController:
    """Celery's worker, not started yet."""
    return WorkController(
        app=celery_app,
        pool_cls="threads",
        concurrency=2,
        queues=["celery", "intake"],
        without_heartbeat=True,
        without_mingle=True,
        without_gossip=True,
        loglevel="WARNING",
        hostname="demo@localhost",
    )


def scheduler() -> beat.Service:
    """Celery's scheduler, remembering nothing; not started yet."""
    return beat.Service(celery_app, max_interval=1, scheduler_cls="celery.beat.Scheduler")


def work() -> None:
    """Celery's worker."""
    worker().start()


def keep_time() -> None:
    """Celery's scheduler."""
    scheduler().start()
