"""Entries of alert lists: adding, renewing and removing plates, each with its event (ALR-2, ALR-7, ALR-9, ALR-10).

Nothing of an entry that is removed stays outside the log (ALR-8): its hits and notifications go with it, in one transaction
that no loading overlaps.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from django.db import connection, transaction
from django.db.models import QuerySet

from accounts.models import User, UserGroup
from alerts import deconfliction, lists, matching
from alerts.models import AlertList, AlertPolicy, Entry, EntryStatus, Hit, Notification, NotificationKind, Scope
from audit import names
from audit.events import Kind
from audit.record import record, record_durably, record_many
from lpr import plates, states
from lpr.loading import MATCHING_LOCK
from lpr.policy import zone_of
from lpr.search import sane


class EntryRefused(ValueError):
    """The entry cannot be added or changed so; `field` says where, the message is a plain sentence."""

    field = ""


class ListFull(EntryRefused):
    """The list holds as many entries as policy allows (ALR-1)."""

    field = "plate"


class AlreadyListed(EntryRefused):
    """The plate and state stand on this list."""

    field = "plate"


class PersonNotNamed(EntryRefused):
    """An entry for another person names that person in one line (ALR-2)."""

    field = "other_name"


class NeedNotConfirmed(EntryRefused):
    """A renewal affirms a continuing operational need (ALR-7)."""

    field = "need_confirmed"


class NoteMissing(EntryRefused):
    """A renewal says why in a note (ALR-9)."""

    field = "note"


class GraceOver(EntryRefused):
    """The entry expired too long ago to be renewed (ALR-7)."""


class EntryNotFound(Exception):
    """No entry of this id that this user may change."""


def add(
    *, owner: User, plate: str, state: str, reason: str, case_reference: str, scope: str = Scope.SELF,
    users: Collection[User] = (), group: UserGroup | None = None, for_whom: str = "self", other_name: str = "",
    other_unit: str = "", name: str = "", now: datetime,
) -> Entry:
    """Watch one plate on a list of its own (ALR-1) from now on. Call it outside of any transaction.

    Args:
        owner: who watches and is told.
        plate, state: the plate, and the listed code of its state.
        reason: a reason code.
        case_reference: the subject or case, of substance (lpr.case_references).
        scope, users, group: who else is told of hits (ALR-4).
        for_whom: `self` or `other`; the latter names the person in `other_name` and, if known, `other_unit`.
        name: of the list; by default the time.
        now: the moment of adding; the entry is valid from then on for as long as policy says.

    Raises:
        lists.ListRefused, EntryRefused: see their kinds.
        plates.PlateNotValid, states.StateNotListed: no plate, no listed state.
    """
    with transaction.atomic(durable=True):
        _take_turn(plate, state, reason)
        alert_list = lists.make(owner=owner, name=name or lists.name_of_single_plate(owner, now), scope=scope,
                                users=users, group=group, is_single_plate=True, now=now)
        entry = _insert(alert_list, plate=plate, state=state, reason=reason, case_reference=case_reference,
                        for_whom=for_whom, other_name=other_name, other_unit=other_unit, now=now)
    return _matched_back(entry)


def add_to(
    *, alert_list: AlertList, plate: str, state: str, reason: str, case_reference: str, for_whom: str = "self",
    other_name: str = "", other_unit: str = "", now: datetime,
) -> Entry:
    """Watch one more plate on a list. Arguments and errors as for `add`; AlertList.DoesNotExist: it was removed meanwhile."""
    with transaction.atomic(durable=True):
        _take_turn(plate, state, reason)
        locked = AlertList.objects.select_for_update().get(pk=alert_list.pk)
        entry = _insert(locked, plate=plate, state=state, reason=reason, case_reference=case_reference,
                        for_whom=for_whom, other_name=other_name, other_unit=other_unit, now=now)
    return _matched_back(entry)


def _take_turn(plate: str, state: str, reason: str) -> None:
    """Before anything else is locked."""
    deconfliction.take_turns([(plates.fold(plate), states.parse(state), reason)])


def _insert(
    alert_list: AlertList, *, plate: str, state: str, reason: str, case_reference: str, for_whom: str, other_name: str,
    other_unit: str, now: datetime,
) -> Entry:
    """Insert one entry and its event; the list's row is locked by this transaction, or new in it."""
    policy = AlertPolicy.objects.get(pk=1)
    other_name, other_unit = (other_name.strip(), other_unit.strip()) if for_whom == "other" else ("", "")
    if for_whom == "other" and not other_name:
        raise PersonNotNamed("Enter the name of the agent or officer for whom this is.")
    if not (other_name + other_unit).isprintable():
        raise PersonNotNamed("Enter the name in one line.")
    other_name = names.tidy(other_name)
    folded, listed_state = plates.fold(plate), states.parse(state)
    # All that are kept count, also those in their grace: a renewal must not lead beyond the limit.
    if alert_list.entries.count() >= policy.max_entries:
        raise ListFull(f"The list holds {policy.max_entries:,} entries, which is the most that it may hold.")
    if alert_list.entries.filter(plate=folded, state=listed_state).exists():
        raise AlreadyListed("This plate is on the list already.")
    entry = Entry(
        alert_list=alert_list, owner=alert_list.owner, plate=folded, state=listed_state, reason=reason,
        case_reference=case_reference, other_name=other_name, other_unit=other_unit, created_at=now,
        valid_until=policy.end_of(now, zone_of(alert_list.owner)))
    added = record(
        Kind.ENTRY_ADDED, **findable(entry), case_reference=case_reference, for_whom=for_whom, other_unit=other_unit,
        valid_until=entry.valid_until, ongoing_investigation=True, scope=alert_list.scope,
        oldest_open=matching.oldest_open_transaction())
    entry.activation = added.id
    entry.save(force_insert=True)
    deconfliction.plan(entries=[entry], owner=entry.owner, now=now)
    return entry


