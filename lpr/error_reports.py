"""Reports that a read is wrong, from filing to resolution (RES-4), and who hears of it (BEY-7).

A report keeps no plate: it names the event by which the read was reported, and every look at that read is an event of its own
that opens it (decision 7). Data-quality staff learn neither who asked nor why.
"""

import contextlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Protocol
from uuid import UUID, uuid4, uuid5
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.forms import BaseForm

from accounts.models import User
from audit.events import Kind
from audit.record import record, record_durably
from lpr import admission, geography, loading, photos, recall, search
from lpr.models import CorrectionNotice, ErrorKind, ErrorReport, ReportStatus, Source
from lpr.models.source import SourceKind
from lpr.read_tokens import Shown

SEEN_AT_ONCE = 100


class ReadNotShown(Exception):
    """The read cannot be opened any more: corrected, withdrawn, past its retention, or never shown to this user."""


class AlreadyReported(Exception):
    """This user has reported the read, and the report is still open."""


class AlreadyResolved(Exception):
    """The report was resolved meanwhile, or the read was corrected or withdrawn through another one."""


class ResolutionFailed(Exception):
    """The store did not take the resolution; nothing was changed."""


@dataclass(frozen=True)
class CorrectedPlace:
    """Where a read was captured after all, with what lies there."""

    latitude_e6: int
    longitude_e6: int
    state: str
    zone: str
    address: str
    intersection: str
    address_is_approximate: bool


class Outcome(NamedTuple):
    """Of a read that was wrong: `corrected` or `withdrawn`, and whether its plate and state were right all the same."""

    resolution: str
    plate_stays: bool


