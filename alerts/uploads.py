"""Batch upload: a file of plates becomes entries, after its owner has seen what is in it and affirmed it (ALR-1, ALR-2).

A file is read (`begin`), its columns are known or named (`name_columns`), its rows are shown as good, bad, repeated and watched
by others (`preview`), and nothing is saved before `confirm`. A file with more plates than a list may hold is refused whole.
"""

import hashlib
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import TextChoices
from django.utils.crypto import salted_hmac

from accounts import spreadsheets
from accounts.models import User, UserGroup
from alerts import deconfliction, drafts, entries, lists, matching, upload_rows
from alerts.models import AlertList, AlertPolicy, ColumnMapping, Entry, Scope
from alerts.upload_rows import BadRow, GoodRow, RepeatedRow
from audit.events import Kind
from audit.record import record, record_durably
from lpr import policy

# Of a file, the good, the bad and the repeated ones.
Rows = tuple[list[GoodRow], list[BadRow], list[RepeatedRow]]


class Mode(TextChoices):
    NEW = "new", "Make a new list"
    ADD = "add", "Add to one of my lists"
    REPLACE = "replace", "Replace all plates of one of my lists"


class UploadRefused(ValueError):
    """The upload cannot go on; `field` says where, the message is a plain sentence."""

    field = "file"


class ListNotChosen(UploadRefused):
    """An addition or a replacement names no list of the owner's that holds many plates."""

    field = "alert_list"


class ColumnsNotNamed(UploadRefused):
    """A column that each row needs is not named, or two of ours are one of the file's."""

    field = ""


class NothingToAdd(UploadRefused):
    """No row of the file is fit to be added."""

    field = ""


class NotAffirmed(UploadRefused):
    """Adding affirms an ongoing investigation (ALR-2)."""

    field = "confirm"


@dataclass(frozen=True)
class Preview:
    """What confirming would do. `watched_by_others` names who watches the same for the same reason (ALR-6), `kept` the entries
    that a replacement leaves because a bad row names them: what was meant to become of them cannot be told."""

    draft: drafts.Draft
    alert_list: AlertList | None
    good: Sequence[GoodRow]
    bad: Sequence[BadRow]
    repeated: Sequence[RepeatedRow]
    watched_by_others: Sequence[tuple[GoodRow, Sequence[deconfliction.Colleague]]]
    removed: Sequence[Entry]
    kept: Sequence[Entry]
    unchanged: int

    @property
    def changes_anything(self) -> bool:
        """Whether there is something to confirm. A file without a good row replaces nothing: it would only erase."""
        return bool(self.good or (self.removed and self.unchanged))

    @property
    def has_different(self) -> bool:
        """Whether a row is left out that says something else of its plate than what is kept."""
        return any(item.differs for item in self.repeated)


def begin(
    *, owner: User, data: bytes, name: str, mode: str = Mode.NEW, alert_list: UUID | None = None, scope: str = Scope.SELF,
    users: Collection[User] = (), group: UserGroup | None = None, now: datetime,
) -> UUID:
    """Read a file and keep it as a draft for an hour; return the draft's id. Call it outside of any transaction.

    Args:
        owner: who uploads.
        data: the file's bytes, CSV or XLSX.
        name, scope, users, group: of the list to be made (`lists.create`).
        mode: a value of `Mode`; all but NEW are for `alert_list`.
        now: the moment of uploading.

    Raises:
        spreadsheets.FileNotReadable: no CSV or XLSX, more plates than a list may hold, or made to harm.
        ListNotChosen: the list is missing.
    """
    target = _target(owner, mode, alert_list)
    digest = hashlib.sha256(data).hexdigest()
    reasons = {row.code: row.label for row in policy.reasons_for(owner)}
    heading, rows = spreadsheets.read(
        data, most_rows=AlertPolicy.objects.get(pk=1).max_entries, rows_are="plates",
        is_data=lambda cells: not _recognized(owner, cells) and upload_rows.is_data(cells, reasons))
    columns = _recognized(owner, heading) if any(heading) else upload_rows.in_our_order(
        rows[0].cells, reasons, len(heading))
    draft = drafts.Draft(
        name=name, mode=mode, alert_list=str(target.pk) if target else "", scope=scope, users=[user.pk for user in users],
        group=group.pk if group else None, heading=list(heading), rows=rows, columns=columns, digest=digest)
    record_durably(Kind.UPLOAD_READ, mode=mode, rows=len(rows), digest=digest)
    return drafts.keep(draft=draft, owner=owner, now=now)


