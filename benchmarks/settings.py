"""The demo's settings on a database of the benchmark's own, with one page more: the one made from constants."""

from config.settings.demo import *  # noqa: F403
from config.settings.demo import DATABASES, env

for entry in DATABASES.values():
    entry["NAME"] = env.str("BENCH_DATABASE", "bench_none")
ROOT_URLCONF = "benchmarks.urls"
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
