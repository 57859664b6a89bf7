"""The export at the end of the contract: what is the agency's, in files that anybody can read and prove (AUD-10, BEY-10).

Files are written one by one and noted in a journal, each under its name only when it is whole and on the disk. A run that was
killed is taken up where it stopped, and the manifest is written last: a folder with a manifest is a whole export. Events are read
with the auditor's login after an event of the export's own; their tree ends at the first checkpoint over that event.
"""

import base64
import contextlib
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.files.storage import Storage
from django.db import connections, transaction
from psycopg import sql

from audit import seals, signing, verification, verifier
from audit.events import Kind
from audit.record import record_durably

EVENTS_A_FILE = 50_000
_ROWS_AT_ONCE = 2_000
_PLAN, _JOURNAL = ".plan.json", ".journal.jsonl"

Progress = Callable[[str, int, int], None]


class ExportRefused(Exception):
    """The export cannot be made there, or not now; the message says why."""


@dataclass(frozen=True)
class Table:
    """A table of `public` and where its rows go; `columns` are those that leave the house, `key` their order."""

    path: str
    name: str
    key: str
    columns: Sequence[str]


@dataclass(frozen=True)
class Attachments:
    """Files of a storage, under `folder` by their own names."""

    folder: str
    storage: Storage
    names: Callable[[], Iterable[str]]


@dataclass(frozen=True)
class Exported:
    """A whole export: `digest` is the SHA-256 of its manifest, which the agency's receipt names."""

    digest: str
    files: int
    events: int
    missing: Sequence[str]


@dataclass(frozen=True)
class _Plan:
    """What a run that is taken up again must know: until which event, since when, and for whom."""

    begun: str
    begun_at: str
    destination: str
    events: int


def export(
    *, out: Path, destination: str, tables: Sequence[Table], attachments: Sequence[Attachments], now: datetime,
    progress: Progress | None = None,
) -> Exported:
    """Write the export, or what a killed run left of it, and record its manifest's digest.

    Args:
        out: an empty folder, one that a killed run left, or one that is not there yet.
        destination: to whom it goes, in words; recorded.
        tables, attachments: what is the agency's beside the log.
        progress: told, as (file, done, total), which file is done.

    Raises:
        ExportRefused: the folder holds something else, or the log could not be sealed in time. It is on record.
        audit.record.AuditUnavailable: it could not be recorded.
    """
    try:
        return _export(out, destination, tables, attachments, now, progress)
    except ExportRefused as refused:
        record_durably(Kind.CONTRACT_REFUSED, using="auditor", step="export", why=str(refused))
        raise


def _export(
    out: Path, destination: str, tables: Sequence[Table], attachments: Sequence[Attachments], now: datetime,
    progress: Progress | None,
) -> Exported:
    manifest, plan_file = out / verifier.MANIFEST, out / _PLAN
    if manifest.exists() and not plan_file.exists():
        raise ExportRefused(f"{out} holds a whole export. Choose another folder.")
    # A run that died over its first file left a draft and nothing else.
    if out.exists() and not plan_file.exists() and any(not file.name.endswith(".part") for file in out.iterdir()):
        raise ExportRefused(f"{out} holds something that is not an export of ours. Choose an empty folder.")
    out.mkdir(parents=True, exist_ok=True, mode=0o700)
    plan = _begin(out, destination, now)
    if not manifest.exists():
        jobs = [*_event_jobs(plan), *_proof_jobs(plan), *map(_table_job, tables), *_attachment_jobs(attachments)]
        written, missing = _write(out, jobs, progress)
        _place_manifest(out, plan, written, missing, now)
    text = manifest.read_bytes()
    digest, said = hashlib.sha256(text).hexdigest(), json.loads(text)
    record_durably(Kind.CONTRACT_EXPORTED, using="auditor", destination=plan.destination, manifest=digest,
                   files=len(said["files"]), events=plan.events, missing=len(said["missing"]))
    for file in (out / _JOURNAL, plan_file):
        file.unlink(missing_ok=True)
    return Exported(digest, len(said["files"]), plan.events, said["missing"])


Job = tuple[str, Callable[[], Iterable[bytes]]]


