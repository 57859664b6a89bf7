"""The erasure at the end of the contract: refused without proof and people, announced, resumable, and certified (AUD-10, BEY-10).

What is the agency's is erased in steps, each noted in a journal beside the export, outside of everything that is erased: a run
that was killed goes on with the next step. The signing key goes last, when a person has confirmed the copies that this machine
cannot reach; until then each run leaves a certificate signed with it, which names what is still to be confirmed.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.files.storage import storages
from django.db import connections, transaction
from psycopg import sql

from audit import signing, verifier
from audit.contract import archive
from audit.events import Kind, is_refusal
from audit.models import ContractEnd, LegalHold
from audit.record import record_durably

# What may have happened after an export without being missed in it; whatever else there is, new kinds too, must be in it.
NOT_MISSED = frozenset({
    # What was refused or failed was not done. What somebody asked of the reads counts all the same, and so does a finding: a
    # signed report that was changed.
    *(kind for kind in Kind if is_refusal(kind) and kind not in {Kind.QUERY_REFUSED, Kind.REVIEW_REPORT_REFUSED}),
    Kind.PAGE_FAILED,
    # Any stranger locks an account or an address by guessing, at any hour, and must not void a receipt and two approvals by it.
    Kind.ACCOUNT_LOCKED, Kind.ADDRESS_LOCKED,
    # The contract's own end, and how people come in for its steps.
    *(kind for kind in Kind if kind.startswith("contract.")), Kind.SIGNED_IN, Kind.SIGNED_OUT, Kind.SESSION_ENDED,
    Kind.FACTOR_GIVEN, Kind.RULES_AFFIRMED, Kind.COMMAND_RUN,
    # Reading; what was asked of the reads counts.
    Kind.PAGE_OPENED, Kind.PAGE_SENT, Kind.DESK_VIEWED, Kind.NOTICES_VIEWED, Kind.AUDIT_SEARCHED, Kind.AUDIT_VIEWED,
    Kind.AUDIT_BUNDLED, Kind.AUDIT_EXPORTED, Kind.AUDIT_EXPORT_DOWNLOADED, Kind.STATISTICS_VIEWED, Kind.DELIVERY_VIEWED,
    Kind.DELIVERY_DOWNLOADED, Kind.RETENTION_VIEWED, Kind.INCIDENTS_LISTED, Kind.INCIDENT_VIEWED, Kind.REVIEWS_LISTED,
    Kind.REVIEW_VIEWED, Kind.RECORD_VIEWED,
    # The system's jobs. What they found (an alarm, a hit) counts.
    Kind.ACCOUNT_MAILED, Kind.AUDIT_COUNTED, Kind.AUDIT_EXPORT_ERASED, Kind.AUDIT_EXPORT_FAILED, Kind.COVERAGE_BELOW,
    Kind.COVERAGE_REACHED, Kind.DELETION_CALLED, Kind.DELETION_OVERDUE, Kind.DELIVERY_ERASED, Kind.DELIVERY_FAILED,
    Kind.DELIVERY_MADE, Kind.DELIVERY_READ, Kind.DELIVERY_READY, Kind.DRAFTS_ERASED, Kind.ENTRY_ERASED, Kind.ENTRY_EXPIRED,
    Kind.ENTRY_PROMPTED, Kind.HITS_ERASED, Kind.IDLE_DISABLED, Kind.IDLE_NOTICED, Kind.KEY_MAILED, Kind.LETTER_SENT,
    Kind.NEED_LAPSED, Kind.NEED_NOTICED, Kind.NOTIFICATION_FAILED, Kind.NOTIFICATION_SENT, Kind.READS_LOADED,
    Kind.READ_NOTICE_SENT, Kind.RECORDS_DROPPED, Kind.RECORD_MAILED, Kind.REQUEST_DROPPED, Kind.RETURNED_MAIL_READ,
    Kind.REVIEW_REMINDED, Kind.SOURCE_HEARD, Kind.SOURCE_SILENT, Kind.STORE_MAINTAINED, Kind.TICKET_ERASED,
    Kind.TICKET_ESCALATED, Kind.TRAINING_LAPSED, Kind.TRAINING_LAPSES_LISTED, Kind.TRAINING_REMINDED,
})
_HELD = "A legal hold stands: nothing goes before the agency's appointer has lifted it."
_LOG = "audit log with its seals"
_AUDIT_TABLES = ("checkpoint", "event", "kept_event", "node", "sealed_leaf", "unsealed")


class ErasureRefused(Exception):
    """Nothing is erased, or no more of it; the message says why."""


@dataclass(frozen=True)
class Holdings:
    """Where what is the agency's lies: tables of `public`, files as (storage's alias, name), folders and files of the machine.

    `copies` are those that no program here reaches, in words.
    """

    tables: Sequence[str]
    stored: Callable[[], Sequence[tuple[str, str]]]
    folders: Sequence[Path]
    files: Sequence[Path]
    copies: Sequence[str]


@dataclass(frozen=True)
class Confirmation:
    """A person's word that the copy of this number (from 1) is gone since that day."""

    copy: int
    on: date
    by: str