class NewEntry(NamedTuple):
    """What was added of an entry by `insert_many`, by the names of `Entry`."""

    pk: UUID
    alert_list_id: UUID
    plate: str
    state: str
    reason: str
    case_reference: str
    other_name: str


def insert_many(*, alert_list: AlertList, checked: Sequence[Mapping[str, str]], now: datetime) -> list[NewEntry]:
    """Insert entries whose fields were checked, with one event each, in the open transaction that has taken its turns
    (`deconfliction.take_turns`) and locked the list's row.

    Whoever calls matches them back after the commit (`matching.match_many_back`).

    Args:
        alert_list: the list.
        checked: `plate` (folded), `state`, `reason`, `case_reference`, `for_whom` and `other_name` of each.
        now: the moment of adding.

    Raises:
        ListFull: the list would hold more than policy allows; nothing is inserted.
    """
    policy = AlertPolicy.objects.get(pk=1)
    if alert_list.entries.count() + len(checked) > policy.max_entries:
        raise ListFull(f"The list would hold more than {policy.max_entries:,} plates, which is the most that it may hold.")
    valid_until = policy.end_of(now, zone_of(alert_list.owner))
    added = [NewEntry(uuid4(), alert_list.pk, row["plate"], row["state"], row["reason"], row["case_reference"],
                      row["other_name"]) for row in checked]
    oldest_open = matching.oldest_open_transaction()
    recorded = record_many(Kind.ENTRY_ADDED, [findable(entry) | {
        "case_reference": entry.case_reference, "for_whom": row["for_whom"], "valid_until": valid_until,
        "ongoing_investigation": True, "scope": alert_list.scope, "oldest_open": oldest_open,
    } for entry, row in zip(added, checked, strict=True)])
    shared = (alert_list.pk.hex, str(alert_list.owner_id), EntryStatus.ACTIVE.value, now.isoformat(), valid_until.isoformat(), "")
    # Thousands of model instances would cost more than their rows.
    with connection.cursor() as cursor, connection.wrap_database_errors, cursor.copy(_COPY) as copy:
        for entry, event in zip(added, recorded, strict=True):
            copy.write_row((*shared, entry.pk.hex, entry.plate, entry.state, entry.reason, entry.case_reference,
                            entry.other_name, event.id.hex))
    deconfliction.plan(entries=added, owner=alert_list.owner, now=now)
    return added


_COPY = ("COPY alerts_entry (alert_list_id, owner_id, status, created_at, valid_until, other_unit, id, plate, state, reason,"
         " case_reference, other_name, activation) FROM STDIN")


