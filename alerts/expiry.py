"""The life of an entry: prompts before its end, its end, a week of grace, erasure (ALR-7 to ALR-9).

Every step finds in the rows what is due, does it under their locks and writes one event for each entry. So a step that comes
late, twice or from two schedulers does what is still to be done, and a renewal and an erasure at the same moment take turns.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from uuid import UUID, uuid4, uuid5

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q

from alerts import entries, matching
from alerts.models import AlertPolicy, Entry, EntryStatus, Hit, Notification, NotificationKind, Recipient
from audit.events import Kind
from audit.record import record_many

BATCH = 500
ERASED_AT_ONCE = 100


@dataclass(frozen=True)
class Aged:
    """How many entries were prompted for, ended and erased, and how many hits were too old."""

    prompted: int
    expired: int
    erased: int
    hits_erased: int


def age(*, now: datetime) -> Aged:
    """Do all that is due in the lives of entries. Call it outside of any transaction; again and at once is harmless.

    Args:
        now: the time; jobs give `earlier_clock()`.
    """
    policy = AlertPolicy.objects.get(pk=1)
    aged = Aged(
        prompted=_all(lambda: _prompt(policy, now)), expired=_all(lambda: _expire(now)),
        erased=_all(lambda: _erase(policy, now)), hits_erased=_all(lambda: _erase_hits(policy, now)))
    if aged.prompted:
        matching.wake()
    return aged


def earlier_clock() -> datetime:
    """The earlier of this machine's time and the database's: a clock that jumps ahead ends and erases nothing."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return min(datetime.now(UTC), cursor.fetchone()[0])


def is_due(*, entry: Entry, policy: AlertPolicy, now: datetime) -> bool:
    """Whether the owner should be told of the entry's end: not when it was renewed meanwhile."""
    return entry.valid_until <= now + timedelta(days=policy.prompt_days)


def _all(step: Callable[[], int]) -> int:
    """Repeat a step until it finds nothing more."""
    return sum(takewhile(bool, iter(step, None)))


def _prompt(policy: AlertPolicy, now: datetime) -> int:
    """One prompt for each entry whose latest prompt is due and not made yet; what a standstill left out is not made up for."""
    for days in sorted({policy.prompt_days, policy.second_prompt_days, policy.last_prompt_days}):
        if made := _prompt_of(days, policy, now):
            return made
    return 0


def _prompt_of(days: int, policy: AlertPolicy, now: datetime) -> int:
    """One day's prompts for a batch of entries, in one letter for each owner. Who may not be told is not prompted (ALR-11)."""
    told = Recipient.objects.filter(entry_id=OuterRef("pk"), user_id=OuterRef("owner"))
    with transaction.atomic(durable=True):
        # No key: who adds the same plate (alerts.deconfliction) locks entries in another order, and is not in the way.
        due = list(Entry.objects.select_for_update(of=["self"], no_key=True).filter(
            Q(prompted_days__isnull=True) | Q(prompted_days__gt=days), Exists(told),
            valid_until__lte=now + timedelta(days=days), valid_until__gt=now - timedelta(days=policy.grace_days),
        ).order_by("owner", "pk")[:BATCH])
        letters: dict[int, UUID] = defaultdict(uuid4)
        Notification.objects.bulk_create([Notification(
            kind=NotificationKind.PROMPT, entry_id=entry.pk, record_id=_cause(entry, days), recipient_id=entry.owner_id,
            plate=entry.plate, letter=letters[entry.owner_id], created_at=now, next_attempt_at=now)
            for entry in due], ignore_conflicts=True)
        Entry.objects.filter(pk__in=[entry.pk for entry in due]).update(prompted_days=days)
        record_many(Kind.ENTRY_PROMPTED, [entries.findable(entry) | {"days": days, "valid_until": entry.valid_until}
                                          for entry in due])
    return len(due)


def _cause(entry: Entry, days: int) -> UUID:
    """What stands in a prompt's row in place of a read: the same for the same end and day, so that none is made twice."""
    return uuid5(entry.pk, f"{entry.valid_until.astimezone(UTC).isoformat()} {days}")


def _expire(now: datetime) -> int:
    """Put on record that entries have ended. They match nothing from then on, even if a clock goes back."""
    with transaction.atomic(durable=True):
        ended = list(Entry.objects.select_for_update().filter(valid_until__lte=now)
                     .exclude(status=EntryStatus.EXPIRED).order_by("pk")[:BATCH])
        Entry.objects.filter(pk__in=[entry.pk for entry in ended]).update(status=EntryStatus.EXPIRED)
        record_many(Kind.ENTRY_EXPIRED, [entries.findable(entry) | {"valid_until": entry.valid_until} for entry in ended])
    return len(ended)


def _erase(policy: AlertPolicy, now: datetime) -> int:
    """Erase entries whose grace is over, with all that belongs to them; a renewal that came first keeps its entry."""
    over = Entry.objects.filter(status=EntryStatus.EXPIRED, valid_until__lte=now - timedelta(days=policy.grace_days))
    batch = list(over.order_by("pk").values_list("pk", flat=True)[:ERASED_AT_ONCE])
    if not batch:
        return 0
    with transaction.atomic(durable=True):
        entries.wait_for_loadings()
        # The whole condition again: the rows are read anew under their locks.
        gone = entries.erase(over.filter(pk__in=batch), kind=Kind.ENTRY_ERASED)
        entries.delete_emptied_lists(gone)
    return len(gone)


def _erase_hits(policy: AlertPolicy, now: datetime) -> int:
    """Erase hits past their set life, with what was told of them; one event for each entry (ALR-8)."""
    with transaction.atomic(durable=True):
        old = list(Hit.objects.select_for_update(of=["self"]).filter(hit_at__lte=now - timedelta(days=policy.hit_days))
                   .select_related("entry").order_by("pk")[:BATCH])
        by_entry: dict[Entry, list[Hit]] = defaultdict(list)
        for hit in old:
            by_entry[hit.entry].append(hit)
        for entry, hits in by_entry.items():
            Notification.objects.filter(plate=entry.plate, entry_id=entry.pk, record_id__in=[hit.record_id for hit in hits]
                                        ).delete()
        Hit.objects.filter(pk__in=[hit.pk for hit in old]).delete()
        record_many(Kind.HITS_ERASED, [entries.findable(entry) | {"hits": [hit.record_id for hit in hits]}
                                       for entry, hits in by_entry.items()])
    return len(old)
