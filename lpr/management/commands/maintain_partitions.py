"""`maintain_partitions`: what the scheduler does for the months of reads every night, now. Safe to run again."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand

from audit.commands import command_run
from lpr import partitions


class Command(BaseCommand):
    help = "Make the months that are due, erase reads past their source's retention, drop and close months that are over."

    def handle(self, *args: Any, **options: Any) -> None:
        with command_run("maintain_partitions"):
            done = partitions.maintain(now=datetime.now(UTC))
        self.stdout.write(", ".join(f"{name}: {count}" for name, count in asdict(done).items()))
