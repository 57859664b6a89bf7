"""Where a text stands outside of reads and log: tables, sessions, files, cache, queue, the servers' logs (G10)."""

import pickle
from collections.abc import Iterable, Iterator
from pathlib import Path

from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core.cache import cache

from config import databases


def in_tables(*texts: str) -> list[str]:
    """Where in the tables of `public` one of the texts stands as it is, or in the bytes of a column."""
    with databases.administrator() as administrator:
        tables = [name for (name,) in administrator.execute(
            "SELECT c.oid::regclass::text FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace"
            " AND c.relkind IN ('r', 'p')")]
        forms = [form for text in texts for form in (f"%{text}%", f"%{text.encode().hex()}%")]
        return [f"{table}: {row[0][:200]}" for table in tables for row in administrator.execute(
            f"SELECT t::text FROM {table} t WHERE t::text LIKE ANY (%s)", [forms]).fetchall()]


def in_sessions(*texts: str) -> list[str]:
    """What a session holds is written down in base64: it is read as the service reads it."""
    held = {session.pk: repr(SessionStore().decode(session.session_data)) for session in Session.objects.all()}
    return [f"session: {text}" for text in texts for said in held.values() if text in said]


def in_files(folder: Path, *texts: str) -> list[str]:
    """Below a folder, in names and contents."""
    return [f"{file.relative_to(folder)}: {text}" for file in sorted(folder.rglob("*")) if file.is_file()
            for text in texts if text in str(file.relative_to(folder)) or text.encode() in file.read_bytes()]


def files_but(folder: Path, suffix: str) -> list[str]:
    """The files below a folder that have another suffix."""
    return [str(file.relative_to(folder)) for file in sorted(folder.rglob("*")) if file.is_file() and file.suffix != suffix]


def in_cache(*texts: str) -> list[str]:
    held = {key: pickle.loads(value) for key, value in getattr(cache, "_cache", {}).items()}
    return [f"cache {key}: {text}" for text in texts for key, value in held.items() if text in f"{key} {value!r}"]


def in_servers_log(*texts: str) -> list[str]:
    return [f"{file.name}: {text}" for file in _logs() for text in texts if text.encode() in file.read_bytes()]


def in_words(what: str, said: Iterable[str], *texts: str) -> list[str]:
    """In lines that a test gathered: log lines, arguments of tasks."""
    return [f"{what}: {line[:200]}" for line in said if any(text in line for text in texts)]


def _logs() -> Iterator[Path]:
    yield from Path(settings.DATA_DIR).glob("*.log")