def name_columns(*, draft: UUID, columns: Mapping[str, int], by: User, now: datetime) -> None:
    """Say which column of the file is which of ours, and remember it for the user's next file.

    Args:
        draft: the draft's id.
        columns: by our column's name the position in the heading, from 0.
        by: whose draft it is.
        now: the moment of naming.

    Raises:
        drafts.DraftNotFound: there is none for this user, or its hour is over.
        ColumnsNotNamed: one that each row needs is missing, or two are the same.
    """
    heading = drafts.opened(draft=draft, by=by, now=now).heading
    known = {name: position for name, position in columns.items()
             if name in upload_rows.COLUMNS and 0 <= position < len(heading)}
    missing = [name for name in upload_rows.NEEDED if name not in known]
    if missing:
        raise ColumnsNotNamed(f"Say which column is: {', '.join(upload_rows.COLUMNS[name] for name in missing)}.")
    if len(set(known.values())) < len(known):
        raise ColumnsNotNamed("Each column of the file can be one of these only.")
    drafts.set_columns(draft=draft, columns=known, by=by, now=now)
    remembered = {name: _mark(by, folded) for name, position in known.items()
                  if (folded := spreadsheets.fold(heading[position])) and not re.search(r"\d", folded)}
    if any(heading):
        ColumnMapping.objects.update_or_create(owner=by, defaults={"columns": remembered})


def preview(*, draft: UUID, by: User, purpose: str = "preview", now: datetime) -> Preview:
    """What confirming the draft would do, its look recorded first.

    Args:
        draft: the draft's id.
        by: whose draft it is.
        purpose: what it is looked at for: `preview` or `bad rows`.
        now: the moment of looking.

    Raises:
        drafts.DraftNotFound: there is none for this user, or its hour is over.
        ColumnsNotNamed: the columns have to be named first (`name_columns`).
        ListNotChosen: the list it was for is gone.
    """
    opened = drafts.opened(draft=draft, by=by, now=now)
    found = _sorted_out(opened, by, _rows(opened, by))
    others = deconfliction.colleagues(owner=by, watched=[(row.plate, row.state, row.reason) for row in found.good], now=now)
    found = replace(found, watched_by_others=[
        (row, others[row.plate, row.state, row.reason]) for row in found.good if (row.plate, row.state, row.reason) in others])
    record_durably(
        Kind.UPLOAD_PREVIEWED, purpose=purpose, digest=found.draft.digest, good=len(found.good), bad=len(found.bad),
        repeated=len(found.repeated), removed=len(found.removed), kept=len(found.kept),
        watched_by_others=len(found.watched_by_others))
    return found


def confirm(*, draft: UUID, by: User, ongoing: bool, now: datetime) -> AlertList:
    """Save the good rows of a draft and erase it. Call it outside of any transaction.

    Args:
        draft: the draft's id.
        by: whose draft it is.
        ongoing: whether each plate is affirmed to belong to an ongoing investigation.
        now: the moment of confirming; the entries are valid from then on.

    Raises:
        NotAffirmed, NothingToAdd: nothing is saved.
        drafts.DraftNotFound, ColumnsNotNamed, ListNotChosen: see `preview`.
        lists.ListRefused: the new list cannot be kept so.
        entries.ListFull: the list would hold too many.
    """
    if not ongoing:
        raise NotAffirmed("Affirm that each plate belongs to an ongoing investigation.")
    with transaction.atomic(durable=True):
        said = drafts.opened(draft=draft, by=by, now=now, for_update=True)
        rows = _rows(said, by)
        deconfliction.take_turns([(row.plate, row.state, row.reason) for row in rows[0]])
        if said.mode == Mode.REPLACE:
            entries.wait_for_loadings()
        found = _sorted_out(said, by, rows, for_update=True)
        if not found.changes_anything:
            raise NothingToAdd("No row of the file can be added" + (
                ", so the plates of the list are not replaced." if found.removed else "."))
        alert_list = found.alert_list or lists.make(
            owner=by, name=said.name, scope=said.scope, users=list(User.objects.filter(pk__in=said.users)),
            group=UserGroup.objects.filter(pk=said.group or 0).first(), is_single_plate=False, now=now)
        if found.removed:
            doomed = Entry.objects.filter(pk__in=[entry.pk for entry in found.removed])
            entries.erase(doomed, note="Replaced by an uploaded file.")
        added = entries.insert_many(alert_list=alert_list, checked=[row.fields() for row in found.good], now=now)
        record(Kind.UPLOAD_CONFIRMED, list=alert_list.pk, mode=said.mode, digest=said.digest, added=len(added),
               removed=len(found.removed), kept=len(found.kept), unchanged=found.unchanged, bad=len(found.bad),
               repeated=len(found.repeated), ongoing_investigation=True)
        drafts.erase(draft=draft)
    if added:
        matching.match_many_back(entries=[entry.pk for entry in added])
        matching.wake()
    return alert_list


