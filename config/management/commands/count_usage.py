"""`manage.py count_usage`: count the usage of past days anew from the log."""

from argparse import ArgumentParser
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit import statistics
from audit.commands import command_run
from config import databases


class Command(BaseCommand):
    help = "Count days anew from the log; exit 1 and name the days whose kept counts were not what the log says."

    def add_arguments(self, parser: ArgumentParser) -> None:
        yesterday = datetime.now(UTC).date() - timedelta(days=1)
        first, _ = statistics.quarter_of(yesterday)
        parser.add_argument("--since", type=date.fromisoformat, default=first, help="first day, by default the quarter's")
        parser.add_argument("--until", type=date.fromisoformat, default=yesterday, help="last day, by default yesterday")

    def handle(self, *args: Any, since: date, until: date, **options: Any) -> None:
        databases.ensure_running()
        with command_run("count_usage", since=since, until=until):
            differing = statistics.differing_days(since=since, until=until)
        if differing:
            raise CommandError(f"Counted anew; {len(differing)} days were kept otherwise: " + ", ".join(map(str, differing)))
        self.stdout.write(f"days={(until - since).days + 1}: the counts are what the log says.")