def erase(
    *, export: Path, approval: UUID, holdings: Holdings, now: datetime, confirmations: Sequence[Confirmation] = (),
    progress: Callable[[str, int, int], None] | None = None,
) -> Path:
    """Erase, or go on erasing, and return the newest certificate. Run again when all is done, it changes nothing.

    Args:
        export: the folder of the export that the agency received; journal and certificate lie beside it.
        approval: the id of the end of the contract that two persons approved.
        holdings: what is erased.
        confirmations: what persons say of the copies out of reach; only after the erasure here.
        progress: told, as (step, done, total), what is done.

    Raises:
        ErasureRefused: the export does not prove itself, is not the one received, an approval lacks, or a legal hold stands. The
            refusal is on record.
    """
    book = _Journal(export.with_name(f"{export.name}.erasure-{approval}.json"))
    with _refusals_on_record(book):
        if not book.facts:
            _begin(book, export, approval, holdings, now)
        elif _LOG not in book.facts["erased"] and _verified(export).digest != book.facts["manifest"]:
            raise ErasureRefused("Another export lies here than the one that the agency received: nothing goes on without it.")
        _go_on(book, holdings, now, progress)
        _confirm(book, confirmations, now)
    return _certify(book, export, approval)


@contextmanager
def _refusals_on_record(book: "_Journal") -> Iterator[None]:
    """A refusal is an event, as long as there is a log that is not erased."""
    try:
        yield
    except (ErasureRefused, archive.ExportRefused) as refused:
        if _LOG not in book.facts.get("erased", {}):
            record_durably(Kind.CONTRACT_REFUSED, using="auditor", step="erase", why=str(refused))
        raise


def _go_on(
    book: "_Journal", holdings: Holdings, now: datetime, progress: Callable[[str, int, int], None] | None,
) -> None:
    """The steps that were not done yet."""
    steps: Mapping[str, Callable[[], None]] = {
        "rows of accounts, alert lists, forms and reviews": lambda: _erase_rows(holdings.tables),
        "scans, photos and exports in storages": lambda: _erase_stored(book),
        "mail spool, logs and other files": lambda: _erase_files(holdings),
        _LOG: lambda: _erase_log(now),
    }
    for number, (step, do) in enumerate(steps.items(), 1):
        if step not in book.facts["erased"]:
            do()
            book.facts["erased"][step] = datetime.now(UTC).isoformat(timespec="seconds")
            book.write()
        if progress:
            progress(step, number, len(steps))


