"""`manage.py export_contract --out DIR`: all that is the agency's, at the end of the contract (AUD-10)."""

from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from audit import seals, signing
from audit.commands import by_hand
from audit.contract import approval, archive
from config import contract_data, databases


class Command(BaseCommand):
    help = ("Write events, alert lists, accounts, forms, attachments, checkpoints and the verifier, with a manifest of checksums."
            " Run it again after a kill: it goes on where it stopped.")

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--out", type=Path, required=True, help="an empty folder, or one that a killed run left")
        parser.add_argument("--destination", default="", help="to whom it goes; by default as the page of the contract's end"
                                                              " names it, or the folder's own path")

    def handle(self, *args: Any, out: Path, destination: str, **options: Any) -> None:
        databases.ensure_running()
        with by_hand(), tqdm(unit=" files", disable=None) as bar:
            def progress(path: str, done: int, total: int) -> None:
                bar.total = total
                bar.set_description(path, refresh=False)
                bar.update(done - bar.n)

            end = approval.current()
            to = destination.strip() or (end.destination if end else str(out.resolve()))
            try:
                made = archive.export(
                    out=out.resolve(), destination=to, tables=contract_data.tables(),
                    attachments=contract_data.attachments(), now=datetime.now(UTC), progress=progress)
            except (archive.ExportRefused, seals.SealRefused, signing.SigningKeyMissing, OSError) as error:
                raise CommandError(str(error)) from error
        for path in made.missing:
            self.stderr.write(f"missing in its storage: {path}")
        self.stdout.write(f"files={made.files} events={made.events} missing={len(made.missing)} manifest={made.digest}")
