"""Taking in what a source delivers: every record is stored, known already, or set aside with its reason (DAT-1 to DAT-4, BEY-8).

A delivery is one call of the API or one batch of a file. Its reads, its receipt, what was set aside and its event stand in one
transaction; photos are written before, under names that only this record can have.
"""

import json
import logging
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import DatabaseError, connections

from audit.events import Kind
from audit.record import AuditUnavailable, record
from lpr import admission, loading, photo_store
from lpr.admission import Conditions, NotAdmitted
from lpr.formats.native_read import NativeRead, Outcome, Refused
from lpr.geography import atlas
from lpr.loading import ALIAS, PreparedRead, Stored
from lpr.models import QuarantinedRecord, Receipt, Source

__all__ = ["AuditUnavailable", "Delivered", "NotStored", "SetAside", "take_in"]

logger = logging.getLogger(__name__)
SAME_ID = "source_record_id: this record came before with other content; the first is kept."
LONGEST_RAW = 20_000
_LONGEST_VALUE = 1_000
_WORTH_THREADS = 8


class NotStored(Exception):
    """The database did not take the delivery, and nothing of it is stored: it can be sent again."""


@dataclass(frozen=True, slots=True)
class SetAside:
    """A record that was not stored: its place in the delivery counted from 0, its id where it has one, why, what was sent."""

    index: int
    source_record_id: str
    reason: str
    raw: str


@dataclass(frozen=True, slots=True)
class Admitted:
    """A read that may be stored, with what it was made of."""

    index: int
    sent: NativeRead
    read: PreparedRead


@dataclass(frozen=True)
class Delivered:
    """What became of a delivery."""

    stored: int
    duplicates: int
    hits: int
    refused: tuple[SetAside, ...]


def take_in(
    *, source: Source, sent: Sequence[Outcome], body_digest: str, now: datetime, first_index: int = 0
) -> Delivered:
    """Check, complete, store and match the records of one delivery.

    Args:
        source: who delivers; the running context's actor is recorded as who acts.
        sent: what a format adapter made of it (`lpr.formats.detection`).
        body_digest: SHA-256 of the body or file, in hex, for the receipt.
        now: the time of receipt.
        first_index: the place of the first record, where a file comes in batches.

    Raises:
        AuditUnavailable: the log cannot be written; nothing is stored then.
        NotStored: the database failed; nothing is stored then.
    """
    try:
        return _take_in(source, sent, body_digest, now, first_index)
    except DatabaseError as error:
        logger.error("a delivery was not stored: %s", type(error).__name__)
        raise NotStored(type(error).__name__) from error


def _take_in(source: Source, sent: Sequence[Outcome], body_digest: str, now: datetime, first_index: int) -> Delivered:
    conditions = Conditions(source, admission.authorities_of(source, using=ALIAS), atlas(using=ALIAS), now)
    refused = [_refusal(outcome) for outcome in sent if isinstance(outcome, Refused)]
    admitted: list[Admitted] = []
    for index, outcome in enumerate(sent, start=first_index):
        if isinstance(outcome, NativeRead):
            try:
                admitted.append(Admitted(index, outcome, admission.admit(outcome, conditions)))
            except NotAdmitted as refusal:
                refused.append(_set_aside(index, outcome, str(refusal)))
    kept: list[Admitted] = []
    for item, verdict in zip(admitted, _keep_photos(admitted, source), strict=True):
        if isinstance(verdict, NotAdmitted):
            refused.append(_set_aside(item.index, item.sent, str(verdict)))
        else:
            kept.append(Admitted(item.index, item.sent, verdict))
    return _store(source, kept, refused, body_digest, now)


