"""`appoint` names the first agency appointer and the first of operations, and who follows them once they have left; everybody
else is appointed by a person (ACC-4)."""

from argparse import ArgumentParser
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email

from accounts import appointments, registration, succession
from accounts.models.user import fold
from accounts.roles import FIRST, Role
from audit.commands import command_run


class Command(BaseCommand):
    help = ("Name the first agency appointer, or the first of operations, and print where that person registers. Works once "
            "each; with --succeeds it closes the account of one who has left and names who follows.")

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--username", required=True)
        parser.add_argument("--email", required=True)
        parser.add_argument("--role", choices=FIRST, default=Role.AGENCY_APPOINTER, help="of the first; who follows has the same")
        parser.add_argument("--succeeds", metavar="USERNAME", default="", help="who has left: their account is closed")
        parser.add_argument("--authority", default="", help="with --succeeds: the letter on whose word this is done")

    def handle(
        self, *args: Any, username: str, email: str, role: str, succeeds: str, authority: str, **options: Any,
    ) -> None:
        """Refuses a name or address that cannot be one, and a second person of the role."""
        username, now = fold(username), datetime.now(UTC)
        if not registration.USERNAME.fullmatch(username) or username in registration.RESERVED:
            raise CommandError("This username cannot be used: 3 to 50 letters, digits, dots, dashes or underscores.")
        try:
            validate_email(email)
        except ValidationError as error:
            raise CommandError("This is no email address.") from error
        with command_run("appoint", username=username, role=role, succeeds=succeeds):
            try:
                if succeeds:
                    address = succession.succeed(
                        predecessor=succeeds, username=username, email=email, authority=authority, now=now)
                else:
                    address = appointments.appoint_first(username=username, email=email, now=now, role=Role(role))
            except succession.NotToBeSucceeded as refusal:
                raise CommandError(str(refusal)) from refusal
            except appointments.FirstExists as error:
                raise CommandError("The first person of this role is named already. Others are appointed by a person; who "
                                   "follows one who has left is named with --succeeds.") from error
        self.stdout.write("Give this address to that person. It is shown once, works once, and ends after some days:")
        self.stdout.write(address)
