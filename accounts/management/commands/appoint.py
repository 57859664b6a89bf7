"""`appoint` names the first agency appointer, once; everybody after that is appointed by a person (ACC-4)."""

from argparse import ArgumentParser
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email

from accounts import appointments, registration
from accounts.models.user import fold
from audit.context import Actor, acting


class Command(BaseCommand):
    help = "Name the first agency appointer and print the address at which that person registers. Works once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--username", required=True)
        parser.add_argument("--email", required=True)

    def handle(self, *args: Any, username: str, email: str, **options: Any) -> None:
        """Refuses a name or address that cannot be one, and a second appointer."""
        username = fold(username)
        if not registration.USERNAME.fullmatch(username) or username in registration.RESERVED:
            raise CommandError("This username cannot be used: 3 to 50 letters, digits, dots, dashes or underscores.")
        try:
            validate_email(email)
        except ValidationError as error:
            raise CommandError("This is no email address.") from error
        with acting(Actor(id=None, name="appoint")):
            try:
                address = appointments.appoint_first(username=username, email=email, now=datetime.now(UTC))
            except appointments.FirstAppointerExists as error:
                raise CommandError("The first appointer is named already. Others are appointed by a person.") from error
        self.stdout.write("Give this address to the appointer. It is shown once, works once, and ends after some days:")
        self.stdout.write(address)
