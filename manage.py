#!/usr/bin/env python
"""Commands of PlateLedger. Production sets DJANGO_SETTINGS_MODULE=config.settings.base."""

import os
import sys

# Commands that need no database, or start and prepare it themselves.
BY_THEMSELVES = {"check", "collectstatic", "demo", "findstatic", "guard_database", "help", "makemigrations", "migrate",
                 "spectacular", "test", "version"}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.demo")
    from django.core.management import execute_from_command_line

    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    if not command.startswith("-") and command not in BY_THEMSELVES and "--help" not in sys.argv:
        start_database()
    execute_from_command_line(sys.argv)


def start_database() -> None:
    """The embedded server, where it is the one in use; it is there for the next command as well."""
    from config import databases, embedded

    try:
        databases.ensure_running()
    except embedded.EmbeddedError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
