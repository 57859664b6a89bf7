"""Audit-log requests (AUD-13): an entitled person asks, a job writes and encrypts, the person downloads and records the receipt.

What is delivered is a bundle (audit.verifier) of every event asked for. It is read twice, because its last line holds count and
digest of all others and must be sealed before the first is written. So nothing has to be kept, in memory or on disk.
"""

import contextlib
import hashlib
import re
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any, NoReturn
from uuid import UUID, uuid4

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction

from audit import alarms, bundles, clocks, context, envelopes, jobs, letters, people
from audit.events import Kind
from audit.models import Delivery, LetterKind
from audit.models.delivery import ENTITLED, OPERATIONS
from audit.record import record, record_durably
from audit.search import Criteria

_TASK = "audit.tasks.make_delivery"
# A look opens the log for a minute (audit.committed_event); a longer reading looks again.
_LOOK_SECONDS = 20
_STATES = Delivery.State


class DeliveryRefused(Exception):
    """A step that cannot be done; the message is a plain sentence, `field` the form's field that it is about."""

    def __init__(self, why: str, at: str = "") -> None:
        super().__init__(why)
        self.field = at


class LogMoved(Exception):
    """The second reading found other events than the first: one committed late, or a month was dropped. It is made anew."""


def may_ask(user: Any) -> bool:
    """Whether `user` may ask for a delivery of the log."""
    return bool(getattr(user, "is_active", False)) and getattr(user, "role", "") in ENTITLED


def may_see(user: Any) -> bool:
    """Whether `user` sees deliveries: their own, or as operations how far the jobs are."""
    return bool(getattr(user, "is_active", False)) and getattr(user, "role", "") in ENTITLED | {OPERATIONS}


def clock(delivery: Delivery, *, now: datetime) -> clocks.Clock:
    return clocks.run("Delivery", begun=delivery.asked_at, due=delivery.due_at, done=delivery.made_at, verb="Delivered", now=now)


def ask(*, user: Any, aor: str, since: datetime, until: datetime, of_user: str, certificate: bytes, now: datetime) -> Delivery:
    """Ask for the log of a period, for oneself alone.

    Args:
        user: who asks, and who alone will be able to decrypt.
        aor: code of an area, or empty for all.
        since, until: the period, its end excluded; what lies after `now` is not delivered.
        of_user: the user name whose events are wanted, or empty for everybody's.
        certificate: the requester's X.509 certificate, PEM or DER.
        now: starts the clock.

    Raises:
        DeliveryRefused: not entitled, no period, no fit certificate, or one of theirs is still being made; on record.
    """
    if not may_ask(user):
        refuse("Only the agency's appointer and OPR auditors ask for the log.")
    until = min(until, now)
    if since >= until:
        refuse("The period must begin before it ends, and before now.", at="since")
    try:
        fit = envelopes.read_certificate(certificate, least_bits=settings.AUDIT_DELIVERY_LEAST_KEY_BITS, now=now)
    except envelopes.CertificateNotFit as error:
        refuse(str(error), at="certificate")
    delivery, print_ = uuid4(), envelopes.fingerprint(fit)
    criteria = Criteria(user=of_user, aor=aor, since=since, until=until).facts()
    try:
        with transaction.atomic():
            asked = record(Kind.DELIVERY_ASKED, delivery=delivery, criteria=criteria, fingerprint=print_).id
            made = Delivery.objects.create(
                pk=delivery, asked=asked, requester=user, aor=aor, since=since, until=until, is_of_one_user=bool(of_user),
                certificate=envelopes.to_text(fit), fingerprint=print_, asked_at=now, stirred_at=now,
                due_at=now + timedelta(hours=settings.AUDIT_DELIVERY_HOURS))
    except IntegrityError:
        refuse("A delivery of yours is still being made. Wait until it is ready.")
    jobs.wake(_TASK, made)
    return made


def make(*, delivery: UUID, now: datetime) -> None:
    """A worker's part: read, encrypt, and lay the ciphertext into the storage. Does nothing where another worker is at it."""
    if not jobs.claim(Delivery.objects.all(), delivery, now=now):
        return
    row = Delivery.objects.select_related("requester").get(pk=delivery)
    if not may_ask(row.requester):
        _fail(row, "account")
        return
    # What was not sealed in time, or moved between two readings, is left to the scheduler's next round.
    with (context.acting(context.actor_of(row.requester) or context.SYSTEM),
          contextlib.suppress(bundles.NotYetSealed, LogMoved)):
        _make(_Job(row, now))


