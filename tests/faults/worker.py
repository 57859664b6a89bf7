"""A worker as a process of its own, with a broker that waits a second for an answer: `python -m tests.faults.worker DATABASE
SMTP_PORT REDIS_PORT`."""

import os
import sys

os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings.test"


def main(database: str, smtp_port: str, redis_port: str) -> None:
    import django
    from django.conf import settings

    django.setup()
    settings.DATABASES["default"]["NAME"] = database
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", int(smtp_port)
    from celery.worker import WorkController

    from config.celery import app

    app.conf.broker_url = f"redis://127.0.0.1:{redis_port}/0"
    app.conf.broker_transport_options = settings.REDIS_TRANSPORT | {"visibility_timeout": 1}
    WorkController(app=app, pool_cls="solo", without_heartbeat=True, without_mingle=True, without_gossip=True,
                   loglevel="CRITICAL", hostname=f"worker-{os.getpid()}@localhost").start()


if __name__ == "__main__":
    main(*sys.argv[1:])
