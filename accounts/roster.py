"""A roster of training: a file of completions, compared with the users of an area before anything of it is saved (ACC-7).

A file is read (`begin`), compared (`preview`) and saved (`confirm`); between them it is a draft of an hour. An Agency Manager
uploads it for their own area, and never records their own training.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from simple_history.utils import bulk_create_with_history

from accounts import drafts, roster_rows, spreadsheets, training
from accounts.models import Role, RosterDraft, TrainingRecord, User
from accounts.roster_rows import COLUMNS, Sorted
from accounts.spreadsheets import Row
from accounts.training import Standing
from audit.events import Kind
from audit.record import record, record_durably, record_many


class RosterRefused(ValueError):
    """The roster is not taken; the message is a plain sentence that repeats nothing of it."""


class NotTheManager(RosterRefused):
    """A roster is uploaded by an Agency Manager of the area."""


class WrongColumns(RosterRefused):
    """The first row does not name the columns."""


class NothingToAdd(RosterRefused):
    """No row adds a record."""


class RecordedMeanwhile(RosterRefused):
    """Another manager recorded some of it at the same time."""


@dataclass(frozen=True)
class Preview:
    """What confirming would do, and how the people of the area would then stand: `(user, standing)` each."""

    digest: str
    rows: Sorted
    missing: Sequence[tuple[User, Standing]]
    expired: Sequence[tuple[User, Standing]]
    expiring: Sequence[tuple[User, Standing]]

    def counts(self) -> dict[str, Any]:
        return {"new": len(self.rows.new), "known": len(self.rows.known), "without_user": len(self.rows.without_user),
                "bad": len(self.rows.bad), "missing": len(self.missing), "expired": len(self.expired),
                "expiring": len(self.expiring)}


def begin(*, by: User, data: bytes, now: datetime) -> UUID:
    """Read a file and keep it as a draft for an hour; return the draft's id. Call it outside of any transaction.

    Args:
        by: an Agency Manager.
        data: the file's bytes, CSV or XLSX.
        now: the moment of uploading.

    Raises:
        NotTheManager, WrongColumns: nothing is kept.
        spreadsheets.FileNotReadable: no CSV or XLSX, too many rows, or made to harm.
    """
    _check(by)
    heading, rows = spreadsheets.read(data, most_rows=settings.ROSTER_MOST_ROWS, rows_are="training records")
    columns = roster_rows.recognized(heading)
    if missing := [name for name in COLUMNS if name not in columns]:
        raise WrongColumns(f"The file has no column {' and no column '.join(missing)}. "
                           f"Its first row must name the columns {', '.join(COLUMNS)}.")
    digest = hashlib.sha256(data).hexdigest()
    record_durably(Kind.ROSTER_READ, rows=len(rows), digest=digest)
    return drafts.keep(RosterDraft, said={"digest": digest, "columns": columns, "rows": rows}, owner=by, now=now)


def preview(*, draft: UUID, by: User, purpose: str = "preview", now: datetime) -> Preview:
    """What confirming the draft would do, its look recorded first.

    Args:
        draft: the draft's id.
        by: whose draft it is.
        purpose: what it is looked at for: `preview` or `rows`.
        now: the moment of looking.

    Raises:
        drafts.DraftNotFound: there is none for this user, or its hour is over.
        NotTheManager: they are an Agency Manager no more.
    """
    _check(by)
    found = _compared(drafts.opened(RosterDraft, draft=draft, by=by, now=now), by, now)
    record_durably(Kind.ROSTER_PREVIEWED, purpose=purpose, digest=found.digest, **found.counts())
    return found


def confirm(*, draft: UUID, by: User, now: datetime) -> int:
    """Save the new records of a draft and erase it; return how many. Call it outside of any transaction.

    Args:
        draft: the draft's id.
        by: whose draft it is.
        now: the moment of confirming.

    Raises:
        drafts.DraftNotFound, NotTheManager: see `preview`.
        NothingToAdd, RecordedMeanwhile: nothing is saved.
    """
    _check(by)
    try:
        with transaction.atomic(durable=True):
            found = _compared(drafts.opened(RosterDraft, draft=draft, by=by, now=now, for_update=True), by, now)
            records = [row.record for row in found.rows.new]
            if not records:
                raise NothingToAdd("No row of the file adds a record.")
            bulk_create_with_history(records, TrainingRecord, batch_size=2000, default_user=by)
            of_person: dict[str, list[str]] = {}
            for row in records:
                of_person.setdefault(row.user.username, []).append(f"{row.course.code} {row.completed_on}")
            record_many(Kind.TRAINING_RECORDED, [
                {"username": username, "completions": completions, "digest": found.digest}
                for username, completions in of_person.items()])
            record(Kind.ROSTER_CONFIRMED, digest=found.digest, **found.counts())
            drafts.erase(RosterDraft, draft=draft)
    except IntegrityError as error:
        raise RecordedMeanwhile("Some of these records were added meanwhile. Look at the preview again.") from error
    return len(records)


def discard(*, draft: UUID, by: User, now: datetime) -> None:
    """Erase a draft unread.

    Raises:
        drafts.DraftNotFound: there is none for this user.
    """
    drafts.opened(RosterDraft, draft=draft, by=by, now=now)
    drafts.erase(RosterDraft, draft=draft)


def refuse(*, why: str, data: bytes = b"") -> None:
    """Record that a roster was refused, and why. Stands by itself; the file is not kept."""
    record_durably(Kind.ROSTER_REFUSED, why=why, digest=hashlib.sha256(data).hexdigest() if data else "", size=len(data))


def _check(by: User) -> None:
    if by.role != Role.AGENCY_MANAGER or not by.is_active or by.aor_id is None:
        raise NotTheManager("A roster is uploaded by an Agency Manager of the area.")


def _compared(said: dict[str, Any], by: User, now: datetime) -> Preview:
    people = User.objects.visible_to(by)
    rows = roster_rows.sorted_out([Row(*row) for row in said["rows"]], said["columns"], people=people, by=by, today=now.date())
    standings = training.standings(people.filter(is_active=True), now=now, also=[row.record for row in rows.new])
    return Preview(
        digest=said["digest"], rows=rows,
        missing=[(person, standing) for person, standing in standings.items() if standing.missing],
        expired=[(person, standing) for person, standing in standings.items() if standing.expired],
        expiring=[(person, standing) for person, standing in standings.items() if standing.expiring])
