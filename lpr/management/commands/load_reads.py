"""`load_reads FILE... --source NAME`: bulk loading, in constant memory, through the same checks as the API (DAT-1, DAT-3)."""

import hashlib
import json
from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from audit.commands import command_run
from lpr import deliveries
from lpr.deliveries import SetAside
from lpr.formats import detection
from lpr.formats.native_read import NativeRead, Outcome, PayloadNotReadable
from lpr.formats.photo_folder import PhotoFolder
from lpr.models import Source

BATCH = 10_000
BATCH_BYTES = 64 * 1024 * 1024
FORMATS = ("auto", "csv", "ndjson", "rekor", "platerecognizer")


class Command(BaseCommand):
    help = "Load reads from files. What is refused is written to FILE.refused.ndjson with its reason."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
        parser.add_argument("--source", required=True, help="the source's name")
        parser.add_argument("--format", choices=FORMATS, default="auto")
        parser.add_argument("--photos", type=Path, help="the folder in which photos named in the files lie")

    def handle(self, *args: Any, files: list[Path], source: str, photos: Path | None, **options: Any) -> None:
        found = Source.objects.filter(name=source).first()
        if found is None:
            raise CommandError(f"There is no source named {source}.")
        if not found.is_active:
            raise CommandError(f"The source {source} is switched off: nothing is loaded from it.")
        if photos is not None and not Path(photos).is_dir():
            raise CommandError(f"There is no folder {photos}.")
        folder = PhotoFolder(Path(photos)) if photos is not None else None
        self.quiet = options["verbosity"] == 0
        total = Total()
        with command_run("load_reads", source=source, files=[Path(file).name for file in files]):
            for file in map(Path, files):
                try:
                    self.load(file, found, options["format"], folder, total)
                except (PayloadNotReadable, OSError) as error:
                    raise CommandError(f"{file}: {error}") from error
                except deliveries.NotStored as error:
                    raise CommandError(f"{file}: the database failed after {total}; load the file again, nothing is "
                                       "stored twice.") from error
        self.stdout.write(str(total))

    def load(self, path: Path, source: Source, form: detection.FileFormat, folder: PhotoFolder | None,
             total: "Total") -> None:
        places = {camera: (place[0], place[1]) for camera, place in source.camera_places.items()}
        refusals = Refusals(path)
        with path.open("rb") as file, tqdm(total=path.stat().st_size, desc=path.name, unit="B", unit_scale=True,
                                           disable=self.quiet) as bar, refusals:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            file.seek(0)
            outcomes = detection.read_file(file, form=form, camera_places=places, folder=folder)
            receipt = None
            for first, batch in batches(outcomes, file):
                delivered = deliveries.take_in(source=source, sent=batch, body_digest=digest, now=datetime.now(UTC),
                                               first_index=first)
                refusals.write(delivered.refused)
                total.add(delivered)
                receipt = delivered.receipt
                _advance(bar, file)
            _advance(bar, file)
        if receipt and not self.quiet:
            self.stdout.write(f"{path.name}: receipt {receipt}")


class Total:
    """The sum over all files, and the command's last line."""

    def __init__(self) -> None:
        self.counts = dict.fromkeys(("stored", "duplicates", "refused", "hits"), 0)

    def add(self, delivered: deliveries.Delivered) -> None:
        self.counts["stored"] += delivered.stored
        self.counts["duplicates"] += delivered.duplicates
        self.counts["refused"] += len(delivered.refused)
        self.counts["hits"] += delivered.hits

    def __str__(self) -> str:
        return " ".join(f"{name}={count}" for name, count in self.counts.items())


class Refusals:
    """`FILE.refused.ndjson`, there only when something was refused; for the account that runs the command alone."""

    def __init__(self, path: Path) -> None:
        self.path = path.with_name(f"{path.name}.refused.ndjson")
        self.file: TextIO | None = None

    def __enter__(self) -> "Refusals":
        self.path.unlink(missing_ok=True)
        return self

    def __exit__(self, *error: object) -> None:
        if self.file is not None:
            self.file.close()

    def write(self, refused: tuple[SetAside, ...]) -> None:
        if refused and self.file is None:
            self.path.touch(mode=0o600)
            self.file = self.path.open("a", encoding="utf-8")
        for item in refused:
            line = {"index": item.index, "source_record_id": item.source_record_id, "reason": item.reason,
                    "record": _record(item.raw)}
            print(json.dumps(line), file=self.file)


def _record(raw: str) -> object:
    """What was sent, or the beginning of it as text where it was too long to keep."""
    try:
        return json.loads(raw)
    except ValueError:
        return raw


def batches(outcomes: Iterator[Outcome], file: BinaryIO) -> Iterator[tuple[int, list[Outcome]]]:
    """The records in batches that fit into memory, each with the place of its first record.

    Args:
        outcomes: they read `file` as they are taken.
        file: how far it was read since the last batch counts, and so do photos that lie beside it.
    """
    first, batch, started, photos = 0, [], file.tell(), 0
    for outcome in outcomes:
        batch.append(outcome)
        if isinstance(outcome, NativeRead):
            photos += sum(len(photo.content or b"") for photo in outcome.photos)
        if len(batch) >= BATCH or max(photos, file.tell() - started) >= BATCH_BYTES:
            yield first, batch
            first, batch, started, photos = first + len(batch), [], file.tell(), 0
    if batch:
        yield first, batch


def _advance(bar: tqdm, file: BinaryIO) -> None:
    bar.update(file.tell() - bar.n)
