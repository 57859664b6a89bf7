"""`manage.py rotate_signing_key`: a new key for the checkpoints of the log."""

from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit import seals, signing
from audit.commands import command_run
from config import databases


class Command(BaseCommand):
    help = ("Replace the key that signs the log's checkpoints. The change is sealed by the old key; its public key stays trusted,"
            " and the old private key is erased.")

    def handle(self, *args: Any, **options: Any) -> None:
        databases.ensure_running()
        try:
            with command_run("rotate_signing_key", using="sealer"):
                key = seals.rotate_key(now=datetime.now(UTC))
        except (seals.SealRefused, signing.SigningKeyMissing, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"The log is now signed by {key.verifier_key}")
