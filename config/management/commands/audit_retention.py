"""`manage.py audit_retention [--drop]`: months of the log past their retention; drop what both sides approved (AUD-5)."""

from argparse import ArgumentParser
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from tqdm import tqdm

from audit.commands import command_run
from audit.retention import months
from config import databases


class Command(BaseCommand):
    help = "List the months of the log that are past their retention, and drop those that two persons approved."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--drop", action="store_true", help="drop now what the worker would drop within a minute")

    def handle(self, *args: Any, drop: bool = False, **options: Any) -> None:
        databases.ensure_running()
        now = datetime.now(UTC)
        with command_run("audit_retention", drop=drop):
            if drop:
                self.stdout.write(f"dropped={self._drop(now)}")
            end = months.current()
            for found in months.over(now=now):
                state = "held" if found.is_held else "announced" if end and found.month in end.months else "kept"
                self.stdout.write(f"{found.name} events={found.events} {state}")

    def _drop(self, now: datetime) -> int:
        with tqdm(unit=" months", disable=None) as bar:
            def progress(month: str, done: int, total: int) -> None:
                bar.total = total
                bar.set_description(month, refresh=False)
                bar.update(done - bar.n)

            try:
                return months.drop_approved(now=now, progress=progress)
            except DatabaseError as error:
                raise CommandError(f"Nothing more was dropped: {error}") from error
