"""Records that were set aside: kept for a while, repaired by operations staff and loaded, or discarded (DAT-3, BEY-8).

What was sent stays as it was sent; what an operator enters stands beside it. A repaired record goes through the same loader as
any other, in a process that has the loader's login, and is matched with the alert lists there. Photos that were good enough are
kept in a folder of the day, so that what a crash leaves behind ends with its day.
"""

import hashlib
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4, uuid5

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Max

from accounts.models import User
from audit.events import Kind
from audit.record import record, record_durably
from lpr import admission, photos
from lpr.admission import Conditions, NotAdmitted, NotAuthorized
from lpr.formats import fields, native
from lpr.formats.native_read import NativeRead, RecordNotReadable, Refused, SentPhoto
from lpr.geography import atlas
from lpr.loading import ALIAS
from lpr.models import QuarantinedRecord, SetAsideStatus, Source

logger = logging.getLogger(__name__)
FOLDER = "quarantine"
LONGEST_RAW = 20_000
LOADED_AT_ONCE = 100
_LONGEST_VALUE = 1_000
# What can be repaired, as the native form names it, and what other formats call the same.
FIELDS = ("source_record_id", "plate", "state", "captured_at", "latitude", "longitude", "make", "model", "camera", "address",
          "intersection", "confidence")
_NUMBERS = ("latitude", "longitude", "confidence")
_VENDORS_WORDS = {"source_record_id": "best_uuid", "plate": "best_plate_number", "state": "best_region",
                  "latitude": "gps_latitude", "longitude": "gps_longitude", "confidence": "best_confidence"}