def _begin(book: "_Journal", export: Path, approval: UUID, holdings: Holdings, now: datetime) -> None:
    """All that must hold, then the announcement: an event that is sealed before anything is erased."""
    for folder in holdings.folders:
        if export.resolve().is_relative_to(folder.resolve()):
            raise ErasureRefused(f"The export lies in {folder}, which is erased. Move it first.")
    end = ContractEnd.objects.select_related("agency_by", "operator_by").filter(pk=approval, is_open=True).first()
    if end is None:
        raise ErasureRefused("There is no open end of the contract of this number.")
    if not end.manifest or end.received_at is None:
        raise ErasureRefused("The agency has not recorded its receipt of the export.")
    if not end.is_approved:
        raise ErasureRefused("Two persons approve the erasure: the agency's appointer and one of operations staff.")
    if LegalHold.objects.filter(lifted_at=None).exists():
        raise ErasureRefused(_HELD)
    report = _verified(export)
    if report.digest != end.manifest:
        raise ErasureRefused("The agency's receipt is for another export than this one.")
    if report.manifest.get("destination") != end.destination:
        raise ErasureRefused(f"The export went to {report.manifest.get('destination')}, and the page of the contract's end names "
                             f"{end.destination}.")
    unknown = sorted(set(report.manifest["missing"]) - set(end.missing))
    if unknown:
        raise ErasureRefused(f"The export lacks files that its storage had lost, and the agency's receipt does not name them: "
                             f"{', '.join(unknown)}.")
    _require_nothing_since(report.events)
    persons = [f"{who.get_full_name()} ({who.get_username()})" for who in (end.agency_by, end.operator_by) if who]
    announced = record_durably(Kind.CONTRACT_ERASURE_ANNOUNCED, using="auditor", contract=approval, manifest=report.digest,
                               persons=persons)
    size = archive.sealed_size(announced.id, now=now)
    with connections["auditor"].cursor() as cursor:
        cursor.execute("SELECT signed_note FROM audit.checkpoint WHERE size = %s", [size])
        note = cursor.fetchone()[0]
    book.facts |= {
        "approval": str(approval), "manifest": report.digest, "destination": end.destination, "persons": persons,
        "missing": report.manifest["missing"], "announced": str(announced.id),
        "announced_at": announced.at.isoformat(timespec="seconds"), "checkpoint": note,
        "received_at": end.received_at.astimezone(UTC).isoformat(timespec="seconds"),
        "stored": [list(file) for file in holdings.stored()], "copies": list(holdings.copies), "confirmed": {}, "erased": {}}
    book.write()


def _verified(export: Path) -> verifier.ExportReport:
    try:
        return verifier.check_export(export, [key.text for key in signing.trusted_keys()])
    except (verifier.NotProven, KeyError) as error:
        raise ErasureRefused(f"The export does not prove itself: {error}.") from error


def _require_nothing_since(events: int) -> None:
    """Whatever was done after the export would be lost."""
    with connections["auditor"].cursor() as cursor:
        cursor.execute(
            "SELECT e.kind, count(*) FROM audit.event e WHERE e.kind <> ALL (%s)"
            " AND NOT EXISTS (SELECT FROM audit.sealed_leaf l WHERE l.id = e.id AND l.index < %s) GROUP BY 1 ORDER BY 1",
            [[str(kind) for kind in NOT_MISSED], events])
        found = cursor.fetchall()
    if found:
        kinds = ", ".join(f"{count} of {kind}" for kind, count in found)
        raise ErasureRefused(f"Things were done since the export ({kinds}). Stop the service, export anew, have it received.")


