"""A file of 2,500 plates read, previewed and confirmed, against COPY of the rows that this stores: its entries and their events.

By CPU: this process, the child that reads the file, and the server's sessions. Every tenth plate is watched by a colleague for
the same reason, so that de-confliction has something to tell.
"""

import csv
import io
import resource
import uuid
from datetime import UTC, datetime

import psycopg
from django.db import connection

from accounts.models import AOR, User
from accounts.roles import Role
from alerts import lists, uploads
from alerts.models import AlertList
from benchmarks import ground
from benchmarks.measure import Clock, Ratio, cpu_clock, percentile, ratio, turn_by_turn

STANDARD_SIZE = 2_500  # plates of a file
GOAL = 8.0
ROUNDS = 12
WARM = 3
SHARED = 10  # one plate of so many is watched by the colleague
CASE = "Subject name John Doe, case number {}"

_ENTRIES = """COPY (
    SELECT gen_random_uuid(), {list}::uuid, owner_id, plate, state, reason, case_reference, other_name, other_unit, status,
           created_at, valid_until, activation, matched_back_at
    FROM alerts_entry WHERE alert_list_id = {base}::uuid) TO STDOUT"""
_INTO_ENTRIES = """COPY alerts_entry (id, alert_list_id, owner_id, plate, state, reason, case_reference, other_name, other_unit,
                                      status, created_at, valid_until, activation, matched_back_at) FROM STDIN"""
_EVENTS = """COPY (
    SELECT e.at + interval '{number} microseconds', gen_random_uuid(), e.xact, e.kind, e.actor_id, e.actor, e.aor,
           e.on_behalf_of, e.plate, e.state, e.reason, e.query, e.nonce, e.leaf, e.payload
    FROM audit.event e JOIN alerts_entry entry ON entry.activation = e.id WHERE entry.alert_list_id = {base}::uuid) TO STDOUT"""
_QUEUE = """COPY (
    SELECT e.at, e.id, e.leaf FROM audit.event e JOIN alerts_entry entry ON entry.activation = e.id
    WHERE entry.alert_list_id = {base}::uuid) TO STDOUT"""


def run(size: int) -> list[Ratio]:
    """`size`: plates of a file, 2,500 at most."""
    with ground.database("upload"):
        aor = AOR.objects.create(code="BENCH", name="Benchmark")
        owner, colleague = (User.objects.create(
            username=name, full_name=name, email=f"{name}@agency.example", role=Role.OFFICER, aor=aor, component="ERO",
            job_category="ero_officer") for name in ("owner", "colleague"))
        for number in range(WARM + ROUNDS + 1):
            _upload(colleague, _file(number, size, step=SHARED))
        base = _upload(owner, _file(WARM + ROUNDS, size))
        with ground.session("postgres") as admin:
            plain = [_plain(admin, owner, base, number) for number in range(WARM + ROUNDS)]
            ground.settle()

            def copy(number: int) -> None:
                with admin.transaction():
                    for statement, text in plain[number]:
                        with admin.cursor().copy(statement) as rows:
                            rows.write(text)

            clock = _with_children(cpu_clock(connection.connection.info.backend_pid, admin.info.backend_pid))
            cost = turn_by_turn({"upload": lambda number: _upload(owner, _file(number, size)), "copy": copy}, rounds=ROUNDS,
                                warm=WARM, clock=clock, say="upload")
    ours, theirs = (percentile(cost[side], 0.5) for side in ("upload", "copy"))
    return [Ratio(
        "upload", ratio(cost["upload"], cost["copy"]), GOAL,
        f"file of {size:,} plates read, previewed and confirmed with de-confliction ({ours * 1000:.0f} ms CPU) against COPY of"
        f" its entries and events ({theirs * 1000:.1f} ms)")]


def _upload(owner: User, data: bytes) -> AlertList:
    now = datetime.now(UTC)
    draft = uploads.begin(owner=owner, data=data, name=f"List {uuid.uuid4()}", now=now)
    uploads.preview(draft=draft, by=owner, now=now)
    return uploads.confirm(draft=draft, by=owner, ongoing=True, now=now)


def _file(number: int, size: int, *, step: int = 1) -> bytes:
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(["plate", "state", "reason", "case_reference"])
    # Each with a case of its own, so that nothing is known from the row before.
    rows.writerows([f"U{number:02d}{plate:05d}", "OH", "CRIM", CASE.format(10_000_000 + plate)] for plate in range(0, size, step))
    return text.getvalue().encode()


def _plain(admin: psycopg.Connection, owner: User, base: AlertList, number: int) -> list[tuple[str, bytes]]:
    """The rows of the upload that made `base`, for a list of their own: statement and text of each COPY."""
    own = lists.create(owner=owner, name=f"Plain {number}", now=datetime.now(UTC))

    def taken(statement: str) -> bytes:
        said = statement.format(list=f"'{own.pk}'", base=f"'{base.pk}'", number=number + 1)
        with admin.cursor().copy(said) as rows:  # type: ignore[arg-type]
            return b"".join(bytes(row) for row in rows)

    return [(_INTO_ENTRIES, taken(_ENTRIES)), ("COPY audit.event FROM STDIN", taken(_EVENTS)),
            ("COPY audit.unsealed FROM STDIN", taken(_QUEUE))]


def _with_children(clock: Clock) -> Clock:
    """The clock, and what this process's children used that have ended."""

    def now() -> float:
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return clock() + used.ru_utime + used.ru_stime

    return now
