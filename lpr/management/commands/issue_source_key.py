"""`issue_source_key SOURCE`: a new key for a source of reads, shown this once."""

from argparse import ArgumentParser
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.commands import command_run
from lpr import sources
from lpr.models import Source


class Command(BaseCommand):
    help = "Issue a key to a source. Only its hash is kept: the key is shown this once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("source", help="the source's name")
        parser.add_argument("--days", type=int, help="how long it is valid; without it, until it is ended in the back office")

    def handle(self, *args: Any, source: str, days: int | None, **options: Any) -> None:
        now = datetime.now(UTC)
        with command_run("issue_source_key", source=source):
            found = Source.objects.filter(name=source).first()
            if found is None:
                raise CommandError(f"There is no source named {source}.")
            if days is not None and days < 1:
                raise CommandError("A key must be valid for a day at least.")
            until = now + timedelta(days=days) if days else None
            try:
                self.stdout.write(sources.issue_key(source=found, now=now, valid_until=until))
            except sources.TwoKeysAlready as refusal:
                raise CommandError(str(refusal)) from refusal
