"""Entries of alert lists: adding, renewing and removing plates, each with its event (ALR-2, ALR-7, ALR-9, ALR-10).

Nothing of an entry that is removed stays outside the log (ALR-8): its hits and notifications go with it, in one transaction
that no loading overlaps.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from accounts.models import User, UserGroup
from alerts import lists, matching
from alerts.models import AlertList, AlertPolicy, Entry, Hit, Notification, Scope
from audit.events import Kind
from audit.record import record, record_durably
from lpr import plates, states
from lpr.loading import MATCHING_LOCK
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
        alert_list = lists.make(owner=owner, name=name or lists.name_of_single_plate(owner, now), scope=scope,
                                users=users, group=group, is_single_plate=True, now=now)
        entry = _insert(alert_list, plate=plate, state=state, reason=reason, case_reference=case_reference,
                        for_whom=for_whom, other_name=other_name, other_unit=other_unit, now=now)
    return _matched_back(entry)


def add_to(
    *, alert_list: AlertList, plate: str, state: str, reason: str, case_reference: str, for_whom: str = "self",
    other_name: str = "", other_unit: str = "", now: datetime,
) -> Entry:
    """Watch one more plate on a list. Arguments and errors as for `add`."""
    with transaction.atomic(durable=True):
        locked = AlertList.objects.select_for_update().get(pk=alert_list.pk)
        entry = _insert(locked, plate=plate, state=state, reason=reason, case_reference=case_reference,
                        for_whom=for_whom, other_name=other_name, other_unit=other_unit, now=now)
    return _matched_back(entry)


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
    folded, listed_state = plates.fold(plate), states.parse(state)
    # All that are kept count, also those in their grace: a renewal must not lead beyond the limit.
    if alert_list.entries.count() >= policy.max_entries:
        raise ListFull(f"The list holds {policy.max_entries:,} entries, which is the most that it may hold.")
    if alert_list.entries.filter(plate=folded, state=listed_state).exists():
        raise AlreadyListed("This plate is on the list already.")
    entry = Entry(
        alert_list=alert_list, owner=alert_list.owner, plate=folded, state=listed_state, reason=reason,
        case_reference=case_reference, other_name=other_name, other_unit=other_unit, created_at=now,
        valid_until=now + timedelta(days=policy.validity_days))
    added = record(
        Kind.ENTRY_ADDED, **_findable(entry), case_reference=case_reference, for_whom=for_whom, other_unit=other_unit,
        valid_until=entry.valid_until, ongoing_investigation=True, scope=alert_list.scope,
        oldest_open=matching.oldest_open_transaction())
    entry.activation = added.id
    entry.save(force_insert=True)
    return entry


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
    if not need_confirmed:
        raise NeedNotConfirmed("Confirm that the operational need continues.")
    if not note.strip():
        raise NoteMissing("Say why the need continues.")
    with transaction.atomic(durable=True):
        policy = AlertPolicy.objects.get(pk=1)
        kept = Entry.objects.select_for_update().visible_to(by).filter(pk=entry.pk).first()
        if kept is None:
            raise EntryNotFound
        if now >= kept.valid_until + timedelta(days=policy.grace_days):
            raise GraceOver("The time to renew this entry is over. Add the plate again if it is needed.")
        had_expired = now >= kept.valid_until
        kept.valid_until = now + timedelta(days=policy.validity_days)
        renewed = record(Kind.ENTRY_RENEWED, **_findable(kept), note=note.strip(), need_confirmed=True,
                         valid_until=kept.valid_until, oldest_open=matching.oldest_open_transaction())
        if had_expired:
            kept.activation, kept.matched_back_at = renewed.id, None
        kept.save(update_fields=["valid_until", "activation", "matched_back_at"])
    return _matched_back(kept) if had_expired else kept


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
        _wait_for_loadings()
        gone = list(Entry.objects.select_for_update(of=["self"]).visible_to(by).filter(pk__in=entries)
                    .select_related("alert_list").order_by("pk"))
        ids, folded = [entry.pk for entry in gone], {entry.plate for entry in gone}
        # By plate and entry, because that is how the two are kept (decision 15).
        Notification.objects.filter(plate__in=folded, entry_id__in=ids).delete()
        Hit.objects.filter(plate__in=folded, entry_id__in=ids).delete()
        Entry.objects.filter(pk__in=ids).delete()
        for entry in gone:
            record(Kind.ENTRY_REMOVED, **_findable(entry), note=note.strip(), case_reference=entry.case_reference)
        for alert_list in AlertList.objects.filter(
                pk__in={entry.alert_list_id for entry in gone}, is_single_plate=True, entries__isnull=True):
            record(Kind.LIST_DELETED, list=alert_list.pk, name=alert_list.name)
            alert_list.delete()
    return len(gone)


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
    findable: dict[str, Any] = _findable(entry) if entry else {}
    if not entry:
        try:
            findable = {"plate": plates.fold(said.get("plate", "")), "state": states.parse(said.get("state", ""))}
        except (plates.PlateNotValid, states.StateNotListed):
            findable = {}
        if said.get("for_whom") == "other":
            findable["on_behalf_of"] = said.get("other_name", "").strip()
    record_durably(Kind.ENTRY_REFUSED, **findable, entered=said,
                   errors={field: [sane(sentence) for sentence in sentences] for field, sentences in errors.items()})


def _findable(entry: Entry) -> dict[str, Any]:
    """What every event of an entry says, so that an auditor finds it by plate, person or reason."""
    return {"plate": entry.plate, "state": entry.state, "reason": entry.reason, "on_behalf_of": entry.other_name,
            "entry": entry.pk, "list": entry.alert_list_id}


def _matched_back(entry: Entry) -> Entry:
    if entry.activation:
        matching.match_back_or_leave(event=entry.activation)
    return entry


def _wait_for_loadings() -> None:
    """Until this transaction ends no loading makes a hit: those under way are waited for, later ones wait."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s::bigint)", [MATCHING_LOCK])
