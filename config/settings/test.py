"""The tests: the demo's settings on a database cloned for each test, with a cheap password hasher."""

from config.settings.demo import *  # noqa: F403
from config.settings.demo import STORAGES

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
WHITENOISE_AUTOREFRESH = True
STORAGES = STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
SITE_URL = "http://testserver"
EMBEDDED_POSTGRES_DURABLE = False
