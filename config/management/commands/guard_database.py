"""`guard_database --apply` makes a server as the manifest says; `--check` says where it is not so."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.commands import record_by
from config import databases, guard


class Command(BaseCommand):
    help = "Compare the database's roles, grants, functions and triggers with the manifest, or make them so."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        group = parser.add_mutually_exclusive_group(required=True)
        group.add_argument("--check", action="store_true", help="exit 1 and name each difference")
        group.add_argument("--apply", action="store_true", help="as an administrator (DATABASE_ADMIN_URL)")

    def handle(self, *args: Any, apply: bool, **options: Any) -> None:
        databases.ensure_running()
        with databases.administrator() as connection:
            if apply:
                guard.apply_roles(connection, databases.login_passwords())
                guard.apply_grants(connection)
                record_by(connection, "guard_database")
            found = guard.differences(connection)
        for difference in found:
            self.stderr.write(difference)
        if found:
            raise CommandError(f"The database differs from the manifest in {len(found)} places.")
        self.stdout.write("The database is as the manifest says.")