def _erase_rows(tables: Sequence[str]) -> None:
    """All rows of these tables at once, as the owner; what refers to them from elsewhere forgets whom it meant.

    Then each table is written anew, so that no page of the disk keeps what was deleted.
    """
    names = list(tables)
    with transaction.atomic(using="owner", durable=True), connections["owner"].cursor() as cursor:
        # Before anything is deleted: a table with checks to come cannot be altered.
        for name in names:
            cursor.execute(sql.SQL("ALTER TABLE public.{} DISABLE TRIGGER USER").format(sql.Identifier(name)))
        # Asked again: a hold that was placed after the announcement, or before a run that is taken up, counts. No other can come.
        cursor.execute("SELECT FROM public.audit_legalhold WHERE lifted_at IS NULL")
        if cursor.rowcount:
            raise ErasureRefused(_HELD)
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        cursor.execute(
            "SELECT c.conrelid::regclass::text, a.attname, NOT a.attnotnull FROM pg_constraint c"
            " JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]"
            " WHERE c.contype = 'f' AND c.confrelid::regclass::text = ANY (%s) AND c.conrelid::regclass::text <> ALL (%s)",
            [names, names])
        for table, column, may_be_empty in cursor.fetchall():
            if not may_be_empty:
                raise ErasureRefused(f"{table}.{column} refers to what is erased and cannot be empty.")
            cursor.execute(sql.SQL("UPDATE {} SET {} = NULL WHERE {} IS NOT NULL").format(
                sql.Identifier(table), sql.Identifier(column), sql.Identifier(column)))
        for name in names:
            cursor.execute(sql.SQL("DELETE FROM public.{}").format(sql.Identifier(name)))
        # What refers to whom is checked now: no table with checks to come can be altered.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        _enable_guards(cursor, names)
    with connections["owner"].cursor() as cursor:
        for name in names:
            cursor.execute(sql.SQL("VACUUM (FULL, ANALYZE) public.{}").format(sql.Identifier(name)))


def _enable_guards(cursor: Any, names: Sequence[str]) -> None:
    """The guards of approved rules stand again as the manifest of the database asks."""
    cursor.execute("SELECT c.relname, t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
                   " WHERE c.relnamespace = 'public'::regnamespace AND c.relname = ANY (%s) AND NOT t.tgisinternal", [names])
    for table, trigger in cursor.fetchall():
        cursor.execute(sql.SQL("ALTER TABLE public.{} ENABLE ALWAYS TRIGGER {}").format(
            sql.Identifier(table), sql.Identifier(trigger)))


def _erase_stored(book: "_Journal") -> None:
    """Files by the names that the journal noted while their rows were there."""
    for alias, name in book.facts["stored"]:
        storages[alias].delete(name)
    book.facts["stored"] = []


def _erase_files(holdings: Holdings) -> None:
    for folder in holdings.folders:
        if folder.is_dir():
            for inner in folder.iterdir():
                shutil.rmtree(inner) if inner.is_dir() and not inner.is_symlink() else inner.unlink()
    for file in holdings.files:
        # Emptied, not unlinked: a server that holds it open writes on into the same one.
        with suppress(FileNotFoundError):
            os.truncate(file, 0)


def _erase_log(now: datetime) -> None:
    """The record itself: the one path on which its guards are taken down, announced by a sealed event whose checkpoint is on the
    certificate. Months are dropped and made anew, empty; the guards stand again before anybody else sees the tables."""
    with transaction.atomic(using="owner", durable=True), connections["owner"].cursor() as cursor:
        for name in _AUDIT_TABLES:
            cursor.execute(sql.SQL("ALTER TABLE audit.{} DISABLE TRIGGER USER").format(sql.Identifier(name)))
        cursor.execute("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'audit.event'::regclass")
        for (month,) in cursor.fetchall():
            cursor.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(*month.split("."))))
        cursor.execute("TRUNCATE audit.event, audit.kept_event, audit.unsealed, audit.sealed_leaf, audit.node, audit.checkpoint")
        cursor.execute("SELECT audit.maintain_partitions(%s)", [now])
        for name in set(_AUDIT_TABLES) - {"unsealed"}:
            for trigger in ("refuse_change", "refuse_truncate"):
                cursor.execute(sql.SQL("ALTER TABLE audit.{} ENABLE ALWAYS TRIGGER {}").format(
                    sql.Identifier(name), sql.Identifier(trigger)))


