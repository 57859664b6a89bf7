"""The process that takes reads in: `gunicorn config.wsgi_ingest`. It refuses to start where `config.wsgi` would."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.ingest")
application = get_wsgi_application()

from config import checks  # noqa: E402

checks.refuse_to_start()
