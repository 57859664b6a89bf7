"""`manage.py verify_audit`: check the whole log, or a bundle that left the house, against its checkpoints."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from audit import signing, verification, verifier
from audit.commands import command_run
from config import databases


class Command(BaseCommand):
    help = "Check the whole log, or a bundle, against the signed checkpoints; exit 1 and the first bad event on a mismatch."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--bundle", type=Path, help="a bundle of a search, as it was handed out")

    def handle(self, *args: Any, bundle: Path | None, **options: Any) -> None:
        try:
            self.stdout.write(self._bundle(bundle) if bundle else self._log())
        except (verification.Mismatch, verifier.NotProven, signing.SigningKeyMissing, OSError) as error:
            raise CommandError(str(error)) from error

    def _log(self) -> str:
        databases.ensure_running()
        with command_run("verify_audit", using="auditor"), tqdm(unit=" events", disable=None) as bar:
            def progress(done: int, total: int) -> None:
                bar.total = total
                bar.update(done - bar.n)

            found = verification.verify(progress=progress)
        return (f"events={found.events} checkpoints={found.checkpoints} unsealed={found.unsealed}"
                f" dropped={found.dropped} root={found.root.hex()}: the log is as it was sealed.")

    def _bundle(self, file: Path) -> str:
        with open(file, "rb") as lines:
            report = verifier.check_bundle(lines, [key.text for key in signing.trusted_keys()])
        return verifier.in_words(report)
