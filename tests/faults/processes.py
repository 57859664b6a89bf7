"""What a fault run starts and kills: `python -m tests.faults.processes prepare | serve PORT | work`."""

import json
import os
import sys
import threading
from datetime import date

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.faults.settings"
OFFICERS = ("fault1", "fault2")
SOURCES = ("fault-toll", "fault-lot")
PASSWORD = "correct horse battery staple"


def prepare() -> None:
    """Database, officers, sources; says the sources' keys as JSON."""
    from django.core.management import call_command

    from accounts.models import AOR, User
    from accounts.roles import Role
    from config import databases
    from lpr import sources
    from lpr.models import Jurisdiction, Source, SourceAuthority
    from tests.personas import train

    databases.ensure_running()
    databases.prepare()
    call_command("install_first_records", verbosity=0)
    aor = AOR.objects.create(code="NYC", name="New York City", time_zone="America/New_York")
    for name in OFFICERS:
        user = User(username=name, full_name=name.title(), email=f"{name}@agency.example", role=Role.OFFICER, aor=aor,
                    component="ERO", job_category="ero_officer")
        user.set_password(PASSWORD)
        user.save()
        train(user)
    law = Jurisdiction.objects.create(state="OH", citation="OH Code 1-1", valid_from=date(2000, 1, 1))
    keys = {}
    for name in SOURCES:
        source = Source.objects.create(name=name, label=name.title(), kind="toll_road")
        SourceAuthority.objects.create(source=source, jurisdiction=law, valid_from=date(2000, 1, 1))
        keys[name] = sources.issue_key(source=source, now=_now())
    print(json.dumps(keys))


def serve(port: str) -> None:
    """Pages, API and intake: two processes, so two loaders at once; gunicorn replaces one that is killed, from what is loaded."""
    from gunicorn.app.base import BaseApplication

    class Server(BaseApplication):
        def load_config(self) -> None:
            for name, value in {"bind": [f"127.0.0.1:{port}"], "workers": 2, "worker_class": "gthread", "threads": 4,
                                "timeout": 60, "graceful_timeout": 1, "loglevel": "critical", "preload_app": True,
                                "control_socket_disable": True}.items():
                if name in self.cfg.settings:
                    self.cfg.set(name, value)

        def load(self):
            from django.core.wsgi import get_wsgi_application

            return get_wsgi_application()

    Server().run()


def work() -> None:
    """A worker that does one thing at a time, and beside it a scheduler: two of these are two of each."""
    from celery.worker import WorkController

    from config.celery import app
    from config.demo.server import keep_time

    threading.Thread(target=keep_time, daemon=True).start()
    WorkController(app=app, pool_cls="solo", queues=["celery", "intake"], without_heartbeat=True, without_mingle=True,
                   without_gossip=True, loglevel="CRITICAL", hostname=f"fault-{os.getpid()}@localhost").start()


def _now():
    from datetime import UTC, datetime

    return datetime.now(UTC)


if __name__ == "__main__":
    import django

    django.setup()
    from tests.faults import points

    points.install()
    {"prepare": prepare, "serve": serve, "work": work}[sys.argv[1]](*sys.argv[2:])