def _confirm(book: "_Journal", confirmations: Sequence[Confirmation], now: datetime) -> None:
    for said in confirmations:
        if not 1 <= said.copy <= len(book.facts["copies"]):
            raise ErasureRefused(f"There is no copy number {said.copy}: there are {len(book.facts['copies'])}.")
        if not said.by.strip():
            raise ErasureRefused("A person confirms: say who.")
        received = date.fromisoformat(book.facts["received_at"][:10])
        if not received <= said.on <= now.astimezone(UTC).date():
            raise ErasureRefused(f"A copy was erased between {received}, when the agency recorded its receipt, and today: "
                                 f"{said.on} is not.")
        if str(said.copy) not in book.facts["confirmed"]:
            book.facts["confirmed"][str(said.copy)] = {"on": said.on.isoformat(), "by": said.by.strip()}
            book.write()


def _certify(book: "_Journal", export: Path, approval: UUID) -> Path:
    """The newest certificate; when nothing waits any more, it is the last, and the key that signed it is erased."""
    certificate = export.with_name(f"{export.name}.certificate-{approval}.txt")
    if book.facts.get("key_erased"):
        _erase_key()
        return certificate
    waiting = [number for number in range(1, len(book.facts["copies"]) + 1) if str(number) not in book.facts["confirmed"]]
    key = signing.own_key()
    text = "\n".join(_certificate(book.facts, key, last=not waiting)) + "\n"
    draft = certificate.with_suffix(".draft")
    draft.write_text(signing.sign_text(key, text), encoding="utf-8")
    draft.replace(certificate)
    if not waiting:
        book.facts["key_erased"] = True
        book.write()
        _erase_key()
    return certificate


def _certificate(facts: dict[str, Any], key: signing.SigningKey, *, last: bool) -> list[str]:
    lines = [
        key.name, "Certificate of erasure at the end of the contract" if last else
        "Interim certificate of erasure at the end of the contract: copies out of reach are still to be confirmed",
        f"Agency: {settings.AGENCY_NAME}", f"Approval: {facts['approval']}",
        f"Approved by: {' and '.join(facts['persons'])}",
        f"Exported to: {facts['destination']}", f"SHA-256 of the export's manifest: {facts['manifest']}",
        *(f"Missing there, as the agency knows: {file}" for file in facts["missing"]),
        f"Receipt recorded by the agency: {facts['received_at']}",
        f"Announced: event {facts['announced']}, {facts['announced_at']}, under the checkpoint",
        *(f"  {line}" for line in facts["checkpoint"].splitlines() if line), "Erased by this service:",
        *(f"  {step}: {at}" for step, at in facts["erased"].items()), "Copies out of its reach:"]
    for number, copy in enumerate(facts["copies"], 1):
        said = facts["confirmed"].get(str(number))
        state = f"erased on {said['on']}, confirmed by {said['by']}" if said else "NOT YET CONFIRMED"
        lines.append(f"  {number}. {copy}: {state}")
    return [*lines, f"Signing key of this log: {'erased with this certificate' if last else 'kept until the last confirmation'}"]


def _erase_key() -> None:
    """The private key is overwritten before its name goes; the public keys are in the export."""
    file = Path(settings.AUDIT_SIGNING_KEY_FILE)
    with suppress(FileNotFoundError):
        size = file.stat().st_size
        with open(file, "r+b") as opened:
            opened.write(os.urandom(size))
            opened.flush()
            os.fsync(opened.fileno())
    for name in (file, file.with_name(f"{file.name}.latest"), file.with_name(f"{file.name}.pub")):
        name.unlink(missing_ok=True)


class _Journal:
    """What was done, in a file beside the export: whole or as it was before."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.facts: dict[str, Any] = {}
        with suppress(FileNotFoundError):
            self.facts = json.loads(file.read_text(encoding="utf-8"))

    def write(self) -> None:
        draft = self.file.with_suffix(".draft")
        with open(draft, "w", encoding="utf-8") as opened:
            json.dump(self.facts, opened, ensure_ascii=False, indent=1)
            opened.flush()
            os.fsync(opened.fileno())
        draft.replace(self.file)
