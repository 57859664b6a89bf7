"""`manage.py erase_contract --export DIR --approval ID`: what the agency received is erased here (AUD-10)."""

from argparse import ArgumentParser
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from audit import seals, signing
from audit.commands import by_hand
from audit.contract import archive, erasure
from audit.record import AuditUnavailable
from config import contract_data, databases


class Command(BaseCommand):
    help = ("Erase what an export holds: refused without its proof, the agency's receipt and two approvals. Stop web"
            " and workers before. Run it again after a kill, and to confirm the copies that it cannot reach.")

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--export", type=Path, required=True, help="the folder of the export that the agency received")
        parser.add_argument("--approval", type=UUID, required=True, help="the number on the page of the contract's end")
        parser.add_argument("--confirm", type=int, help="the number of a copy on the certificate that is gone, too")
        parser.add_argument("--on", type=date.fromisoformat, help="the day on which it was erased")
        parser.add_argument("--by", default="", help="the person who confirms it")

    def handle(
        self, *args: Any, export: Path, approval: UUID, confirm: int | None = None, on: date | None = None, by: str = "",
        **options: Any,
    ) -> None:
        if confirm is not None and (on is None or not by):
            raise CommandError("--confirm needs --on DAY and --by PERSON.")
        said = [erasure.Confirmation(confirm, on, by)] if confirm is not None and on is not None else []
        databases.ensure_running()
        with by_hand(), tqdm(unit=" steps", disable=None) as bar:
            def progress(step: str, done: int, total: int) -> None:
                bar.total = total
                bar.set_description(step, refresh=False)
                bar.update(done - bar.n)

            try:
                certificate = erasure.erase(
                    export=export.resolve(), approval=approval, holdings=contract_data.holdings(), now=datetime.now(UTC),
                    confirmations=said, progress=progress)
            except (erasure.ErasureRefused, archive.ExportRefused, seals.SealRefused, signing.SigningKeyMissing, AuditUnavailable,
                    OSError) as error:
                raise CommandError(str(error)) from error
        self.stdout.write(certificate.read_text(encoding="utf-8"))
        self.stdout.write(f"certificate={certificate}")
