"""The process that takes reads in: production with one login, the loader's, which may store reads and read none (decision 6)."""

from config.settings.base import *  # noqa: F403
from config.settings.base import DATABASES

ROOT_URLCONF = "config.urls_ingest"
DATABASES["default"] = DATABASES["loader"]
SERVES_READ_INTAKE = True
# It signs nothing, mails nothing and shows no page; the broker is only woken, and the sweeper does without.
NEEDED = {
    "SECRET_KEY": "is asked by Django",
    "ALLOWED_HOSTS": "names the host that the intake answers to",
    "DATABASE_LOADER_URL": "is the loader's login (lpr_loader)",
}
# Its worker loads repaired records, and neither seals nor verifies.
NEEDED_BY_WORKER: dict[str, str] = {}
# A session is never asked for here; a stray cookie must not lead to a table that the loader may not read.
SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
