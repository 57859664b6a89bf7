"""Exports of a search as Excel and PDF (AUD-4, AUD-12).

What is small is answered at once. What is large is made by a worker, lies in the storage for a day, opens for the person who
asked alone, in the role and area in which they asked, and is then erased. What a worker left behind when it died is taken up by
the scheduler.
"""

import hashlib
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from audit import access, context, jobs, prints, workbooks
from audit.documents import Document
from audit.event_report import EventReport
from audit.events import Kind
from audit.models import Export
from audit.record import record, record_durably
from audit.search import SearchNotFound, Whole, open_whole, owner_of

AT_ONCE = 2_000
LIFE = timedelta(hours=24)
WRITERS: dict[str, Callable[[Document, Path], None]] = {"xlsx": workbooks.write, "pdf": prints.write}
CONTENT_TYPES = {"xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "pdf": "application/pdf"}


@dataclass(frozen=True)
class Made:
    """A file that is there: `name` is what it is called where it is saved."""

    name: str
    content_type: str
    content: IO[bytes] | File


class ScopeChanged(Exception):
    """The file was asked for in another role or area than its requester has now; the message is a plain sentence."""


def ask(*, search: UUID, format: str, user: Any, now: datetime) -> Made | Export:
    """The export of a search for its searcher: the file, or how far it is.

    Args:
        search: the id of the search.
        format: xlsx or pdf.
        user: who asks; a search opens for its searcher alone.
        now: the time that the report bears.

    Raises:
        SearchNotFound: no such search of this person.
        ScopeChanged: the file was made for a role or area that is theirs no more; on record.
        audit.record.AuditUnavailable: it could not be recorded.
    """
    if owner_of(search) != user.pk:
        raise SearchNotFound
    export = Export.objects.filter(search=search, format=format, requester=user.pk).first()
    if export is not None and export.expires_at <= now:
        # The scheduler has not come for it yet.
        _erase(export)
        export = None
    if export is None:
        return _begin(search, format, user, now)
    if export.state != Export.State.FAILED and not _is_in_scope(export, user):
        record_durably(Kind.AUDIT_EXPORT_REFUSED, search=search, format=format, why="scope")
        raise ScopeChanged("This file was made for the role or area that you had when you asked for it. Search again: the new "
                           "search has a file of its own.")
    return _download(export) if export.state == Export.State.READY else export


def forget_failed(*, search: UUID, format: str, user: Any) -> None:
    """Take a failed export away, so that it can be asked for again."""
    Export.objects.filter(search=search, format=format, requester=user.pk, state=Export.State.FAILED).delete()


def make(*, export: UUID, now: datetime) -> None:
    """A worker's part: write the file and put it into the storage. Does nothing where another worker is at it."""
    if not jobs.claim(_worth_making(now), export, now=now):
        return
    row = Export.objects.get(pk=export)
    user = get_user_model().objects.filter(pk=row.requester).first()
    if user is None or not access.may_read(user):
        _fail(row, "account")
        return
    if not _is_in_scope(row, user):
        _fail(row, "scope")
        return
    with context.acting(context.actor_of(user) or context.SYSTEM):
        _make(row, user, now)


def resume(*, now: datetime) -> int:
    """Make what no worker took, and what a worker left; give up after three attempts. Returns how many were taken up."""
    return jobs.resume(_worth_making(now), make=lambda export, now: make(export=export, now=now), fail=_fail, now=now)


def erase_ended(*, now: datetime) -> int:
    """Erase the files whose day is over. Returns how many."""
    ended = list(Export.objects.filter(expires_at__lte=now))
    for export in ended:
        _erase(export)
    return len(ended)


def _erase(export: Export) -> None:
    default_storage.delete(export.path)
    with transaction.atomic():
        record(Kind.AUDIT_EXPORT_ERASED, search=export.search, format=export.format)
        export.delete()


def _begin(search: UUID, format: str, user: Any, now: datetime) -> Made | Export:
    record_durably(Kind.AUDIT_EXPORTED, search=search, format=format)
    whole = open_whole(search=search, user_id=user.pk, purpose="export")
    first = list(islice(whole.events, AT_ONCE + 1))
    if len(first) > AT_ONCE:
        return _leave_to_a_worker(search, format, user, now)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"export.{format}"
        report = _write(whole, first, file, format, user, now)
        digest = _digest(file)
        record_durably(Kind.AUDIT_EXPORT_DOWNLOADED, search=search, format=format, count=report.count, digest=digest)
        return Made(_name(search, format), CONTENT_TYPES[format], file.open("rb"))


def _leave_to_a_worker(search: UUID, format: str, user: Any, now: datetime) -> Export:
    try:
        export = Export.objects.create(search=search, format=format, requester=user.pk, role=user.role,
                                       aor=_area_of(user), asked_at=now, stirred_at=now, expires_at=now + LIFE)
    except IntegrityError:
        return Export.objects.get(search=search, format=format)
    jobs.wake("audit.tasks.make_export", export)
    return export


def _worth_making(now: datetime) -> QuerySet[Export]:
    return Export.objects.filter(expires_at__gt=now)


def _make(row: Export, user: Any, now: datetime) -> None:
    whole = open_whole(search=row.search, user_id=user.pk, purpose="export")
    begun = datetime.now(now.tzinfo)

    def stirred(count: int) -> None:
        alive = now + (datetime.now(now.tzinfo) - begun)
        Export.objects.filter(pk=row.pk).update(progress=count, stirred_at=alive)

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"export.{row.format}"
        report = _write(whole, (), file, row.format, user, now, stirred)
        digest = _digest(file)
        with file.open("rb") as opened:
            default_storage.delete(row.path)
            default_storage.save(row.path, File(opened))
    Export.objects.filter(pk=row.pk).update(state=Export.State.READY, progress=report.count, digest=digest,
                                            expires_at=now + LIFE)


def _write(whole: Whole, first: Iterable[Any], file: Path, format: str, user: Any, now: datetime,
           stirred: Callable[[int], None] | None = None) -> EventReport:
    report = EventReport(whole, chain(first, whole.events), by=f"{user.get_full_name()} ({user.get_username()})",
                         aor=_area_of(user), now=now, stirred=stirred)
    WRITERS[format](report.document(), file)
    return report


def _area_of(user: Any) -> str:
    return "" if access.sees_every_aor(user) else user.aor_code


def _is_in_scope(export: Export, user: Any) -> bool:
    return (export.role, export.aor) == (user.role, _area_of(user))


def _download(export: Export) -> Made:
    content = default_storage.open(export.path)
    try:
        record_durably(Kind.AUDIT_EXPORT_DOWNLOADED, search=export.search, format=export.format, count=export.progress,
                       digest=export.digest)
    except BaseException:
        content.close()
        raise
    return Made(_name(export.search, export.format), CONTENT_TYPES[export.format], content)


def _fail(export: Export, why: str) -> None:
    with transaction.atomic():
        record(Kind.AUDIT_EXPORT_FAILED, search=export.search, format=export.format, why=why)
        Export.objects.filter(pk=export.pk).update(state=Export.State.FAILED)


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _name(search: UUID, format: str) -> str:
    return f"audit-{search}.{format}"
