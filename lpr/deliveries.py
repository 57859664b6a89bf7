"""Taking in what a source delivers: every record is stored, known already, or set aside with its reason (DAT-1 to DAT-4, BEY-8).

A delivery is one call of the API or one batch of a file. Its reads, its receipt, what was set aside and its event stand in one
transaction; photos are written before, to the disk itself, under names that only this record can have.
"""

import logging
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import DatabaseError, connections
from django.db.models import Min

from audit.events import Kind
from audit.record import AuditUnavailable, record
from lpr import admission, loading, photo_store, quarantine
from lpr.admission import Conditions, NotAdmitted
from lpr.formats.native_read import NativeRead, Outcome, Refused
from lpr.geography import atlas
from lpr.loading import ALIAS, PreparedRead, Stored
from lpr.models import QuarantinedRecord, Receipt, Source
from lpr.quarantine import SetAside

__all__ = ["AuditUnavailable", "Delivered", "NotStored", "SetAside", "take_in"]

logger = logging.getLogger(__name__)
SAME_ID = "source_record_id: this record came before with other content; the first is kept."
_WORTH_THREADS = 8


class NotStored(Exception):
    """The database did not take the delivery, and nothing of it is stored: it can be sent again."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """A read that may be stored, with what it was made of."""

    index: int
    sent: NativeRead
    read: PreparedRead


@dataclass(frozen=True)
class Delivered:
    """What became of a delivery. `receipt` is the number of its receipt and `first_received_at` when this body came first."""

    stored: int
    duplicates: int
    hits: int
    refused: tuple[SetAside, ...]
    receipt: UUID
    first_received_at: datetime


def take_in(
    *, source: Source, sent: Sequence[Outcome], body_digest: str, now: datetime, first_index: int = 0,
    repaired: QuarantinedRecord | None = None,
) -> Delivered:
    """Check, complete, store and match the records of one delivery.

    Args:
        source: who delivers; the running context's actor is recorded as who acts.
        sent: what a format adapter made of it (`lpr.formats.detection`).
        body_digest: SHA-256 of the body or file, in hex, for the receipt.
        now: the time of receipt.
        first_index: the place of the first record, where a file comes in batches.
        repaired: the record that was set aside and is delivered again, repaired, as the only one: it becomes loaded, or is set
            aside again with the new reason (lpr.quarantine).

    Raises:
        AuditUnavailable: the log cannot be written; nothing is stored then.
        NotStored: the database failed; nothing is stored then.
    """
    try:
        return _take_in(source, sent, _Call(body_digest, now, first_index, repaired))
    except DatabaseError as error:
        logger.error("a delivery was not stored: %s", type(error).__name__)
        raise NotStored(type(error).__name__) from error


@dataclass(frozen=True)
class _Call:
    """What is known of a delivery beside its records; as for `take_in`."""

    body_digest: str
    now: datetime
    first_index: int
    repaired: QuarantinedRecord | None


def _take_in(source: Source, sent: Sequence[Outcome], call: _Call) -> Delivered:
    conditions = Conditions(source, admission.authorities_of(source, using=ALIAS), atlas(using=ALIAS), call.now)
    refused = [quarantine.of_refusal(outcome) for outcome in sent if isinstance(outcome, Refused)]
    admitted: list[Admitted] = []
    for index, outcome in enumerate(sent, start=call.first_index):
        if isinstance(outcome, NativeRead):
            try:
                admitted.append(Admitted(index, outcome, admission.admit(outcome, conditions)))
            except NotAdmitted as refusal:
                refused.append(quarantine.of_read(index, outcome, refusal))
    kept: list[Admitted] = []
    for item, verdict in zip(admitted, _keep_photos(admitted, source), strict=True):
        if isinstance(verdict, NotAdmitted):
            refused.append(quarantine.of_read(item.index, item.sent, verdict))
        else:
            kept.append(Admitted(item.index, item.sent, verdict))
    refused = quarantine.keyed(refused, Receipt(source=source, body_digest=call.body_digest).number)
    if not call.repaired:
        quarantine.keep_photos(source, quarantine.new_ones(refused), call.now)
    return _store(source, kept, refused, call)


def _store(source: Source, admitted: list[Admitted], refused: list[SetAside], call: _Call) -> Delivered:
    receipt = Receipt(source=source, received_at=call.now, body_digest=call.body_digest, first_index=call.first_index,
                      newest_captured_at=max((item.read.captured_at for item in admitted), default=None))
    first = Receipt.objects.using(ALIAS).filter(
        source=source, body_digest=call.body_digest, first_index=call.first_index).aggregate(at=Min("received_at"))["at"]
    delivered = Delivered(0, 0, 0, (), receipt.number, first or call.now)
    new_conflicts: list[SetAside] = []

    def keep_account(outcome: Stored) -> None:
        nonlocal new_conflicts, delivered
        conflicts = quarantine.keyed([quarantine.of_read(admitted[place].index, admitted[place].sent, NotAdmitted(SAME_ID))
                                      for place in outcome.conflicts], receipt.number)
        new_conflicts = quarantine.new_ones(conflicts)
        all_refused = sorted([*refused, *conflicts], key=lambda item: item.index)
        delivered = replace(delivered, stored=outcome.stored, duplicates=outcome.duplicates, hits=outcome.hits,
                            refused=tuple(all_refused))
        _keep_account(receipt, delivered, call)

    loading.store(source=source, reads=[item.read for item in admitted], received_at=call.now, now=call.now,
                  beside=keep_account)
    if not call.repaired:
        quarantine.keep_photos(source, new_conflicts, call.now)
    return delivered


def _keep_account(receipt: Receipt, delivered: Delivered, call: _Call) -> None:
    """Receipt, quarantine and event, in the transaction of the reads."""
    counts: dict[str, Any] = {"stored": delivered.stored, "duplicates": delivered.duplicates, "refused": len(delivered.refused),
                              "hits": delivered.hits}
    for name, count in counts.items():
        setattr(receipt, name, count)
    # A batch that failed on the way is tried again, with its receipt.
    receipt.pk = None
    receipt.save(using=ALIAS, force_insert=True)
    again: dict[str, Any] = {"repaired": call.repaired.pk} if call.repaired else {}
    if call.repaired:
        quarantine.settle(call.repaired, delivered.refused)
    else:
        quarantine.keep(receipt.source, delivered.refused, call.now)
    record(Kind.READS_LOADED, using=ALIAS, source=receipt.source.name, **counts, body=receipt.body_digest,
           receipt=receipt.number, **again)


def _keep_photos(admitted: Sequence[Admitted], source: Source) -> list[PreparedRead | NotAdmitted]:
    """Check each read's photos, and put those of new reads into the store, to stay.

    Of reads with one record id the first good one alone writes photos: whichever thread is faster, the first is kept (DAT-3).
    """
    known = _known_ids([item.read.record_id for item in admitted])
    names: list[str] = []

    def keep(item: Admitted) -> PreparedRead | NotAdmitted:
        try:
            photos = admission.pictures(item.sent, source)
            if item.read.record_id not in known:
                names.extend(photo_store.save(item.read.record_id, photo) for photo in photos)
            return item.read._replace(plate_photo_cut=photos[0].cut)
        except photo_store.OtherPhotoThere:
            return NotAdmitted(SAME_ID)
        except NotAdmitted as refusal:
            return refusal

    first: dict[UUID, Admitted] = {}
    repeated = [item for item in admitted if first.setdefault(item.read.record_id, item) is not item]
    if len(first) < _WORTH_THREADS:
        kept = dict(zip(first, map(keep, first.values()), strict=True))
    else:
        with ThreadPoolExecutor(max_workers=os.cpu_count()) as threads:
            kept = dict(zip(first, threads.map(keep, first.values()), strict=True))
    verdicts = {item.index: kept[record_id] for record_id, item in first.items()}
    for item in repeated:
        verdict = kept[item.read.record_id]
        if isinstance(verdict, NotAdmitted):
            verdict = kept[item.read.record_id] = keep(item)
        elif verdict.digest != item.read.digest:
            verdict = NotAdmitted(SAME_ID)
        verdicts[item.index] = verdict
    photo_store.settle(names)
    return [verdicts[item.index] for item in admitted]


def _known_ids(record_ids: list[UUID]) -> set[UUID]:
    """Of these records, those that came in the last 60 days: their photos are there."""
    if not record_ids:
        return set()
    with connections[ALIAS].cursor() as cursor:
        cursor.execute("SELECT record_id FROM store.recent_record WHERE record_id = ANY(%s::uuid[])", [record_ids])
        return {row[0] for row in cursor.fetchall()}
