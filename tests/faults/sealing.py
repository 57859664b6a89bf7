"""A log with a PostgreSQL of its own, whose processes a test kills: `python -m tests.faults.sealing`, orders on standard input.

Django is set up once; each order is done by a child of this process (`os.fork`), so that killing one costs no start. Of the
database only the record is made, by the release's own files: that is a second, and all of the release would be ten.

    prepare          make the record
    append N FILE    append without end in N writers, each acknowledged id a line of FILE, until the database is gone
    seal             seal all that waits
    verify           the whole log against its seals; says what was found

Each order is answered by a line: its process's exit status (negative: killed by this signal), and what it says.
"""

import contextlib
import os
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.faults.settings"
FILES = ("schema", "guards", "maintain_partitions", "committed_event", "append", "seals", "retention")


def prepare() -> str:
    from django.conf import settings

    from config import databases, guard

    databases.ensure_running()
    name = settings.DATABASES["default"]["NAME"]
    databases.create(name)
    with databases.administrator() as connection:
        guard.apply_roles(connection, databases.login_passwords())
        connection.execute(f"SET ROLE {guard.OWNER}; SET check_function_bodies = off")
        for file in FILES:
            connection.execute((settings.BASE_DIR / "audit" / "sql" / f"{file}.sql").read_text())
        connection.execute("SELECT audit.maintain_partitions(now())")
        for schema, roles in guard.USAGE.items():
            connection.execute(f"GRANT USAGE ON SCHEMA {schema} TO {', '.join(roles)}")
        for table, rights in guard.RECORD_TABLES.items():
            for role, allowed in rights.items():
                connection.execute(f"GRANT {', '.join(allowed)} ON audit.{table} TO {role}")
        for function in ("audit.append", "audit.seal_state"):
            connection.execute(f"GRANT EXECUTE ON FUNCTION {function} TO {', '.join(guard.FUNCTION_GRANTS[function])}")
    return "ready"


def append(writers: str, journal: str) -> str:
    """An id is noted when the call has returned: what stands in the journal was acknowledged."""
    from django.db import DatabaseError, connections

    from audit.events import Kind
    from audit.record import AuditUnavailable, record_durably

    def write() -> None:
        with open(journal, "a", encoding="utf-8", buffering=1) as noted, contextlib.suppress(AuditUnavailable, DatabaseError):
            while True:
                noted.write(f"{record_durably(Kind.SIGNED_OUT).id}\n")
        connections.close_all()

    threads = [threading.Thread(target=write) for _ in range(int(writers))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return "the database is gone"


def seal() -> str:
    from audit import seals

    return str(sum(sealed.count for sealed in seals.seal_all(now=datetime.now(UTC))))


def verify() -> str:
    from audit import verification

    found = verification.verify()
    return f"{found.events} {found.unsealed} {found.checkpoints}"


def obey() -> None:
    orders = {"prepare": prepare, "append": append, "seal": seal, "verify": verify}
    for line in sys.stdin:
        name, *arguments = line.split()
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                said = orders[name](*arguments)
                status = 0
            except BaseException as error:
                said = f"{type(error).__name__}: {error}"
            os.write(writing, said.replace("\n", " ").encode())
            os._exit(status)
        os.close(writing)
        # The number first: who is to be killed is known before it is done.
        print(pid, flush=True)
        with open(reading, encoding="utf-8") as pipe:
            said = pipe.read()
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), said, flush=True)


if __name__ == "__main__":
    import django

    django.setup()
    from tests.faults import points

    Path(points.folder_of(Path(os.environ["DATA_DIR"]))).mkdir(parents=True, exist_ok=True)
    points.install_in_sealer()
    obey()
