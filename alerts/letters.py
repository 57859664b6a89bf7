"""What intents become when they leave: which go in one mail, what it says, whether its reader may still be told (ALR-5).

Everything is read when the mail leaves, so that it tells of nothing that was removed meanwhile, and tells nobody who may not
know any more.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from django.core.mail import EmailMessage
from django.db.models import Q, QuerySet

from accounts.roles import Role
from alerts import deconfliction, expiry, mails
from alerts.hits import mark
from alerts.models import (
    AlertList,
    AlertPolicy,
    Entry,
    Handover,
    Hit,
    Notification,
    NotificationKind,
    NotificationStatus,
    Reader,
    Recipient,
)


@dataclass(frozen=True)
class Letter:
    """Intents that go in one mail, with what it says. `compose` is None when nothing is left to tell."""

    intents: Sequence[Notification]
    entries: Mapping[UUID, Entry]
    compose: Callable[[], EmailMessage] | None
    is_recipient: bool

    @property
    def attempts(self) -> int:
        return self.intents[0].attempts

    @property
    def made_at(self) -> datetime:
        """When the newest of its intents was made: a digest may have waited for that."""
        return max(intent.created_at for intent in self.intents)

    @property
    def rows(self) -> QuerySet[Notification]:
        return Notification.objects.filter(pk__in=[intent.pk for intent in self.intents])

    @property
    def secrets(self) -> Iterator[str]:
        """What the mail tells of: nothing of it is kept with a mail server's answer."""
        reader = self.intents[0].recipient
        yield from (reader.full_name, reader.username, reader.email)
        for item in self.intents:
            yield item.plate
            if entry := self.entries.get(item.entry_id):
                yield from (entry.case_reference, entry.other_name, entry.alert_list.name, entry.owner.full_name)


def that_left(letter: UUID) -> Letter | None:
    """The intents of a letter that a mail server took, locked in the open transaction; None where there are none (any more)."""
    sent = Notification.objects.filter(Q(letter=letter) | Q(letter__isnull=True, pk=letter), status=NotificationStatus.SENT)
    intents = list(sent.select_for_update(of=["self"]).select_related("recipient__aor").order_by("pk"))
    entries = Entry.objects.select_related("alert_list", "owner").in_bulk({item.entry_id for item in intents})
    return Letter(intents, entries, None, is_recipient=True) if intents else None


def letters_of(claimed: Sequence[UUID], now: datetime) -> list[Letter]:
    """The mails that the claimed intents become, hits first.

    Args:
        claimed: ids of intents; all of one letter that are left are among them.
        now: the time, by which a prompt may not be due any more.
    """
    intents = list(Notification.objects.filter(pk__in=claimed).select_related("recipient__aor").order_by("created_at", "pk"))
    entries = Entry.objects.select_related("alert_list", "owner").in_bulk({item.entry_id for item in intents})
    by_kind = {kind: [item for item in intents if item.kind == kind] for kind in NotificationKind.values}
    return [*_of_hits(by_kind[NotificationKind.HIT] + by_kind[NotificationKind.SHARED], entries),
            *_of_deconfliction(by_kind[NotificationKind.DECONFLICTION], entries),
            *_of_prompts(by_kind[NotificationKind.PROMPT], entries, now),
            *_of_lists_at_rest(by_kind[NotificationKind.AT_REST]),
            *_of_lists_taken_over(by_kind[NotificationKind.TAKEN_OVER])]


