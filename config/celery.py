"""The Celery application: `celery -A config worker` and `celery -A config beat` in production, threads in the demo."""

import os
from typing import Any

from celery import Celery
from celery.signals import beat_init, celeryd_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.base")

app = Celery("plateledger")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.set_default()
app.autodiscover_tasks()


@celeryd_init.connect
def refuse_to_start_worker(**kwargs: Any) -> None:
    """The command line's worker starts under the conditions of the web process, and where it can seal and verify the log."""
    _refuse_to_start(is_worker=True)


@beat_init.connect
def refuse_to_start_clock(**kwargs: Any) -> None:
    """The scheduler starts under the same conditions as the web process."""
    _refuse_to_start(is_worker=False)


def _refuse_to_start(*, is_worker: bool) -> None:
    import django

    django.setup()
    from django.conf import settings

    from config import checks

    if settings.PRODUCTION:
        checks.refuse_to_start(is_worker=is_worker)