def _begin(out: Path, destination: str, now: datetime) -> _Plan:
    """Each run is an event; a run that is taken up keeps the size and the destination of the first."""
    file = out / _PLAN
    if file.exists():
        plan = _Plan(**json.loads(file.read_text(encoding="utf-8")))
        if plan.destination != destination:
            raise ExportRefused(f"This export was begun for {plan.destination}.")
        record_durably(Kind.CONTRACT_EXPORT_BEGUN, using="auditor", destination=plan.destination, events=plan.events,
                       resumed=True)
        return plan
    begun = record_durably(Kind.CONTRACT_EXPORT_BEGUN, using="auditor", destination=destination)
    size = sealed_size(begun.id, now=now)
    plan = _Plan(str(begun.id), now.astimezone(UTC).isoformat(), destination, size)
    _place(file, [json.dumps(vars(plan)).encode()])
    return plan


def sealed_size(event: UUID, *, now: datetime) -> int:
    """Seal until `event` is covered, by us or by the sealer that is at work; return the size of the checkpoint over it.

    Raises:
        ExportRefused: nobody sealed it in time.
    """
    end = time.monotonic() + settings.AUDIT_SEAL_WAIT_SECONDS
    while True:
        for _ in seals.seal_all(now=now):
            pass
        with connections["auditor"].cursor() as cursor:
            cursor.execute("SELECT min(c.size) FROM audit.sealed_leaf l JOIN audit.checkpoint c ON c.size > l.index"
                           " WHERE l.id = %s::uuid", [event])
            size = cursor.fetchone()[0]
        if size is not None:
            return int(size)
        if time.monotonic() > end:
            raise ExportRefused("The log is sealed late: try again when its seals are in order.")
        time.sleep(0.2)


def _event_jobs(plan: _Plan) -> Iterator[Job]:
    for start in range(0, plan.events, EVENTS_A_FILE):
        end = min(start + EVENTS_A_FILE, plan.events)
        yield f"events/{start:012d}.jsonl", partial(_events, start, end)


def _events(start: int, end: int) -> Iterator[bytes]:
    """One line for each leaf: its event, or the leaf alone where the event went with a month past its retention."""
    with connections["auditor"].cursor() as cursor:
        announced = verification.announced_months(cursor)
    for first in range(start, end, _ROWS_AT_ONCE):
        last = min(first + _ROWS_AT_ONCE, end)
        with transaction.atomic(using="auditor"), connections["auditor"].cursor() as cursor:
            # Event by event, by its key; the planner would else read the whole log for each piece.
            cursor.execute("SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; SET LOCAL enable_seqscan = off")
            cursor.execute(
                "SELECT l.index, l.id, l.at, l.leaf, coalesce(e.xact, k.xact)::text, coalesce(e.kind, k.kind),"
                " coalesce(e.nonce, k.nonce), coalesce(e.payload, k.payload) FROM audit.sealed_leaf l"
                " LEFT JOIN audit.event e ON e.at = l.at AND e.id = l.id"
                " LEFT JOIN audit.kept_event k ON k.at = l.at AND k.id = l.id"
                " WHERE l.index >= %s AND l.index < %s ORDER BY l.index", [first, last])
            rows = cursor.fetchall()
        if [row[0] for row in rows] != list(range(first, last)):
            raise ExportRefused("Seals are missing from the log: `verify_audit` names the first.")
        for index, id, at, leaf, xact, kind, nonce, payload in rows:
            facts: dict[str, Any] = {"at": signing.microseconds(at), "id": str(id), "index": index}
            if payload is not None:
                facts |= {"kind": kind, "nonce": base64.b64encode(bytes(nonce)).decode(), "payload": payload, "xact": xact}
            elif f"{at:%Y-%m}" in announced:
                facts["leaf"] = base64.b64encode(bytes(leaf)).decode()
            else:
                raise ExportRefused("Events are missing from the log: `verify_audit` names the first.")
            yield _line(facts)


def _proof_jobs(plan: _Plan) -> Iterator[Job]:
    yield "checkpoints.jsonl", lambda: _checkpoints(plan.events)
    yield "keys.txt", lambda: [f"{key.text}\n".encode() for key in signing.trusted_keys()]
    yield "verifier.py", lambda: [Path(verifier.__file__).read_bytes()]