def resume(*, now: datetime) -> int:
    """Make what no worker took, and what a worker left; give up after three attempts. Returns how many were taken up."""
    return jobs.resume(Delivery.objects.all(), make=lambda delivery, now: make(delivery=delivery, now=now), fail=_fail, now=now)


def watch(*, now: datetime) -> int:
    """Remind operations of deliveries that are not made when each share of their time is gone, and raise the alarm for those that
    are overdue, each hour until they are made. Returns how many letters are new."""
    owed = 0
    waiting = Delivery.objects.filter(made_at=None)
    for one in waiting:
        for percent in settings.AUDIT_DELIVERY_REMINDER_PERCENT:
            if now >= one.asked_at + (one.due_at - one.asked_at) * percent / 100:
                with transaction.atomic():
                    owed += letters.owe(LetterKind.DUE, to=people.operations(), about=f"{one.pk} {percent} %", now=now)
    overdue = waiting.filter(due_at__lte=now)
    if overdue:
        named = [f"{one}: {one.get_state_display().lower()}, due at {one.due_at:%Y-%m-%d %H:%M} UTC" for one in overdue]
        text = ("These deliveries of the audit log are overdue. Operations staff see their state under Deliveries, and start "
                "again what failed:\n\n" + "\n".join(named))
        alarms.raise_alarm(alarms.DELIVERY_OVERDUE, text, now=now)
    return owed


def restart(*, delivery: Delivery, user: Any, now: datetime) -> None:
    """Let a failed job be done again: by its requester, or by operations, who read nothing of it.

    Raises:
        DeliveryRefused: it did not fail, or it is not theirs; on record.
    """
    if not Delivery.objects.visible_to(user).filter(pk=delivery.pk).exists():
        refuse("This delivery is not yours.", delivery=delivery.pk)
    try:
        with transaction.atomic():
            failed = Delivery.objects.filter(pk=delivery.pk, state=_STATES.FAILED).update(
                state=_STATES.WAITING, attempts=0, progress=0, stirred_at=now)
            if failed:
                record(Kind.DELIVERY_RESTARTED, delivery=delivery.pk)
    except IntegrityError:
        refuse("Another delivery of this person is still being made.", delivery=delivery.pk)
    if not failed:
        refuse("Only a delivery that failed is started again.", delivery=delivery.pk)
    jobs.wake(_TASK, delivery)


def download(*, delivery: Delivery, user: Any, now: datetime) -> File:
    """The ciphertext, for its requester alone; each download is recorded before a byte leaves.

    Raises:
        DeliveryRefused: not theirs, not ready, or its life is over; on record.
    """
    _only_requester(delivery, user)
    if delivery.state != _STATES.READY or delivery.expires_at is None or delivery.expires_at <= now:
        refuse("There is no file to download: it is not ready, or it was erased.", delivery=delivery.pk)
    content = default_storage.open(delivery.path)
    try:
        record_durably(Kind.DELIVERY_DOWNLOADED, delivery=delivery.pk, digest=delivery.digest)
    except BaseException:
        content.close()
        raise
    return content


def receive(*, delivery: Delivery, digest: str, user: Any, now: datetime) -> None:
    """Record the receipt with the checksum that the receiver computed of the file they hold.

    Raises:
        DeliveryRefused: not theirs, nothing was made, it was recorded before, or the checksum is another; on record.
    """
    _only_requester(delivery, user)
    seen = re.sub(r"[\s:]", "", digest).lower()
    if not re.fullmatch(r"[0-9a-f]{64}", seen):
        refuse("A SHA-256 checksum has 64 digits from 0 to 9 and a to f.", at="digest", delivery=delivery.pk)
    if not delivery.digest:
        refuse("Nothing was delivered yet.", delivery=delivery.pk)
    if seen != delivery.digest:
        refuse("This is not the checksum of the file that was made: it was damaged or replaced. Download it again.",
               at="digest", delivery=delivery.pk, seen=seen)
    with transaction.atomic():
        is_first = Delivery.objects.filter(pk=delivery.pk, received_at=None).update(received_at=now)
        if is_first:
            record(Kind.DELIVERY_RECEIVED, delivery=delivery.pk, digest=seen)
    if not is_first:
        refuse("The receipt is on record already.", delivery=delivery.pk)


