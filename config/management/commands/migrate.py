"""`migrate` runs as the owner, then grants what the manifest says and makes the partitions that are due.

It is on record afterwards: the log may be what it makes.
"""

from typing import Any

from django.core.management.commands.migrate import Command as MigrateCommand
from django.db import connections

from audit.commands import command_run
from config import databases, guard


class Command(MigrateCommand):
    def add_arguments(self, parser: Any) -> None:
        super().add_arguments(parser)
        parser.set_defaults(database="owner")

    def handle(self, *args: Any, **options: Any) -> None:
        databases.ensure_running()
        super().handle(*args, **options)
        owner = connections[options["database"]]
        owner.ensure_connection()
        with owner.cursor() as cursor:
            cursor.execute("SELECT audit.maintain_partitions(now())")
            cursor.execute("SELECT store.maintain_partitions(now())")
        owner.connection.commit()
        guard.apply_grants(owner.connection)
        with command_run("migrate", using=options["database"]):
            pass
