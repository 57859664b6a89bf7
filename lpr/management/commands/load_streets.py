"""`load_streets FILE`: street and address data for the built-in map and the look-up of addresses."""

from argparse import ArgumentParser
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from audit.commands import command_run
from lpr import street_data
from lpr.streets import StreetsNotReadable


class Command(BaseCommand):
    help = "Load streets and addresses from GeoJSON (.gz) or converted TIGER/Line; a dataset of the same name is replaced."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--name", default="", help="of the dataset; by default the file's name")
        parser.add_argument("--attribution", help="the line that maps show; by default after the data")

    def handle(self, *args: Any, file: Path, name: str, attribution: str | None, **options: Any) -> None:
        file = Path(file)
        progress = partial(tqdm, desc=file.name, unit=" features", disable=options["verbosity"] == 0)
        with command_run("load_streets", file=file.name):
            try:
                loaded = street_data.load(path=file, name=name, attribution=attribution, now=datetime.now(UTC), each=progress)
            except StreetsNotReadable as error:
                raise CommandError(f"{file}: {error}") from error
        for bad in loaded.left_out if options["verbosity"] > 1 else ():
            self.stderr.write(f"feature {bad.index}: {bad.reason}")
        if options["verbosity"]:
            self.stdout.write(f"{loaded.name}: {loaded.features} features, {len(loaded.left_out)} left out;"
                              f" maps show: {loaded.attribution or 'no attribution'}")
