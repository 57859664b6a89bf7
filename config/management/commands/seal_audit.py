"""`manage.py seal_audit`: seal what is unsealed now."""

from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit import seals, signing
from audit.commands import command_run
from config import databases


class Command(BaseCommand):
    help = "Seal the events that no checkpoint covers yet, and sign the new checkpoint."

    def handle(self, *args: Any, **options: Any) -> None:
        databases.ensure_running()
        count, size = 0, 0
        try:
            with command_run("seal_audit", using="sealer"):
                for sealed in seals.seal_all(now=datetime.now(UTC)):
                    count, size = count + sealed.count, sealed.size
        except (seals.SealRefused, signing.SigningKeyMissing, OSError) as error:
            raise CommandError(str(error)) from error
        size = size or seals.state(using="sealer").size
        self.stdout.write(f"sealed={count} size={size}")
