"""Whatever is done leaves its event: every address, asked by somebody who is let in and by somebody who is not, every command and
every job (AUD-1).

What each address leaves stands in events.txt beside this file. When an address is new, the test fails, shows the lines that it
needs and writes what it found to events.txt in DATA_DIR; a line without an event says behind the dash why there is none.
"""

import contextlib
import io
import sys
from argparse import ArgumentTypeError
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from celery import current_app
from django.conf import settings
from django.core.management import CommandError, call_command, get_commands

from audit.events import Kind, is_refusal
from config import databases
from tests.guards import addresses
from tests.guards.addresses import Address
from tests.guards.test_permissions import OPEN_MARKS, Asker, asker, table  # noqa: F401 - fixtures
from tests.permissions import COLUMNS, Key

EVENTS = Path(__file__).resolve().parent / "events.txt"
OURS = {"accounts", "alerts", "audit", "config", "lpr"}
Table = dict[Key, dict[str, str]]


def line(key: Key, kinds: list[str] | str) -> str:
    route, method = key
    return f"{method:4} {route or '/':63} {' '.join(kinds) if isinstance(kinds, list) else kinds}"


def expected() -> dict[Key, str]:
    rows = [row.split(maxsplit=2) for row in EVENTS.read_text().splitlines() if row]
    return {("" if route == "/" else route, method): kinds for method, route, kinds in rows}


def promised(said: str) -> list[str]:
    """The kinds of a line; behind a dash stands why there is none."""
    return ["-"] if said.startswith("-") else said.split()


def askers(rights: Table, address: Address, method: str) -> Iterator[tuple[str, bool]]:
    """Who asks: one who is let in, where anybody is, and one who is refused; the superuser and strangers last."""
    marks = rights.get((address.route, method), {})
    by_order = sorted((column.name for column in COLUMNS if column.name != "any"), key=lambda name: name == "root")
    if name := next((name for mark in ("x", "!") for name in by_order if marks.get(name) == mark), None):
        yield name, True
    # The back office's own login refuses nobody: it leads on to the one there is.
    if address.name != "admin:login" and (name := next((name for name in by_order if marks.get(name, ".") in {".", "-"}), None)):
        yield name, False


def recorded() -> dict[str, list[str]]:
    """The kinds of events by the number of their request."""
    with databases.administrator() as connection:
        rows = connection.execute("SELECT payload::jsonb->>'request', kind FROM audit.event ORDER BY at, id").fetchall()
    found: dict[str, list[str]] = {}
    for request, kind in rows:
        if request and kind not in found.setdefault(request, []):
            found[request].append(kind)
    return found


@pytest.mark.req("AUD-1")
def test_every_address_leaves_its_event_for_who_is_let_in_and_for_who_is_not(asker: Asker, table: Table) -> None:  # noqa: F811
    asked = [(key, is_let_in, asker.answer(name, key[1], address).headers.get("X-Request-Id", ""))
             for method in ("GET", "POST") for address in addresses.every() for key in [(address.route, method)]
             for name, is_let_in in askers(table, address, method)]
    kinds, wanted = recorded(), expected()
    found = {key: sorted(kinds.get(request, [])) for key, is_let_in, request in asked if is_let_in}
    (settings.DATA_DIR / EVENTS.name).write_text("".join(line(key, left or "-") + "\n" for key, left in found.items()))
    different = [key for key in found | wanted if (found.get(key) or ["-"]) != promised(wanted.get(key, ""))]
    assert not different, "events.txt does not say what the service does:\n" + "\n".join(
        sign + line(key, left) for key in different
        for sign, left in (("-", wanted.get(key)), ("+", found.get(key) or "-")) if left)
    assert not [key for key, said in wanted.items() if said.startswith("-") and len(said.split()) < 3], "say why there is none"
    silent = [key for key, is_let_in, request in asked if not is_let_in and not any(map(is_refusal, kinds.get(request, [])))]
    assert not silent


# With what each command is run here: it is on record before it finds anything wrong with that.
COMMANDS = {
    "appoint": ["--username", "first.appointer", "--email", "cor@agency.example"], "audit_retention": [], "count_usage": [],
    "guard_database": ["--apply"], "install_first_records": [], "install_roles": [], "issue_source_key": ["nobody"],
    "load_reads": ["missing.csv", "--source", "test-toll"], "load_streets": ["missing.geojson"], "maintain_partitions": [],
    "migrate": [], "read_bounces": [], "rotate_signing_key": [], "seal_audit": [], "verify_audit": []}
# Refused, they say so under this kind; otherwise they record more than that they were run (tests/audit/contract).
STEPS = {"export_contract": ("export", ["--out", "."]),
         "erase_contract": ("erase", ["--export", "none", "--approval", str(uuid4())])}