class NotRepairable(ValueError):
    """The record cannot be loaded so; `field` says where (empty: nowhere in particular), the message is a plain sentence."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class AlreadyHandled(Exception):
    """The record was loaded or discarded, or is being loaded, by somebody else meanwhile."""


@dataclass(frozen=True, slots=True)
class SetAside:
    """A record that was not stored: its place in the delivery counted from 0, its id where it has one, why, what was sent.

    `photos` are those that came with it, `key` names the ones that are kept.
    """

    index: int
    source_record_id: str
    reason: str
    raw: str
    photos: tuple[SentPhoto, ...] = ()
    key: UUID = field(default_factory=uuid4)


def of_refusal(outcome: Refused) -> SetAside:
    """What a format adapter could not read."""
    raw = outcome.raw
    sent_id = raw.get("source_record_id") or raw.get("best_uuid") if isinstance(raw, Mapping) else None
    return SetAside(outcome.index, sent_id if isinstance(sent_id, str) else "", outcome.reason, _as_text(raw), _photos_in(raw))


def of_read(index: int, read: NativeRead, refusal: NotAdmitted) -> SetAside:
    """A read that was not admitted. Of one that the law did not let the source collect nothing is kept but its id (DAT-2)."""
    if isinstance(refusal, NotAuthorized):
        return SetAside(index, read.source_record_id, str(refusal), "")
    return SetAside(index, read.source_record_id, str(refusal), _as_text(asdict(replace(read, photos=()))), read.photos)


def keyed(items: Sequence[SetAside], receipt: UUID) -> list[SetAside]:
    """The records with the key that each has whenever the same body is sent, so that a delivery which is sent again sets nothing
    aside twice (DAT-3).

    Args:
        items: what was refused.
        receipt: the number of the delivery's receipt, which follows from source and body.
    """
    return [replace(item, key=uuid5(receipt, json.dumps([item.index, item.source_record_id, item.raw]))) for item in items]


def new_ones(items: Sequence[SetAside]) -> list[SetAside]:
    """Those of which an earlier delivery of the same body has set nothing aside."""
    there = set(QuarantinedRecord.objects.using(ALIAS).filter(key__in=[item.key for item in items]).values_list("key", flat=True))
    return [item for item in items if item.key not in there]


def keep_photos(source: Source, items: Sequence[SetAside], now: datetime) -> None:
    """Keep of each record the first photo of a kind that is good enough. Slow: call it outside of any transaction.

    A name follows from the body that was sent, so that what lies there is the same photo, of a delivery at the same time or of
    one that was cut off.
    """
    for item in items:
        for kind in admission.KINDS:
            for checked in admission.usable(kind, item.photos, source):
                wanted = _photo_name(item.key, now, kind)
                given = default_storage.save(wanted, ContentFile(checked.jpeg))
                if given != wanted:
                    # The storage made way: nobody would find this one again to erase it.
                    default_storage.delete(given)
                break


def keep(source: Source, items: Sequence[SetAside], now: datetime) -> None:
    """Keep what was set aside, in the open transaction of the loader; what is there stays as it is, and as it was handled."""
    QuarantinedRecord.objects.using(ALIAS).bulk_create([
        QuarantinedRecord(
            source=source, received_at=now, position=item.index, reason=item.reason[:300], raw=item.raw, key=item.key,
            source_record_id=item.source_record_id[:200], plate_photo_cut=any(photo.cut for photo in item.photos))
        for item in items], batch_size=1000, ignore_conflicts=True)


def settle(repaired: QuarantinedRecord, refused: Sequence[SetAside]) -> None:
    """Say what became of a repaired record, in the transaction of its loading."""
    row = QuarantinedRecord.objects.using(ALIAS).filter(pk=repaired.pk, status=SetAsideStatus.REPAIRED)
    if refused:
        row.update(status=SetAsideStatus.WAITING, reason=refused[0].reason[:300])
    else:
        row.update(status=SetAsideStatus.LOADED)


# --- What an operator does ----------------------------------------------------------------------------------------------
def bad_field(record: QuarantinedRecord) -> str:
    """The field that the reason names, of `FIELDS`, or an empty text."""
    name = record.reason.partition(":")[0]
    by_word = {word: field for field, word in _VENDORS_WORDS.items()} | {field: field for field in FIELDS}
    return "latitude" if name == "Not authorized" else by_word.get(name, "")


def entered(record: QuarantinedRecord) -> dict[str, str]:
    """The fields as a form shows them: as they were repaired last, else as they were sent."""
    try:
        said = json.loads(record.repaired or record.raw or "{}")
    except ValueError:
        said = {}
    if not isinstance(said, dict):
        said = {}
    found = {name: said.get(name, said.get(_VENDORS_WORDS.get(name, ""))) for name in FIELDS}
    return {name: str(value) if isinstance(value, str | int | float) else "" for name, value in found.items()}


def photo_name(record: QuarantinedRecord, kind: photos.Kind) -> str:
    """Where the photo of a record lies, if it was good enough."""
    return _photo_name(record.key, record.received_at, kind)


def _photo_name(key: UUID, received_at: datetime, kind: photos.Kind) -> str:
    return f"{FOLDER}/{received_at:%Y-%m-%d}/{key}-{kind}.jpg"


def repair(*, record: QuarantinedRecord, said: Mapping[str, str], by: User, now: datetime) -> None:
    """Take an operator's repair of a record: it is checked as a delivery is, and loaded by the next process that may.

    Args:
        record: one that was set aside; what was sent stays as it was.
        said: every field of `FIELDS`, as text.
        by: who repairs.
        now: the moment of repair.

    Raises:
        NotRepairable: it would be refused again; nothing is changed.
        AlreadyHandled: nothing is changed.
    """
    if not QuarantinedRecord.objects.filter(pk=record.pk, status=SetAsideStatus.WAITING).exists():
        raise AlreadyHandled
    read = _repaired_read(record, said)
    source = record.source
    try:
        admission.admit(read, Conditions(source, admission.authorities_of(source, using="default"), atlas(), now))
        admission.pictures(read, source)
    except NotAdmitted as refusal:
        raise _not_repairable(refusal) from refusal
    before = entered(record)
    with transaction.atomic(durable=True):
        _handle(record, by, now, status=SetAsideStatus.REPAIRED,
                repaired=json.dumps({name: said.get(name, "") for name in FIELDS}))
        _record(Kind.SET_ASIDE_REPAIRED, record, fields=[name for name in FIELDS if before[name] != said.get(name, "")])
    _wake()


def discard(*, record: QuarantinedRecord, note: str, by: User, now: datetime) -> None:
    """Give a record up: its photos are erased now, the rest at the end of its retention.

    Args:
        record: one that was set aside.
        note: why, for the record; not empty.
        by: who discards it.
        now: the moment.

    Raises:
        NotRepairable: no reason was given.
        AlreadyHandled: nothing is changed.
    """
    if not note.strip():
        raise NotRepairable("note", "Say why the record is discarded.")
    with transaction.atomic(durable=True):
        _handle(record, by, now, status=SetAsideStatus.DISCARDED, note=note.strip()[:300])
        _record(Kind.SET_ASIDE_DISCARDED, record, note=note.strip()[:300])
    _erase_photos(record)


def refuse(*, record: QuarantinedRecord, errors: Mapping[str, Sequence[str]]) -> None:
    """Record a repair or discard that was not made, and why (AUD-1); what was entered may hold a plate and is not repeated."""
    record_durably(Kind.SET_ASIDE_REFUSED, record=record.pk, source=record.source.name,
                   errors={field: list(said) for field, said in errors.items()})


# --- What jobs do -------------------------------------------------------------------------------------------------------
def load_repaired(*, now: datetime) -> int:
    """Load what was repaired, each as a delivery of its own; safe to run again and twice at once. Needs the loader's login.

    Returns: how many were taken to the loader.
    """
    from lpr import deliveries

    waiting = QuarantinedRecord.objects.using(ALIAS).select_related("source").filter(status=SetAsideStatus.REPAIRED)
    taken = list(waiting.order_by("handled_at")[:LOADED_AT_ONCE])
    for item in taken:
        try:
            read = _repaired_read(item, json.loads(item.repaired))
        except NotRepairable as refusal:
            settle(item, [SetAside(item.position, item.source_record_id, str(refusal), "")])
            continue
        deliveries.take_in(source=item.source, sent=[read], body_digest=hashlib.sha256(item.repaired.encode()).hexdigest(),
                           now=now, repaired=item)
        if not QuarantinedRecord.objects.using(ALIAS).filter(pk=item.pk, status=SetAsideStatus.WAITING).exists():
            _erase_photos(item)
    return len(taken)


def erase_over(*, now: datetime) -> int:
    """Erase records past their source's `quarantine_days`, with their photos; return how many records."""
    erased = 0
    for source in Source.objects.all():
        over = QuarantinedRecord.objects.filter(
            source=source, received_at__lte=now - timedelta(days=min(source.quarantine_days, source.retention_days)))
        for item in over.iterator():
            _erase_photos(item)
        erased += over.delete()[0]
    _erase_days(now)
    return erased


