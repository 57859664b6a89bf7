"""The process that takes reads in: `gunicorn config.wsgi_ingest`. It refuses to start where `config.wsgi` would."""

import os

from django.core.wsgi import get_wsgi_application

# Set, not proposed: the package `config` has proposed the web's settings by now, and this process is never anything else.
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings.ingest"
application = get_wsgi_application()

from config import checks  # noqa: E402

checks.refuse_to_start()
