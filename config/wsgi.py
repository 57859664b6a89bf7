"""The web process: `gunicorn config.wsgi`. It refuses to start where `check --deploy` or `guard_database --check` would fail."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.base")
application = get_wsgi_application()

from config import checks  # noqa: E402

checks.refuse_to_start()
