"""A sender as a process of its own, so that a test can kill it: `python -m tests.faults.sender DATABASE SMTP_PORT`."""

import os
import sys
from datetime import UTC, datetime

os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings.test"


def main(database: str, port: str) -> None:
    import django
    from django.conf import settings

    django.setup()
    settings.DATABASES["default"]["NAME"] = database
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", int(port)
    from alerts import notifications

    notifications.send_batch(now=datetime.now(UTC))


if __name__ == "__main__":
    main(*sys.argv[1:])
