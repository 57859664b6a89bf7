"""The tests: the demo's settings on a database cloned for each test, with a cheap password hasher."""

from config.settings.demo import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
WHITENOISE_AUTOREFRESH = True
SITE_URL = "http://testserver"
EMBEDDED_POSTGRES_DURABLE = False
AUDIT_SEAL_WAIT_SECONDS = 2
FRESHNESS_KEPT_SECONDS = 0
