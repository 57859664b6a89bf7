"""The service's database on its server: started where it is embedded, made as the manifest says, moved to this release."""

import contextlib
import os
from collections.abc import Iterator, Mapping
from urllib.parse import unquote, urlsplit

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from psycopg import sql

from config import embedded, guard

# The environment variable that gives each login its address and password on a server of one's own.
LOGIN_URLS = {
    "lpr_app": "DATABASE_URL",
    "lpr_loader": "DATABASE_LOADER_URL",
    "lpr_sealer": "DATABASE_SEALER_URL",
    "lpr_auditor": "DATABASE_AUDITOR_URL",
    "lpr_migrator": "DATABASE_OWNER_URL",
}


class NoAdministrator(Exception):
    """No administrator's address is set for a server that is not the embedded one."""


def is_embedded() -> bool:
    return bool(getattr(settings, "EMBEDDED_POSTGRES", False))


def ensure_running() -> None:
    """Start the embedded server where it is the one in use; raises embedded.EmbeddedError with one clear sentence."""
    if is_embedded():
        embedded.start(settings.DATA_DIR, durable=getattr(settings, "EMBEDDED_POSTGRES_DURABLE", True))


@contextlib.contextmanager
def administrator(name: str | None = None) -> Iterator[psycopg.Connection]:
    """An administrator's connection to the database `name` (the service's own by default), closed at the end.

    Raises:
        NoAdministrator: the server is not embedded and DATABASE_ADMIN_URL is not set.
    """
    name = name or settings.DATABASES["default"]["NAME"]
    if is_embedded():
        entry = embedded.connection_settings(settings.DATA_DIR, "postgres", name)
        with psycopg.connect(host=entry["HOST"], port=entry["PORT"], user=entry["USER"], dbname=name,
                             passfile=entry["OPTIONS"]["passfile"], autocommit=False) as connection:
            yield connection
        return
    url = os.environ.get("DATABASE_ADMIN_URL", "")
    if not url:
        raise NoAdministrator("Set DATABASE_ADMIN_URL to an administrator's address of this PostgreSQL server.")
    with psycopg.connect(url, dbname=name) as connection:
        yield connection


def login_passwords() -> Mapping[str, str | None]:
    """The password that each login is to have, where this process knows one."""
    if is_embedded():
        return embedded.passwords(settings.DATA_DIR)
    found: dict[str, str | None] = {}
    for role, variable in LOGIN_URLS.items():
        parts = urlsplit(os.environ.get(variable, ""))
        found[role] = unquote(parts.password) if parts.username == role and parts.password else None
    return found


def exists(name: str) -> bool:
    with administrator("postgres") as connection:
        return bool(connection.execute("SELECT FROM pg_database WHERE datname = %s", [name]).rowcount)


def create(name: str, *, template: str | None = None) -> None:
    """Create the database `name`, from `template` where one is given; nothing happens if it is there."""
    if exists(name):
        return
    with administrator("postgres") as connection:
        connection.autocommit = True
        statement = "CREATE DATABASE {} TEMPLATE {}" if template else "CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'"
        names = [sql.Identifier(item) for item in (name, template) if item]
        connection.execute(sql.SQL(statement).format(*names))


def rename(old: str, new: str) -> None:
    with administrator("postgres") as connection:
        connection.autocommit = True
        connection.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(old), sql.Identifier(new)))


def drop(name: str) -> None:
    """Drop the database `name` and whatever is connected to it."""
    with administrator("postgres") as connection:
        connection.autocommit = True
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def prepare(name: str | None = None, *, verbosity: int = 0) -> None:
    """Make the service's database whole: create it, its roles and schemas, migrate, grant, make partitions. Repeatable."""
    name = name or settings.DATABASES["default"]["NAME"]
    create(name)
    with administrator(name) as connection:
        guard.apply_roles(connection, login_passwords())
    call_command("migrate", verbosity=verbosity, interactive=False)


def differences() -> list[str]:
    """Where the server differs from the manifest, seen through the application's own login."""
    connections["default"].ensure_connection()
    raw = connections["default"].connection
    with raw.cursor() as _:
        return guard.differences(raw)