def discard(*, draft: UUID, by: User, now: datetime) -> None:
    """Erase a draft of `by`.

    Raises:
        drafts.DraftNotFound: there is none for this user, or its hour is over.
    """
    drafts.opened(draft=draft, by=by, now=now)
    drafts.erase(draft=draft)


def refuse(*, data: bytes, errors: Mapping[str, Sequence[str]]) -> None:
    """Record that a file was refused, and why (ALR-9). Stands by itself; the file itself is not kept."""
    record_durably(Kind.UPLOAD_REFUSED, digest=hashlib.sha256(data).hexdigest() if data else "", size=len(data),
                   errors={field: list(sentences) for field, sentences in errors.items()})


def lists_to_fill(user: User) -> Any:
    """The user's lists that a file may be added to: those that were not made for one plate."""
    return AlertList.objects.visible_to(user).filter(is_single_plate=False)


def _rows(draft: drafts.Draft, by: User) -> Rows:
    if not draft.columns:
        raise ColumnsNotNamed("Say which column is which.")
    reasons = {row.code: row.label for row in policy.reasons_for(by)}
    return upload_rows.sorted_out(draft.rows, draft.columns, reasons, policy.case_numbers_of(by))


def _sorted_out(draft: drafts.Draft, by: User, rows: Rows, *, for_update: bool = False) -> Preview:
    """What confirming would do, without who watches the same: a preview names them, and adding looks for them itself."""
    good, bad, repeated = rows
    alert_list = _target(by, draft.mode, UUID(draft.alert_list) if draft.alert_list else None, for_update=for_update)
    removed: list[Entry] = []
    kept: list[Entry] = []
    unchanged = 0
    if alert_list:
        standing = {(entry.plate, entry.state): entry for entry in alert_list.entries.all()}
        same = {row.number for row in good if (entry := standing.get((row.plate, row.state)))
                and (draft.mode == Mode.ADD or row.says_the_same_as(entry))}
        if draft.mode == Mode.ADD:
            repeated = [*repeated, *(RepeatedRow(row, None, not row.says_the_same_as(standing[row.plate, row.state]))
                                     for row in good if row.number in same)]
        else:
            in_file = {(row.plate, row.state) for row in good}
            doubtful = {upload_rows.named_by(row) for row in bad}
            kept = [entry for key, entry in standing.items()
                    if key not in in_file and (key in doubtful or (entry.plate, "") in doubtful)]
            stays = {(row.plate, row.state) for row in good if row.number in same} | {(row.plate, row.state) for row in kept}
            removed = [entry for key, entry in standing.items() if key not in stays]
            unchanged = len(same)
        good = [row for row in good if row.number not in same]
    return Preview(draft, alert_list, good, bad, repeated, (), removed, kept, unchanged)


def _target(owner: User, mode: str, alert_list: UUID | None, *, for_update: bool = False) -> AlertList | None:
    if mode == Mode.NEW:
        return None
    own = lists_to_fill(owner)
    found = (own.select_for_update() if for_update else own).filter(pk=alert_list).first()
    if found is None:
        raise ListNotChosen("Choose one of your lists.")
    return found


def _recognized(owner: User, heading: Sequence[str]) -> dict[str, int]:
    """As `upload_rows.recognized`, with what the user's files were headed before."""
    row = ColumnMapping.objects.filter(owner=owner).first()
    by_mark = {mark: name for name, mark in row.columns.items()} if row else {}
    marked = {folded: _mark(owner, folded) for folded in map(spreadsheets.fold, heading) if folded and by_mark}
    return upload_rows.recognized(heading, {by_mark[mark]: folded for folded, mark in marked.items() if mark in by_mark})


def _mark(owner: User, folded: str) -> str:
    """By what a heading is known again: nobody reads a heading from it. A first row that was no heading, but could not be told
    from one, would else be kept for good: a plate, a subject, a case (ALR-8). A heading with a digit has none."""
    return salted_hmac("alerts.uploads.heading", f"{owner.pk}:{folded}", algorithm="sha256").hexdigest()