def _erase_days(now: datetime) -> None:
    """Photos of days past the longest retention belong to no record: a crash left them."""
    longest = Source.objects.aggregate(days=Max("quarantine_days"))["days"]
    if longest is None or not default_storage.exists(FOLDER):
        return
    limit = f"{now - timedelta(days=longest + 1):%Y-%m-%d}"
    for day in default_storage.listdir(FOLDER)[0]:
        if day < limit:
            for name in default_storage.listdir(f"{FOLDER}/{day}")[1]:
                default_storage.delete(f"{FOLDER}/{day}/{name}")
            default_storage.delete(f"{FOLDER}/{day}")


def _handle(record: QuarantinedRecord, by: User, now: datetime, **changes: Any) -> None:
    waiting = QuarantinedRecord.objects.filter(pk=record.pk, status=SetAsideStatus.WAITING)
    if not waiting.update(handled_by=by, handled_at=now, **changes):
        raise AlreadyHandled


def _record(kind: Kind, item: QuarantinedRecord, **details: Any) -> None:
    record(kind, record=item.pk, source=item.source.name, why=item.reason, **details)


def _repaired_read(record: QuarantinedRecord, said: Mapping[str, str]) -> NativeRead:
    try:
        numbers = {name: fields.number_in_text(said.get(name) or None, name) for name in _NUMBERS}
        read = native.one({**said, **numbers, "photos": None})
    except RecordNotReadable as refusal:
        raise _not_repairable(refusal) from refusal
    return replace(read, photos=tuple(_kept_photos(record)))


def _not_repairable(refusal: ValueError) -> NotRepairable:
    name, found, sentence = str(refusal).partition(": ")
    if found and name in FIELDS:
        return NotRepairable(name, sentence[:1].upper() + sentence[1:])
    return NotRepairable("", str(refusal))


def _kept_photos(record: QuarantinedRecord) -> list[SentPhoto]:
    found = []
    for kind in admission.KINDS:
        name = photo_name(record, kind)
        if default_storage.exists(name):
            with default_storage.open(name) as file:
                found.append(SentPhoto(kind, content=file.read(), cut=record.plate_photo_cut and kind == "plate"))
    return found


def _erase_photos(record: QuarantinedRecord) -> None:
    for kind in admission.KINDS:
        default_storage.delete(photo_name(record, kind))


def _photos_in(raw: object) -> tuple[SentPhoto, ...]:
    """The photos of a record that could not be read for another reason, as far as they stand where they belong."""
    try:
        return native.listed_photos(raw) if isinstance(raw, Mapping) else ()
    except RecordNotReadable:
        return ()


def _wake() -> None:
    from lpr import tasks

    try:
        tasks.load_repaired.apply_async(retry=False, expires=30)
    except Exception as error:  # noqa: BLE001 - each broker's client has errors of its own; the scheduler comes by anyway
        logger.warning("no loader was woken: %s", type(error).__name__)


def _as_text(raw: object) -> str:
    """What was sent, without pictures: JSON in plain ASCII, so that no control character reaches the database."""
    return json.dumps(_without_pictures(raw), default=_in_words)[:LONGEST_RAW]


def _in_words(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _without_pictures(raw: Any) -> Any:
    if isinstance(raw, Mapping):
        return {key: _without_pictures(value) for key, value in raw.items()}
    if isinstance(raw, list | tuple):
        return [_without_pictures(value) for value in raw]
    if isinstance(raw, str) and len(raw) > _LONGEST_VALUE:
        return f"({len(raw)} characters)"
    return raw