def _checkpoints(size: int) -> Iterator[bytes]:
    with connections["auditor"].cursor() as cursor:
        cursor.execute("SELECT signed_note FROM audit.checkpoint WHERE size <= %s ORDER BY size", [size])
        for (note,) in cursor.fetchall():
            yield _line({"note": note})


def _table_job(table: Table) -> Job:
    return table.path, lambda: _rows(table)


def _rows(table: Table) -> Iterator[bytes]:
    """Each row as one object: names of columns to values, times in ISO 8601, bytes in hexadecimal."""
    statement = sql.SQL("SELECT row_to_json(t)::text FROM (SELECT {} FROM public.{} ORDER BY {}) t").format(
        sql.SQL(", ").join(map(sql.Identifier, table.columns)), sql.Identifier(table.name), sql.Identifier(table.key))
    with transaction.atomic(), connections["default"].chunked_cursor() as cursor:
        cursor.execute(statement)
        while rows := cursor.fetchmany(_ROWS_AT_ONCE):
            for (row,) in rows:
                yield row.encode() + b"\n"


def _attachment_jobs(attachments: Sequence[Attachments]) -> Iterator[Job]:
    for kept in attachments:
        for name in kept.names():
            yield f"{kept.folder}/{name}", partial(_content, kept.storage, name)


def _content(storage: Storage, name: str) -> Iterator[bytes]:
    with storage.open(name) as file:
        yield from file.chunks()


def _write(out: Path, jobs: Sequence[Job], progress: Progress | None) -> tuple[list[dict[str, Any]], list[str]]:
    done = _journal(out)
    written, missing = [], []
    with open(out / _JOURNAL, "ab") as journal:
        for number, (path, content) in enumerate(jobs, 1):
            entry = done.get(path)
            if entry is None or not (out / path).exists() or verifier.digest_of(out / path) != entry["sha256"]:
                try:
                    entry = {"path": path} | _place(out / path, content())
                except FileNotFoundError:
                    # An attachment that its storage has lost: said, and no reason to keep the rest back.
                    missing.append(path)
                    continue
                journal.write(_line(entry))
                journal.flush()
                os.fsync(journal.fileno())
            written.append(entry)
            if progress:
                progress(path, number, len(jobs))
    return written, missing


def _journal(out: Path) -> dict[str, dict[str, Any]]:
    """What is whole, by path; a line that a kill cut off is nothing."""
    found = {}
    with contextlib.suppress(FileNotFoundError):
        for line in (out / _JOURNAL).read_bytes().splitlines(keepends=True):
            with contextlib.suppress(ValueError):
                entry = json.loads(line)
                found[entry["path"]] = entry
    return found


def _place(file: Path, pieces: Iterable[bytes]) -> dict[str, Any]:
    """Write a file that is there whole or not at all; return its SHA-256 and its number of bytes."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft, digest, size = file.with_name(f".{file.name}.part"), hashlib.sha256(), 0
    try:
        with open(draft, "wb") as opened:
            for piece in pieces:
                opened.write(piece)
                digest.update(piece)
                size += len(piece)
            opened.flush()
            os.fsync(opened.fileno())
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)
    return {"sha256": digest.hexdigest(), "bytes": size}


def _place_manifest(out: Path, plan: _Plan, files: list[dict[str, Any]], missing: list[str], now: datetime) -> None:
    """The manifest stands when all else does."""
    for draft in out.rglob(".*.part"):
        draft.unlink()
    manifest = {
        "export": verifier.EXPORT_FORMAT, "agency": settings.AGENCY_NAME, "destination": plan.destination, "begun": plan.begun,
        "begun_at": plan.begun_at, "ended_at": now.astimezone(UTC).isoformat(), "events": plan.events, "files": files,
        "missing": missing}
    text = json.dumps(manifest, ensure_ascii=False, sort_keys=True, indent=1) + "\n"
    _place(out / verifier.MANIFEST, [text.encode()])


def _line(facts: dict[str, Any]) -> bytes:
    return (json.dumps(facts, ensure_ascii=False, sort_keys=True, separators=(",", ":")) + "\n").encode()