class ShownRead(Protocol):
    """What a report needs of a read: a read of a result and a hit have it alike."""

    @property
    def record_id(self) -> UUID: ...
    @property
    def plate(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def captured_at(self) -> datetime: ...


@dataclass(frozen=True)
class ReportedRead:
    """A reported read as it was shown. `marked` is empty, `corrected` or `withdrawn`."""

    reported: UUID
    source_id: int
    record_id: UUID
    plate: str
    state: str
    captured_at: datetime
    stored_at: datetime
    make: str
    model: str
    source: str
    source_kind: str
    camera: str
    place_state: str
    zone: str
    address: str
    confidence: int | None
    marked: str | None
    latitude_e6: int
    longitude_e6: int
    retention_days: int

    @property
    def latitude(self) -> float:
        return self.latitude_e6 / 1e6

    @property
    def longitude(self) -> float:
        return self.longitude_e6 / 1e6

    @property
    def captured_there(self) -> datetime:
        return self.captured_at.astimezone(ZoneInfo(self.zone))

    @property
    def source_kind_in_words(self) -> str:
        return SourceKind(self.source_kind).label


@dataclass(frozen=True)
class Correction:
    """What the photographs show, folded as in the store, and when and where they were taken; an empty state was not readable.

    Time and place are None where they were right.
    """

    plate: str
    state: str
    make: str
    model: str
    captured_at: datetime | None = None
    place: CorrectedPlace | None = None


def place_at(*, read: ReportedRead, latitude_e6: int, longitude_e6: int, captured_at: datetime) -> CorrectedPlace:
    """The place of a correction, with address, crossing and zone as a loading fills them in (DAT-6).

    Args:
        read: the wrong read, of whose source it is asked whether it may collect there.
        latitude_e6, longitude_e6: in millionths of a degree.
        captured_at: when the read was captured after all.

    Raises:
        lpr.admission.NotAdmitted: the source has no authority there at that time (DAT-2).
    """
    around = geography.atlas().around(latitude_e6, longitude_e6)
    source = Source.objects.get(pk=read.source_id)
    admission.check_authority(captured_at, around, admission.authorities_of(source, using="default"))
    return CorrectedPlace(
        latitude_e6=latitude_e6, longitude_e6=longitude_e6, state=around.state or "", zone=around.zone,
        address=around.address[:200], intersection=around.intersection[:200],
        address_is_approximate=around.address_is_approximate)


def shown_read(*, shown: Shown, user: User) -> ShownRead:
    """The read that a token stands for, opened for its holder once more; the look is recorded first.

    Args:
        shown: what the token stands for.
        user: who holds it.

    Raises:
        ReadNotShown: it is not there for this user any more.
        lpr.search.QueryFailed: the store did not answer.
    """
    if shown.hit:
        found = next((hit for matcher in loading.matchers if (hit := matcher.hit_of(shown.hit, user))), None)
        if found is None:
            raise ReadNotShown
        return found
    if shown.query is None:
        raise ReadNotShown
    try:
        opened = recall.opened(query=shown.query, user=user, purpose="read", reads=[shown.record_id])
    except recall.QueryNotFound as refusal:
        raise ReadNotShown from refusal
    reads = search.selected(event=opened.event)
    if not reads:
        raise ReadNotShown
    return reads[0]


def report(*, shown: Shown, read: ShownRead, reporter: User, kind: ErrorKind, note: str, now: datetime) -> ErrorReport:
    """Report a read as wrong; data-quality staff find it in their queue (RES-4). Call it outside of any transaction.

    Args:
        shown: what the reporter's token stands for.
        read: the read, as `shown_read` gave it.
        reporter: who reports, and hears of the outcome.
        kind: what is wrong.
        note: what the photographs show, in words.
        now: the moment of reporting.

    Raises:
        AlreadyReported: an open report of this user names the read.
        audit.record.AuditUnavailable: the report cannot be recorded; it is not made.
    """
    number = uuid4()
    try:
        with transaction.atomic(durable=True):
            event = record(
                Kind.READ_REPORTED, plate=read.plate, state=read.state, query=shown.query, hit=shown.hit, report=number,
                read=read.record_id, captured_at=read.captured_at, wrong=kind, note=note)
            made = ErrorReport.objects.create(
                id=number, reported=event.id, record_id=read.record_id, kind=kind, note=note, reporter=reporter, reported_at=now)
    except IntegrityError as error:
        raise AlreadyReported from error
    # The report stands from here on; without an answer of the store its source stays unknown until it is looked at.
    with contextlib.suppress(search.QueryFailed):
        if reads := _reads(event.id):
            made.source = Source.objects.get(pk=reads[0].source_id)
            made.save(update_fields=["source"])
    return made


def sentences(form: BaseForm) -> dict[str, list[str]]:
    """What a form says is wrong, by field, as the record takes it."""
    return {name: [str(said) for said in errors] for name, errors in form.errors.items()}


def refuse(*, entered: Mapping[str, Any], errors: Mapping[str, list[str]], shown: Shown) -> None:
    """Record a report that was not made, with what was entered and why (AUD-1)."""
    record_durably(Kind.READ_REPORT_REFUSED, query=shown.query, hit=shown.hit, read=shown.record_id,
                   entered={name: search.sane(value) for name, value in entered.items()}, errors=dict(errors))


def opened(*, report: ErrorReport) -> ReportedRead | None:
    """The read of a report, for data-quality staff; the look is recorded first. None once its retention is over."""
    look = record_durably(Kind.READ_REPORT_VIEWED, report=report.pk, reported=[report.reported])
    return next(iter(_reads(look.id)), None)


def resolve(
    *, report: ErrorReport, read: ReportedRead | None, resolution: ReportStatus, note: str,
    correction: Correction | None = None, now: datetime,
) -> None:
    """Resolve a report: the read is corrected, withdrawn, or stays as it is (RES-4). Call it outside of any transaction.

    A correction is a new read that is matched with the alert lists in its own transaction; the wrong one stays in the store,
    hidden from then on. Every open report of the read is resolved with it, and all who were shown it are told (BEY-7).

    Args:
        report: an open report.
        read: its read, as `opened` gave it; without it a report can only be rejected.
        resolution: `corrected`, `withdrawn` or `rejected`.
        note: why, for reporter and record.
        correction: what the photographs show, for `corrected`.
        now: the moment of resolution.

    Raises:
        AlreadyResolved, ResolutionFailed: nothing was changed.
        audit.record.AuditUnavailable: the resolution cannot be recorded; nothing is changed.
    """
    corrected = None
    if resolution == ReportStatus.CORRECTED and correction is not None:
        record_id = _corrected_id(report)
        _copy_photos(report.record_id, record_id)
        corrected = asdict(correction) | {"record_id": record_id}
    event = record_durably(
        Kind.READ_RESOLVED, plate=read.plate if read else "", state=read.state if read else "", report=report.pk,
        reported=report.reported, resolution=resolution, note=note, corrected=corrected)
    try:
        with transaction.atomic(durable=True):
            _change(report, resolution, event.id)
            _close(report, read, resolution, note, event.id, now, plate_stays=bool(
                read and corrected and (corrected["plate"], corrected["state"]) == (read.plate, read.state)))
    except (IntegrityError, AlreadyResolved) as error:
        refuse_resolution(report=report, errors={"": ["The report was resolved meanwhile."]})
        raise AlreadyResolved from error
    except DatabaseError as error:
        refuse_resolution(report=report, errors={"": [type(error).__name__]})
        raise ResolutionFailed from error
    for matcher in loading.matchers:
        matcher.after_commit()


def refuse_resolution(*, report: ErrorReport, errors: Mapping[str, Sequence[str]]) -> None:
    """Record a resolution that was not made, and why (AUD-1)."""
    record_durably(Kind.READ_RESOLUTION_REFUSED, report=report.pk,
                   errors={field: list(sentences) for field, sentences in errors.items()})


def notices(*, user: User, now: datetime) -> list[tuple[CorrectionNotice, ReportedRead | None]]:
    """What `user` is told of, newest first, each with the read as it was shown; the look is recorded first (BEY-7).

    Args:
        user: the one who is told; the notices count as seen from then on.
        now: the moment of looking.
    """
    told = list(CorrectionNotice.objects.filter(recipient=user).select_related("report")[:SEEN_AT_ONCE])
    look = record_durably(Kind.READ_NOTICES_VIEWED, reported=[notice.report.reported for notice in told])
    reads = {read.reported: read for read in _reads(look.id)} if told else {}
    CorrectionNotice.objects.filter(pk__in=[notice.pk for notice in told], seen_at=None).update(seen_at=now)
    return [(notice, reads.get(notice.report.reported)) for notice in told]


def unseen(*, user: User) -> int:
    """How many notices `user` has not looked at."""
    return CorrectionNotice.objects.filter(recipient=user, seen_at=None).count()


def wrong(records: Collection[UUID]) -> Mapping[UUID, Outcome]:
    """Which of the reads turned out to be wrong, and how: for what was copied from a read (BEY-7)."""
    found: dict[UUID, Outcome] = {}
    later: dict[UUID, UUID] = {}
    for item in ErrorReport.objects.filter(
            record_id__in=records, status__in=[ReportStatus.CORRECTED, ReportStatus.WITHDRAWN]):
        found[item.record_id] = Outcome(item.status, item.plate_stays)
        if item.plate_stays:
            later[_corrected_id(item)] = item.record_id
    if later:
        # The read that took its place may have turned out to be another plate's in its turn.
        found |= {later[record_id]: outcome for record_id, outcome in wrong(later).items() if not outcome.plate_stays}
    return found


def _corrected_id(report: ErrorReport) -> UUID:
    """The record id of the read that a correction by this report makes."""
    return uuid5(report.record_id, report.pk.hex)


def _change(report: ErrorReport, resolution: ReportStatus, event: UUID) -> None:
    """Mark the read and match what takes its place, in the transaction of the resolution (DAT-4)."""
    with connection.cursor() as cursor:
        if resolution == ReportStatus.WITHDRAWN:
            cursor.execute("SELECT store.withdraw_read(%s::uuid)", [event])
        if resolution == ReportStatus.CORRECTED:
            # A statement of its own, for the reason that `lpr.loading` gives.
            cursor.execute("SELECT pg_advisory_xact_lock_shared(%s::bigint)", [loading.MATCHING_LOCK])
            cursor.execute("SELECT store.correct_read(%s::uuid)", [event])
            for matcher in loading.matchers:
                matcher.match_corrected(event)


def _close(
    report: ErrorReport, read: ReportedRead | None, resolution: ReportStatus, note: str, event: UUID, now: datetime, *,
    plate_stays: bool,
) -> None:
    """Resolve the report, with it all others of a read that is gone, and owe each who is concerned a notice."""
    of_read = {"pk": report.pk} if resolution == ReportStatus.REJECTED else {"record_id": report.record_id}
    closed = list(ErrorReport.objects.select_for_update().filter(status=ReportStatus.OPEN, **of_read))
    if report.pk not in {item.pk for item in closed}:
        raise AlreadyResolved
    for item in closed:
        item.status, item.resolution_note, item.resolved_at, item.plate_stays = resolution, note, now, plate_stays
        item.save(update_fields=["status", "resolution_note", "resolved_at", "plate_stays"])
    owed = {item.reporter_id: item for item in closed}
    if read and resolution != ReportStatus.REJECTED:
        owed = dict.fromkeys(_who_saw(read, event), report) | owed
    active = User.objects.filter(pk__in=owed, is_active=True).values_list("pk", flat=True)
    CorrectionNotice.objects.bulk_create(
        [CorrectionNotice(report=owed[person], recipient_id=person, made_at=now) for person in active])


def _who_saw(read: ReportedRead, event: UUID) -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT store.shown_to(%s::uuid)", [event])
        seen = {row[0] for row in cursor.fetchall()}
    return seen.union(*(matcher.told_of(read.plate, read.record_id) for matcher in loading.matchers))


def _reads(event: UUID) -> list[ReportedRead]:
    columns = ", ".join(ReportedRead.__dataclass_fields__)
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {columns} FROM store.reported_reads(%s::uuid)", [event])  # noqa: S608  # nosec B608 - our own names
            return [ReportedRead(*row) for row in cursor.fetchall()]
    except DatabaseError as error:
        raise search.QueryFailed from error


def _copy_photos(old: UUID, new: UUID) -> None:
    """The corrected read's own photos, so that each record's can go when its own time is over."""
    kinds: tuple[photos.Kind, ...] = ("plate", "vehicle")
    for kind in kinds:
        if default_storage.exists(photos.name(old, kind)) and not default_storage.exists(photos.name(new, kind)):
            with default_storage.open(photos.name(old, kind)) as file:
                default_storage.save(photos.name(new, kind), ContentFile(file.read()))


def erase_notes(*, now: datetime) -> int:
    """Erase what was written in reports that were resolved long enough ago: it may name a plate or a case, and nothing of these
    stays outside of the log (RES-4, DAT-7). Returns how many."""
    over = ErrorReport.objects.filter(resolved_at__lte=now - timedelta(days=settings.ERROR_REPORT_NOTE_DAYS))
    return over.exclude(note="", resolution_note="").update(note="", resolution_note="")
