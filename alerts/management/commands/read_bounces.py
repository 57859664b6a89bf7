"""`manage.py read_bounces < MAIL`: reads one returned mail, as a mail server hands it to a program (pipe). Safe to run again."""

import sys
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from alerts import returned_mail
from audit.commands import command_run
from audit.record import AuditUnavailable

# By this code (EX_TEMPFAIL) a mail server knows that it is to try again.
TRY_AGAIN = 75


class Command(BaseCommand):
    help = "Read a mail that came back, from the standard input, and keep with its letter what the mail server said."

    def handle(self, *args: Any, **options: Any) -> None:
        data = sys.stdin.buffer.read(returned_mail.MOST_BYTES)
        try:
            with command_run("read_bounces"):
                counts = returned_mail.take([data], now=datetime.now(UTC))
        except (AuditUnavailable, DatabaseError) as error:
            raise CommandError(f"The mail was not read: {type(error).__name__}", returncode=TRY_AGAIN) from error
        self.stdout.write(" ".join(f"{outcome}={count}" for outcome, count in counts.items()))
