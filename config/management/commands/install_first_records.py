"""`install_first_records`: the roles, courses, rules of behavior and policies that a new installation starts with.

Adds what is missing and changes nothing that is there, so that it can run at every release.
"""

from datetime import UTC, datetime
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand

import accounts.first_records
import alerts.first_records
import lpr.first_records
from audit.commands import command_run


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        now = datetime.now(UTC)
        call_command("install_roles", verbosity=options["verbosity"])
        with command_run("install_first_records"):
            accounts.first_records.install(now=now)
            lpr.first_records.install(now=now)
            alerts.first_records.install(now=now)
