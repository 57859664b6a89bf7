"""Which hits leave together in one mail, and when: digests, and repeated sightings of a plate (ALR-5, BEY-9).

Intents are made one for each hit and recipient, whatever anybody chose. When a sender takes them up, those that their reader
wants later get a `letter`, the time at which it leaves, and wait. A letter is closed by its first attempt: what comes after it
goes into the next one, so that a Message-ID never stands for two different mails.

A digest is the recipient's choice and holds all hits of all lists. Collapsing is the choice of the list's owner: the first
sighting of a plate at a place is mailed at once, and opens a time in which further ones at that place wait for one mail.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.db.models import OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils.crypto import salted_hmac

from accounts.models import User
from alerts.models import (
    AlertPolicy,
    Entry,
    Frequency,
    Hit,
    MailChoice,
    Notification,
    NotificationKind,
    NotificationStatus,
)
from audit.events import Kind
from audit.record import record, record_durably
from lpr.policy import zone_of

# Places nearer to each other than this count as one: about 100 m.
_DECIMALS = 3

Place = tuple[float, float]


class FrequencyNotListed(ValueError):
    """The choice is none of `Frequency`."""


@dataclass
class Gathered:
    """`later`: intents that were put into letters. `busy`: intents of which another sender decides just now."""

    later: set[UUID]
    busy: set[UUID]


def choice_of(user: User) -> Frequency:
    """How often `user` is mailed of hits."""
    row = MailChoice.objects.filter(user=user).first()
    return Frequency(row.frequency) if row else Frequency.IMMEDIATE


def choose(*, user: User, frequency: str, now: datetime) -> None:
    """Be mailed of hits so often from now on. What was waiting for another time leaves at once.

    Args:
        user: who chooses, for themself.
        frequency: a value of `Frequency`.
        now: the moment of choosing.

    Raises:
        FrequencyNotListed: it is none.
    """
    if frequency not in Frequency.values:
        raise FrequencyNotListed("Choose how often you are mailed.")
    with transaction.atomic(durable=True):
        before = choice_of(user)
        MailChoice.objects.update_or_create(user=user, defaults={"frequency": frequency})
        if frequency != before:
            Notification.objects.filter(
                recipient=user, kind=NotificationKind.HIT, status=NotificationStatus.WAITING, attempts=0, letter__isnull=False,
            ).update(next_attempt_at=now)
        record(Kind.MAIL_CHOSEN, before=before, after=frequency)


def refuse(*, errors: Mapping[str, Sequence[str]]) -> None:
    """Record a choice that was refused, and why. Stands by itself."""
    record_durably(Kind.MAIL_CHOICE_REFUSED, errors={field: list(sentences) for field, sentences in errors.items()})


def gather(*, claimed: Collection[UUID], now: datetime) -> Gathered:
    """Put those of the claimed intents aside that leave later, in the transaction that holds their rows.

    Args:
        claimed: intents without a letter that are due.
        now: the time.
    """
    gathered = Gathered(set(), set())
    wanted = _wanted_later(claimed)
    digests: dict[int, list[Notification]] = defaultdict(list)
    repeats: dict[tuple[int, UUID], list[Notification]] = defaultdict(list)
    for item in wanted:
        if item.frequency != Frequency.IMMEDIATE:  # type: ignore[attr-defined]
            digests[item.recipient_id].append(item)
        else:
            repeats[item.recipient_id, item.entry_id].append(item)
    for together in digests.values():
        _into_digest(together, now, gathered)
    for together in repeats.values():
        _into_repeats(together, gathered)
    return gathered


def is_mine(name: object) -> bool:
    """Whether this transaction is now the only one that decides about `name`: a letter, or a recipient's plate."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s::text, 0))", [str(name)])
        return cursor.fetchone()[0]