def _of_hits(intents: Sequence[Notification], entries: Mapping[UUID, Entry]) -> Iterator[Letter]:
    hits = {(hit.entry_id, hit.record_id): hit for hit in Hit.objects.filter(
        plate__in={item.plate for item in intents}, entry_id__in={item.entry_id for item in intents},
        record_id__in={item.record_id for item in intents})}
    mark(hits.values())
    # Asked for these readers alone: a list may be told to a whole agency.
    told = set(Recipient.objects.filter(
        entry_id__in={item.entry_id for item in intents}, user__in={item.recipient_id for item in intents},
    ).values_list("entry_id", "user_id"))
    readers = _readers(intents)

    def may_know(item: Notification) -> bool:
        return (item.entry_id, item.recipient_id) in told or (
            item.kind == NotificationKind.SHARED and item.recipient_id in readers)

    for together in _by_letter(intents):
        gone, kept = _parted(together, lambda item: (item.entry_id, item.record_id) in hits and item.entry_id in entries)
        refused, allowed = _parted(kept, may_know)
        if gone:
            yield Letter(gone, entries, None, is_recipient=True)
        for items, is_recipient in ((refused, False), (allowed, True)):
            if items:
                pairs = [(hits[item.entry_id, item.record_id], entries[item.entry_id]) for item in items]
                yield Letter(items, entries, partial(_hit_mail, items[0], pairs), is_recipient)


def _hit_mail(first: Notification, pairs: Sequence[tuple[Hit, Entry]]) -> EmailMessage:
    if first.letter is None:
        [(hit, entry)] = pairs
        return mails.of_hit(notification=first, hit=hit, entry=entry)
    return mails.of_hits(letter=first, pairs=pairs)


def _parted(
    items: Sequence[Notification], fits: Callable[[Notification], bool],
) -> tuple[list[Notification], list[Notification]]:
    """The items that do not fit, and those that do."""
    parts: tuple[list[Notification], list[Notification]] = [], []
    for item in items:
        parts[fits(item)].append(item)
    return parts


def _of_deconfliction(intents: Sequence[Notification], entries: Mapping[UUID, Entry]) -> Iterator[Letter]:
    others = deconfliction.still_named({item.record_id for item in intents})
    readers = _readers(intents)
    for together in _by_letter(intents):
        pairs = [(entries[item.entry_id], others[item.record_id]) for item in together
                 if item.entry_id in entries and item.record_id in others]
        compose = partial(mails.of_deconfliction, letter=together[0], pairs=pairs) if pairs else None
        yield Letter(together, entries, compose, together[0].recipient_id in readers)


def _of_prompts(intents: Sequence[Notification], entries: Mapping[UUID, Entry], now: datetime) -> Iterator[Letter]:
    policy, readers = AlertPolicy.objects.get(pk=1), _readers(intents)
    for together in _by_letter(intents):
        due = [entry for item in together if (entry := entries.get(item.entry_id))
               and expiry.is_due(entry=entry, policy=policy, now=now)]
        compose = partial(mails.of_prompts, notification=together[0], entries=due, policy=policy, now=now) if due else None
        yield Letter(together, entries, compose, together[0].recipient_id in readers)


def _of_lists_at_rest(intents: Sequence[Notification]) -> Iterator[Letter]:
    rows = {row.key: row for row in Handover.objects.filter(key__in=[item.entry_id for item in intents]).select_related("owner")}
    for item in intents:
        row, reader = rows.get(item.entry_id), item.recipient
        compose = partial(mails.of_lists_at_rest, notification=item, handover=row) if row else None
        is_concerned = row is not None and (
            reader.pk == row.owner_id or (reader.role == Role.AGENCY_MANAGER and reader.aor_id == row.owner.aor_id))
        yield Letter([item], {}, compose, reader.is_active and is_concerned)


def _of_lists_taken_over(intents: Sequence[Notification]) -> Iterator[Letter]:
    lists, readers = AlertList.objects.in_bulk({item.entry_id for item in intents}), _readers(intents)
    for together in _by_letter(intents):
        reader = together[0].recipient
        own = [found for item in together if (found := lists.get(item.entry_id)) and found.owner_id == reader.pk]
        compose = partial(mails.of_lists_taken_over, letter=together[0], lists=own) if own else None
        yield Letter(together, {}, compose, reader.pk in readers)


def _readers(intents: Sequence[Notification]) -> set[int]:
    """Who of the recipients may be told anything about alerts."""
    return Reader.objects.among(item.recipient for item in intents)


def _by_letter(intents: Sequence[Notification]) -> list[list[Notification]]:
    """Those of one letter together; an intent without one stands by itself."""
    letters: dict[UUID, list[Notification]] = defaultdict(list)
    for item in intents:
        letters[item.letter or item.pk].append(item)
    return list(letters.values())
