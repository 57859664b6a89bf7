"""Mail of the demo: each message is one `.eml` file under DATA_DIR/mail, complete or not there at all."""

import itertools
import time
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

_serial = itertools.count()


class EmailBackend(BaseEmailBackend):
    """Writes to a temporary name and renames, so that nobody reads half a mail."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        folder = Path(settings.MAIL_DIR)
        folder.mkdir(parents=True, exist_ok=True)
        for message in email_messages:
            name = f"{time.time_ns()}-{next(_serial)}"
            partial = folder / f".{name}.part"
            partial.write_bytes(message.message().as_bytes())
            partial.rename(folder / f"{name}.eml")
        return len(email_messages)