# `demo` runs the others.
OWN_RECORD = {*STEPS, "demo"}
# What each job puts on record when it finds something to do, to which the tests of its room lead it; or why it does nothing that
# anybody could ask about.
JOBS: dict[str, set[Kind] | str] = {
    "accounts.tasks.age_tickets": {Kind.TICKET_CLOSED, Kind.TICKET_ERASED},
    "accounts.tasks.drop_expired_requests": {Kind.REQUEST_DROPPED, Kind.RECORDS_DROPPED},
    "accounts.tasks.erase_ended_drafts": {Kind.DRAFTS_ERASED},
    "accounts.tasks.keep_tickets": {Kind.TICKET_OPENED, Kind.TICKET_ESCALATED, Kind.ACCOUNT_MAILED},
    "accounts.tasks.keep_time_of_deletions": {Kind.DELETION_CALLED, Kind.DELETION_OVERDUE},
    "accounts.tasks.remind_of_training": {Kind.TRAINING_REMINDED, Kind.TRAINING_LAPSED, Kind.TRAINING_LAPSES_LISTED},
    "accounts.tasks.review_idleness": {Kind.IDLE_NOTICED, Kind.IDLE_DISABLED},
    "accounts.tasks.review_needs": {Kind.NEED_NOTICED, Kind.NEED_LAPSED},
    "accounts.tasks.send_account_mail": {Kind.ACCOUNT_MAILED},
    "accounts.tasks.send_request_mail": {Kind.ACCOUNT_MAILED, Kind.KEY_MAILED},
    "accounts.tasks.tell_of_locks": {Kind.ACCOUNT_MAILED},
    "alerts.tasks.age_entries": {Kind.ENTRY_PROMPTED, Kind.ENTRY_EXPIRED, Kind.ENTRY_ERASED, Kind.HITS_ERASED},
    "alerts.tasks.erase_ended_drafts": {Kind.DRAFTS_ERASED},
    "alerts.tasks.keep_time_of_handovers": {Kind.HANDOVER_OPENED, Kind.HANDOVER_CLOSED},
    "alerts.tasks.read_returned_mail": {Kind.RETURNED_MAIL_READ},
    "alerts.tasks.resume_activations": {Kind.ENTRY_ACTIVATION_RESUMED},
    "alerts.tasks.send_waiting": {Kind.NOTIFICATION_SENT, Kind.NOTIFICATION_FAILED},
    "audit.tasks.count_usage": {Kind.AUDIT_COUNTED},
    "audit.tasks.drop_approved_months": {Kind.MONTH_DROPPED},
    "audit.tasks.keep_deliveries": {Kind.DELIVERY_ERASED, Kind.LETTER_SENT, Kind.ALARM_RAISED},
    "audit.tasks.keep_exports": {Kind.AUDIT_EXPORT_ERASED, Kind.AUDIT_EXPORT_FAILED},
    "audit.tasks.make_delivery": {Kind.DELIVERY_READ, Kind.DELIVERY_MADE, Kind.DELIVERY_READY, Kind.DELIVERY_FAILED},
    "audit.tasks.make_export": {Kind.AUDIT_VIEWED, Kind.AUDIT_EXPORT_FAILED},
    "audit.tasks.prompt_of_incidents": {Kind.LETTER_SENT},
    "audit.tasks.remind_of_contract_end": {Kind.LETTER_SENT},
    "audit.tasks.remind_of_reviews": {Kind.REVIEW_REMINDED},
    "audit.tasks.seal": "what it does is the seal itself: a checkpoint for each batch, in the log's own tables",
    "audit.tasks.send_letters": {Kind.LETTER_SENT},
    "audit.tasks.send_record_mail": {Kind.RECORD_MAILED},
    "audit.tasks.verify_log": {Kind.ALARM_RAISED},
    "audit.tasks.watch_the_record": {Kind.ALARM_RAISED},
    "config.tasks.watch_the_database": {Kind.ALARM_RAISED},
    "lpr.tasks.erase_what_is_over": {Kind.STORE_MAINTAINED},
    "lpr.tasks.load_repaired": {Kind.READS_LOADED},
    "lpr.tasks.maintain_partitions": {Kind.ALARM_RAISED},
    "lpr.tasks.refresh_coverage": {Kind.COVERAGE_BELOW, Kind.COVERAGE_REACHED},
    "lpr.tasks.send_correction_mail": {Kind.READ_NOTICE_SENT},
    "lpr.tasks.watch_sources": {Kind.SOURCE_SILENT, Kind.SOURCE_HEARD, Kind.AUTHORITY_ENDED, Kind.AUTHORITY_RESUMED},
}


@pytest.mark.req("AUD-1")
def test_every_command_is_on_record(source, events, settings, monkeypatch):
    settings.AUDIT_MAKE_SIGNING_KEY = True
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"Subject: returned\n\nnothing")))
    ours = {name for name, app in get_commands().items() if app.split(".")[0] in OURS}
    assert ours == set(COMMANDS) | OWN_RECORD
    for name, arguments in COMMANDS.items():
        with contextlib.suppress(CommandError, ArgumentTypeError, OSError):
            call_command(name, *arguments, stdout=io.StringIO(), stderr=io.StringIO(), verbosity=0)
        found = [event for event in events(Kind.COMMAND_RUN) if event["details"]["command"] == name]
        assert found, name
        assert found[-1]["actor"].startswith("command:")
    for name, (step, arguments) in STEPS.items():
        with pytest.raises(CommandError):
            call_command(name, *arguments, stdout=io.StringIO(), stderr=io.StringIO())
        refused = events(Kind.CONTRACT_REFUSED)[-1]
        assert refused["details"]["step"] == step
        assert refused["actor"].startswith("command:")


@pytest.mark.req("AUD-1")
def test_every_job_has_its_kinds_of_events():
    current_app.loader.import_default_modules()
    assert {name for name in current_app.tasks if name.split(".")[0] in OURS} == set(JOBS)