def _store(
    source: Source, admitted: list[Admitted], refused: list[SetAside], body_digest: str, now: datetime
) -> Delivered:
    delivered = Delivered(0, 0, 0, ())

    def keep_account(outcome: Stored) -> None:
        nonlocal delivered
        conflicts = [_set_aside(admitted[place].index, admitted[place].sent, SAME_ID) for place in outcome.conflicts]
        all_refused = sorted([*refused, *conflicts], key=lambda item: item.index)
        delivered = Delivered(outcome.stored, outcome.duplicates, outcome.hits, tuple(all_refused))
        newest = max((item.read.captured_at for item in admitted), default=None)
        _keep_account(source, delivered, body_digest, newest, now)

    loading.store(source=source, reads=[item.read for item in admitted], received_at=now, now=now, beside=keep_account)
    return delivered


def _keep_account(
    source: Source, delivered: Delivered, body_digest: str, newest: datetime | None, now: datetime
) -> None:
    """Receipt, quarantine and event, in the transaction of the reads."""
    Receipt.objects.using(ALIAS).create(
        source=source, received_at=now, body_digest=body_digest, stored=delivered.stored,
        duplicates=delivered.duplicates, refused=len(delivered.refused), hits=delivered.hits, newest_captured_at=newest)
    QuarantinedRecord.objects.using(ALIAS).bulk_create(
        [QuarantinedRecord(source=source, received_at=now, position=item.index, reason=item.reason[:300], raw=item.raw,
                           source_record_id=item.source_record_id[:200]) for item in delivered.refused],
        batch_size=1000)
    record(Kind.READS_LOADED, using=ALIAS, source=source.name, stored=delivered.stored,
           duplicates=delivered.duplicates, refused=len(delivered.refused), hits=delivered.hits, body=body_digest)


def _keep_photos(admitted: Sequence[Admitted], source: Source) -> list[PreparedRead | NotAdmitted]:
    """Check each read's photos, and put those of new reads into the store."""
    known = _known_ids([item.read.record_id for item in admitted])

    def keep(item: Admitted) -> PreparedRead | NotAdmitted:
        try:
            photos = admission.pictures(item.sent, source)
            if item.read.record_id not in known:
                for photo in photos:
                    photo_store.save(item.read.record_id, photo)
            return item.read._replace(plate_photo_cut=photos[0].cut)
        except photo_store.OtherPhotoThere:
            return NotAdmitted(SAME_ID)
        except NotAdmitted as refusal:
            return refusal

    if len(admitted) < _WORTH_THREADS:
        return [keep(item) for item in admitted]
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as threads:
        return list(threads.map(keep, admitted))


def _known_ids(record_ids: list[UUID]) -> set[UUID]:
    """Of these records, those that came in the last 60 days: their photos are there."""
    if not record_ids:
        return set()
    with connections[ALIAS].cursor() as cursor:
        cursor.execute("SELECT record_id FROM store.recent_record WHERE record_id = ANY(%s::uuid[])", [record_ids])
        return {row[0] for row in cursor.fetchall()}


def _refusal(outcome: Refused) -> SetAside:
    raw = outcome.raw
    sent_id = raw.get("source_record_id") or raw.get("best_uuid") if isinstance(raw, dict) else None
    return SetAside(outcome.index, sent_id if isinstance(sent_id, str) else "", outcome.reason, _as_text(raw))


def _set_aside(index: int, read: NativeRead, reason: str) -> SetAside:
    return SetAside(index, read.source_record_id, reason, _as_text(asdict(replace(read, photos=()))))


def _as_text(raw: object) -> str:
    """What was sent, without pictures: JSON in plain ASCII, so that no control character reaches the database."""
    return json.dumps(_without_pictures(raw), default=str)[:LONGEST_RAW]


def _without_pictures(raw: Any) -> Any:
    if isinstance(raw, dict):
        return {key: _without_pictures(value) for key, value in raw.items()}
    if isinstance(raw, list | tuple):
        return [_without_pictures(value) for value in raw]
    if isinstance(raw, str) and len(raw) > _LONGEST_VALUE:
        return f"({len(raw)} characters)"
    return raw
