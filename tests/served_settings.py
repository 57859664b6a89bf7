"""The test settings for a process of its own (tests.served): another database, the real hasher, each hash counted in a file."""

import os
from pathlib import Path

from config.settings.test import *  # noqa: F403
from config.settings.test import DATABASES

for entry in DATABASES.values():
    entry["NAME"] = os.environ["SERVED_DATABASE"]
PASSWORD_HASHERS = ["tests.accounts.counting_hasher.CountedArgon2"]
COUNTED_IN = Path(os.environ["SERVED_HASHES"])
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
AUDIT_SPOOL = Path(os.environ["SERVED_FOLDER"]) / "spool.log"
AUDIT_SIGNING_KEY_FILE = Path(os.environ["SERVED_FOLDER"]) / "audit-signing.pem"