def renew(*, entry: Entry, by: User, need_confirmed: bool, note: str, now: datetime) -> Entry:
    """Affirm a continuing operational need: valid for the policy's time from now on (ALR-7).

    Args:
        entry: an entry of `by`.
        need_confirmed: whether the need was affirmed.
        note: why, for the record.
        now: the moment of renewal.

    Raises:
        NeedNotConfirmed, NoteMissing, GraceOver: refused.
        EntryNotFound: it is not `by`'s, or was removed.
    """
    _check_affirmed(need_confirmed, note)
    with transaction.atomic(durable=True):
        policy = AlertPolicy.objects.get(pk=1)
        kept = Entry.objects.select_for_update().visible_to(by).filter(pk=entry.pk).first()
        if kept is None:
            raise EntryNotFound
        if now >= kept.valid_until + timedelta(days=policy.grace_days):
            raise GraceOver("The time to renew this entry is over. Add the plate again if it is needed.")
        had_ended = _renew(kept, policy.end_of(now, zone_of(by)), note, now)
    return _matched_back(kept) if had_ended else kept


def renew_many(*, entries: Sequence[UUID], by: User, need_confirmed: bool, note: str, now: datetime) -> list[Entry]:
    """As `renew`, for several entries of `by` in one step, each with its event.

    Raises:
        NeedNotConfirmed, NoteMissing: refused.

    Returns: what was renewed; what is gone, or is past its grace, is left out.
    """
    _check_affirmed(need_confirmed, note)
    with transaction.atomic(durable=True):
        policy = AlertPolicy.objects.get(pk=1)
        kept = list(Entry.objects.select_for_update(of=["self"]).visible_to(by).filter(
            pk__in=entries, valid_until__gt=now - timedelta(days=policy.grace_days)).order_by("pk"))
        until = policy.end_of(now, zone_of(by))
        ended = [entry.pk for entry in kept if _renew(entry, until, note, now)]
    if ended:
        matching.match_many_back(entries=ended)
    return kept


def _check_affirmed(need_confirmed: bool, note: str) -> None:
    if not need_confirmed:
        raise NeedNotConfirmed("Confirm that the operational need continues.")
    if not note.strip():
        raise NoteMissing("Say why the need continues.")


def _renew(entry: Entry, until: datetime, note: str, now: datetime) -> bool:
    """Renew an entry whose row is locked; return whether it had ended, and so has to be matched back."""
    had_ended = now >= entry.valid_until or entry.status == EntryStatus.EXPIRED
    entry.valid_until, entry.prompted_days = until, None
    renewed = record(Kind.ENTRY_RENEWED, **findable(entry), note=note.strip(), need_confirmed=True,
                     valid_until=entry.valid_until, oldest_open=matching.oldest_open_transaction())
    if had_ended:
        entry.activation, entry.matched_back_at = renewed.id, None
    if entry.status == EntryStatus.EXPIRED:
        entry.status = EntryStatus.ACTIVE
    entry.save(update_fields=["valid_until", "prompted_days", "status", "activation", "matched_back_at"])
    return had_ended


def remove(*, entry: Entry, by: User, note: str = "", now: datetime) -> None:
    """Remove one entry with all that belongs to it (ALR-8, ALR-10).

    Raises:
        EntryNotFound: it is not `by`'s, or was removed already.
    """
    if not remove_many(entries=[entry.pk], by=by, note=note, now=now):
        raise EntryNotFound


def remove_many(*, entries: Sequence[UUID], by: User, note: str = "", now: datetime) -> int:
    """Remove entries of `by` in one step: entry, hits, notifications; one event each (ALR-8, ALR-9, ALR-10).

    Args:
        entries: ids; those that are not `by`'s, or gone, are left out.
        by: the owner.
        note: why, for the record.
        now: the moment of removal.

    Returns: how many were removed.
    """
    with transaction.atomic(durable=True):
        wait_for_loadings()
        gone = erase(Entry.objects.visible_to(by).filter(pk__in=entries), note=note)
        delete_emptied_lists(gone)
    return len(gone)


def remove_list(*, alert_list: AlertList, by: User, note: str = "", now: datetime) -> int:
    """Remove a list with all that is on it, in one step; one event for each entry (ALR-8, ALR-9, ALR-10).

    Args:
        alert_list: a list of `by`'s.
        by: the owner.
        note: why, for the record.
        now: the moment of removal.

    Returns: how many entries went with it.

    Raises:
        AlertList.DoesNotExist: it is not `by`'s, or was removed already.
    """
    with transaction.atomic(durable=True):
        wait_for_loadings()
        kept = AlertList.objects.select_for_update(of=["self"]).visible_to(by).get(pk=alert_list.pk)
        gone = erase(kept.entries.all(), note=note)
        delete_list(kept)
    return len(gone)


