"""`manage.py verify_audit`: check the whole log, or a bundle that left the house, against its checkpoints."""

from argparse import ArgumentParser
from contextlib import AbstractContextManager, nullcontext
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connections
from tqdm import tqdm

from audit import seals, signing, verification, verifier
from audit.commands import command_run
from audit.record import AuditUnavailable
from config import databases


class Command(BaseCommand):
    help = "Check the whole log, or a bundle, against the signed checkpoints; exit 1 and the first bad event on a mismatch."

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--bundle", type=Path, help="a bundle of a search, as it was handed out")
        what.add_argument("--checkpoint", type=Path, help="a checkpoint that was mailed (the mail as a file, or the checkpoint"
                                                          " alone), with which the log is compared")

    def handle(self, *args: Any, bundle: Path | None, checkpoint: Path | None, **options: Any) -> None:
        try:
            self.stdout.write(self._bundle(bundle) if bundle else self._log([_kept(checkpoint)] if checkpoint else []))
        except (verification.Mismatch, verifier.NotProven, signing.SigningKeyMissing, AuditUnavailable, OSError) as error:
            raise CommandError(str(error)) from error

    def _log(self, kept: list[verifier.Checkpoint]) -> str:
        databases.ensure_running()
        with command_run("verify_audit", using="auditor"), tqdm(unit=" events", disable=None) as bar:
            def progress(done: int, total: int) -> None:
                bar.total = total
                bar.update(done - bar.n)

            found = verification.verify(progress=progress, checkpoints=kept)
        compared = (f" It holds what was given out of {' and of '.join(map(str, found.compared))} events." if found.compared else
                    " No checkpoint from outside of the database was there to compare with: give one with --checkpoint.")
        return (f"events={found.events} checkpoints={found.checkpoints} unsealed={found.unsealed}"
                f" dropped={found.dropped} root={found.root.hex()}: the log is as it was sealed.{compared}")

    def _bundle(self, file: Path) -> str:
        """A bundle needs no log to be checked; where there is one, it hears of it."""
        with self._on_record(), open(file, "rb") as lines:
            report = verifier.check_bundle(lines, [key.text for key in signing.trusted_keys()])
        return verifier.in_words(report)

    def _on_record(self) -> AbstractContextManager[None]:
        try:
            connections["auditor"].ensure_connection()
        except (DatabaseError, ImproperlyConfigured):
            self.stderr.write("Not on record: the database cannot be reached from here.")
            return nullcontext()
        return command_run("verify_audit", using="auditor", what="bundle")


def _kept(file: Path) -> verifier.Checkpoint:
    """The checkpoint of a file that somebody kept; a whole mail is read as mail, whatever its transfer made of its letters."""
    raw = file.read_bytes()
    mail = message_from_bytes(raw, policy=policy.default)
    body = mail.get_body(("plain",)) if mail.keys() else None
    try:
        return seals.kept(str(body.get_content()) if body else raw.decode())
    except (verifier.NotProven, ValueError, LookupError) as error:
        raise verifier.NotProven(f"{file}: {error}.") from error
