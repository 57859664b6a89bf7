"""`demo`: the whole service with made-up data, in the foreground; Ctrl-C ends everything it started."""

import shutil
import socket
import time
from argparse import ArgumentParser
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from environs import Env

from config import databases, embedded
from config.demo import contents, server, simulator

env = Env()


class Command(BaseCommand):
    help = __doc__
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=env.int("PORT", 8000))

    def handle(self, *args: Any, port: int, **options: Any) -> None:
        started = time.monotonic()
        refuse_taken(port)
        try:
            if env.bool("RESET", False):
                empty(settings.DATA_DIR)
            self.stdout.write(f"PlateLedger demo: data in {settings.DATA_DIR}")
            databases.ensure_running()
            contents.settle(say=self.stdout.write)
            self.serve(port, started)
        except embedded.EmbeddedError as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"{error.strerror or error}: {error.filename or settings.DATA_DIR}") from error
        finally:
            if databases.is_embedded():
                embedded.stop(settings.DATA_DIR)

    def serve(self, port: int, started: float) -> None:
        from django.db import connections

        connections.close_all()
        beside = []
        if env.bool("SIMULATE", True):
            beside.append(partial(simulator.run, port=port, keys=contents.KEYS_FILE))
        self.stdout.write(contents.welcome(port=port, seconds=time.monotonic() - started))
        self.stdout.flush()
        server.Server(port=port, beside=beside).run()


def refuse_taken(port: int) -> None:
    """One clear sentence where another process has the port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise CommandError(
                f"Port {port} cannot be used ({error.strerror}): choose another, as in `make demo PORT=8001`."
            ) from error


def empty(data_dir: Path) -> None:
    """RESET=1: stop the server and delete what the demo has put into its data folder, and nothing else."""
    embedded.destroy(data_dir)
    for name in contents.FILES:
        path = data_dir / name
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