def erase_ended(*, now: datetime) -> int:
    """Erase the files whose life is over; the rows stay. Returns how many."""
    ended = list(Delivery.objects.filter(state=_STATES.READY, expires_at__lte=now))
    for one in ended:
        default_storage.delete(one.path)
        with transaction.atomic():
            record(Kind.DELIVERY_ERASED, delivery=one.pk, digest=one.digest)
            Delivery.objects.filter(pk=one.pk).update(state=_STATES.ENDED)
    return len(ended)


def refuse(why: str, *, at: str = "", **about: Any) -> NoReturn:
    """Record a refusal and raise it.

    Raises:
        DeliveryRefused: always.
    """
    record_durably(Kind.DELIVERY_REFUSED, why=why, **about)
    raise DeliveryRefused(why, at)


def _only_requester(delivery: Delivery, user: Any) -> None:
    if not may_ask(user) or delivery.requester_id != user.pk:
        refuse("A delivery opens for the person who asked for it alone.", delivery=delivery.pk)


@dataclass(frozen=True)
class _Job:
    """A delivery being made since `began_at`, which was `begun` by the machine's clock."""

    row: Delivery
    began_at: datetime
    begun: float = field(default_factory=time.monotonic)

    def now(self) -> datetime:
        return self.began_at + timedelta(seconds=time.monotonic() - self.begun)


def _make(job: _Job) -> None:
    row = job.row
    count, digest = 0, hashlib.sha256()
    for event in _found(job):
        count += 1
        digest.update(event.leaf)
    made = record_durably(Kind.DELIVERY_MADE, search=row.asked, count=count, digest=digest.hexdigest()).id
    begun, making = bundles.rows("SELECT at, id, xact, kind, nonce, payload FROM audit.proof_of_bundle(%s::uuid)", [made])
    bundles.wait_for_seal(made, settings.AUDIT_SEAL_WAIT_SECONDS)
    again = _same(_found(job, is_writing=True), digest.digest())
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "delivery.zip"
        envelopes.write(bundles.lines(chain([begun], again, [making])), to=row.certificate, file=file)
        with file.open("rb") as opened:
            checksum = hashlib.file_digest(opened, "sha256").hexdigest()
            opened.seek(0)
            default_storage.delete(row.path)
            default_storage.save(row.path, File(opened))
        size = file.stat().st_size
    ready_at = job.now()
    with transaction.atomic():
        record(Kind.DELIVERY_READY, delivery=row.pk, search=row.asked, digest=checksum, size=size)
        Delivery.objects.filter(pk=row.pk).update(
            state=_STATES.READY, progress=count, digest=checksum, size=size, made_at=ready_at,
            expires_at=ready_at + timedelta(days=settings.AUDIT_DELIVERY_LIFE_DAYS))
        letters.owe(LetterKind.READY, to=[row.requester], about=row.pk, now=ready_at)


def _found(job: _Job, *, is_writing: bool = False) -> Iterator[bundles.Event]:
    """Every event asked for, newest first, through looks that are on record; each page is a sign of life."""
    row = job.row
    last: bundles.Event | None = None
    looked, number, count = float("-inf"), 0, 0
    look: UUID | None = None
    while True:
        if look is None or time.monotonic() - looked > _LOOK_SECONDS:
            looked, number = time.monotonic(), number + 1
            look = record_durably(Kind.DELIVERY_READ, search=row.asked, delivery=row.pk, page=number).id
        page = bundles.rows("SELECT at, id, xact, kind, nonce, payload"
                            " FROM audit.delivery_page(%s::uuid, %s::timestamptz, %s::uuid, %s::integer)",
                            [look, last and last.at, last and last.id, bundles.STEP])
        yield from page
        count += len(page)
        Delivery.objects.filter(pk=row.pk).update(stirred_at=job.now(), progress=count if is_writing else 0)
        if len(page) < bundles.STEP:
            return
        last = page[-1]


def _same(events: Iterator[bundles.Event], wanted: bytes) -> Iterator[bundles.Event]:
    digest = hashlib.sha256()
    for event in events:
        digest.update(event.leaf)
        yield event
    if digest.digest() != wanted:
        raise LogMoved("the log was read twice and was not the same")


def _fail(row: Delivery, why: str) -> None:
    with transaction.atomic():
        failed = record(Kind.DELIVERY_FAILED, delivery=row.pk, search=row.asked, why=why)
        Delivery.objects.filter(pk=row.pk).update(state=_STATES.FAILED)
        letters.owe(LetterKind.DUE, to=people.operations(), about=f"{row.pk} {failed.id}", now=failed.at)