def delete_emptied_lists(gone: Sequence[Entry]) -> None:
    """A single-plate list goes with its entry, in the open transaction."""
    for alert_list in AlertList.objects.filter(
            pk__in={entry.alert_list_id for entry in gone}, is_single_plate=True, entries__isnull=True):
        delete_list(alert_list)


def delete_list(alert_list: AlertList) -> None:
    """Delete a list without entries and what was told of it, on record, in the open transaction."""
    Notification.objects.filter(plate="", entry_id=alert_list.pk, kind=NotificationKind.TAKEN_OVER).delete()
    record(Kind.LIST_DELETED, list=alert_list.pk, name=alert_list.name)
    alert_list.delete()


def erase(doomed: QuerySet[Entry], *, note: str = "", kind: Kind = Kind.ENTRY_REMOVED) -> list[Entry]:
    """Erase entries with all that belongs to them, one event each, in the transaction that is open, after `wait_for_loadings`.

    Args:
        doomed: which; rows that no longer fit when their lock is had are left.
        note: why, for the record.
        kind: what the events say of it: removed by a person, or erased at the end of the grace.

    Returns: what was there.
    """
    gone = list(doomed.select_for_update(of=["self"]).select_related("alert_list").order_by("pk"))
    ids, folded = [entry.pk for entry in gone], {entry.plate for entry in gone}
    # By plate and entry, because that is how the two are kept (decision 15).
    Notification.objects.filter(plate__in=folded, entry_id__in=ids).delete()
    # What another user was told of this entry goes with it (ALR-6).
    Notification.objects.filter(plate__in=folded, record_id__in=ids, kind=NotificationKind.DECONFLICTION).delete()
    Hit.objects.filter(plate__in=folded, entry_id__in=ids).delete()
    Entry.objects.filter(pk__in=ids).delete()
    record_many(kind, [findable(entry) | {"note": note.strip(), "case_reference": entry.case_reference,
                                          "valid_until": entry.valid_until} for entry in gone])
    return gone


def find(*, owner: User, plate: str, now: datetime) -> list[Entry]:
    """The owner's entries of a plate (ALR-3); the search is recorded.

    Raises:
        plates.PlateNotValid: the text is no plate.
    """
    folded = plates.fold(plate)
    found = list(Entry.objects.visible_to(owner).filter(plate=folded).select_related("alert_list"))
    record_durably(Kind.ENTRIES_SEARCHED, plate=folded, count=len(found))
    return found


def refuse(*, entered: Mapping[str, Any], errors: Mapping[str, Sequence[str]], entry: Entry | None = None) -> None:
    """Record an entry that was refused, or the change of one: what was entered and why (ALR-9). Stands by itself.

    Args:
        entered: the fields as they came.
        errors: the sentences shown, by field.
        entry: which entry was to be changed.
    """
    said = {name: sane(value) for name, value in entered.items()}
    known: dict[str, Any] = findable(entry) if entry else {}
    if not entry:
        try:
            known = {"plate": plates.fold(said.get("plate", "")), "state": states.parse(said.get("state", ""))}
        except (plates.PlateNotValid, states.StateNotListed):
            known = {}
        if said.get("for_whom") == "other":
            known["on_behalf_of"] = said.get("other_name", "")
    record_durably(Kind.ENTRY_REFUSED, **known, entered=said,
                   errors={field: [sane(sentence) for sentence in sentences] for field, sentences in errors.items()})


def refuse_late(*, entry: Entry, entered: Mapping[str, Any]) -> None:
    """Record a change that came after the entry was removed or erased (ALR-9). Stands by itself.

    Args:
        entry: as it was before.
        entered: the fields as they came.
    """
    refuse(entered=entered, errors={"": ["The plate was removed or erased meanwhile."]}, entry=entry)


def findable(entry: Entry | NewEntry) -> dict[str, Any]:
    """What every event of an entry says, so that an auditor finds it by plate, person or reason."""
    return {"plate": entry.plate, "state": entry.state, "reason": entry.reason, "on_behalf_of": entry.other_name,
            "entry": entry.pk, "list": entry.alert_list_id}


def _matched_back(entry: Entry) -> Entry:
    if entry.activation:
        matching.match_back_or_leave(event=entry.activation)
    return entry


def wait_for_loadings() -> None:
    """Until this transaction ends no loading makes a hit: those under way are waited for, later ones wait."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s::bigint)", [MATCHING_LOCK])