def _wanted_later(claimed: Collection[UUID]) -> Sequence[Notification]:
    """Intents of hits never tried yet whose reader chose digests, or whose list collapses; each with both choices."""
    chosen = MailChoice.objects.filter(user=OuterRef("recipient")).values("frequency")
    minutes = Entry.objects.filter(pk=OuterRef("entry_id")).values("alert_list__collapse_minutes")
    return list(Notification.objects.filter(pk__in=claimed, kind=NotificationKind.HIT, attempts=0).annotate(
        frequency=Coalesce(Subquery(chosen), Value(Frequency.IMMEDIATE.value)), minutes=Coalesce(Subquery(minutes), 0),
    ).filter(~Q(frequency=Frequency.IMMEDIATE) | Q(minutes__gt=0)).select_related("recipient__aor").order_by("created_at", "pk"))


def _into_digest(together: Sequence[Notification], now: datetime, gathered: Gathered) -> None:
    reader, frequency = together[0].recipient, together[0].frequency  # type: ignore[attr-defined]
    leaves_at = _next(frequency, reader, now)
    letter = _digest(reader, leaves_at)
    while is_mine(letter):
        if _is_open(letter):
            _put(together, letter, leaves_at, gathered)
            return
        # Another sender, whose clock is ahead, has closed it.
        leaves_at = _next(frequency, reader, leaves_at)
        letter = _digest(reader, leaves_at)
    gathered.busy.update(item.pk for item in together)


def _digest(reader: User, leaves_at: datetime) -> UUID:
    """The same for each sender, and for nobody else to guess (alerts.envelopes)."""
    name = salted_hmac("alerts.digests", f"{reader.pk} {leaves_at.timestamp():.0f}", algorithm="sha256")
    return UUID(bytes=name.digest()[:16])


def _next(frequency: str, reader: User, now: datetime) -> datetime:
    """When the next digest leaves: at the full hour, or at policy's hour of the reader's day."""
    if frequency == Frequency.HOURLY:
        return now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    zone: ZoneInfo = zone_of(reader)
    hour = time(AlertPolicy.objects.get(pk=1).digest_hour)
    today = now.astimezone(zone).date()
    days = (datetime.combine(today + timedelta(days=later), hour, zone) for later in range(3))
    return next(day for day in days if day > now)


def _into_repeats(together: Sequence[Notification], gathered: Gathered) -> None:
    """Sightings of one plate for one reader, oldest first: each opens a time of its own, or waits in one that is open."""
    first = together[0]
    if not is_mine(f"{first.recipient_id} {first.entry_id}"):
        gathered.busy.update(item.pk for item in together)
        return
    lasts = timedelta(minutes=first.minutes)  # type: ignore[attr-defined]
    opened = [] if not lasts else list(Notification.objects.filter(
        kind=NotificationKind.HIT, recipient=first.recipient_id, plate=first.plate, entry_id=first.entry_id, letter__isnull=True,
        created_at__gt=first.created_at - lasts).exclude(attempts=0).order_by("created_at", "pk"))
    places = _places([*opened, *together])
    for item in together:
        opener = next((one for one in reversed(opened) if places.get(one.record_id) == places.get(item.record_id)
                       and one.created_at <= item.created_at < one.created_at + lasts), None)
        letter = uuid5(opener.pk, "repeats") if opener else None
        if opener and letter and is_mine(letter) and _is_open(letter):
            _put([item], letter, opener.created_at + lasts, gathered)
        else:
            opened.append(item)


def _places(items: Sequence[Notification]) -> dict[UUID, Place]:
    hits = Hit.objects.filter(plate=items[0].plate, entry_id=items[0].entry_id, record_id__in=[item.record_id for item in items])
    return {record_id: (round(latitude, _DECIMALS), round(longitude, _DECIMALS))
            for record_id, latitude, longitude in hits.values_list("record_id", "latitude", "longitude")}


def _is_open(letter: UUID) -> bool:
    """Whether nobody has tried to send the letter yet."""
    return not Notification.objects.filter(letter=letter).exclude(status=NotificationStatus.WAITING, attempts=0).exists()


def _put(items: Iterable[Notification], letter: UUID, leaves_at: datetime, gathered: Gathered) -> None:
    ids = [item.pk for item in items]
    Notification.objects.filter(pk__in=ids).update(letter=letter, next_attempt_at=leaves_at)
    gathered.later.update(ids)

