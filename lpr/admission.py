"""Whether a read may be stored: plate, state, time, authority, photos (DAT-2, DAT-3, RES-1). One bad read never harms another.

Every reason names the field in plain words and does not repeat the plate, because it is answered to the source and logged.
"""

import contextlib
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from django.conf import settings

from lpr import photo_store, photos, plates, states
from lpr.formats.native_read import NativeRead, SentPhoto
from lpr.geography import Atlas, Surroundings
from lpr.loading import PreparedRead
from lpr.models import Source, SourceAuthority
from lpr.photos import Kind, Photo
from lpr.wordbook import Place

RECORDS = UUID("6f1a4c1e-6d0c-5d8e-9a53-0f7c4a0b6a11")
"""The namespace of record ids; it never changes, or every record would be new again."""

MOST_AHEAD = timedelta(minutes=10)
KINDS: tuple[Kind, Kind] = ("plate", "vehicle")
DIGEST_BYTES = 16


class NotAdmitted(ValueError):
    """The read is set aside; the message is the reason, a plain sentence."""


class NotAuthorized(NotAdmitted):
    """The law, or its own authority, did not let the source collect where and when the read was made (DAT-2)."""


class Authority(NamedTuple):
    """From when until when (inclusive) a source may collect in a state; an open end is None."""

    valid_from: date
    valid_until: date | None

    def covers(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_until is None or day <= self.valid_until)


Authorities = Mapping[str, tuple[tuple[Authority, Authority], ...]]
"""By state: the law's validity and the source's own authority."""


@dataclass(frozen=True)
class Conditions:
    """What the reads of one delivery are checked against."""

    source: Source
    authorities: Authorities
    atlas: Atlas
    now: datetime

    @property
    def earliest(self) -> datetime:
        return self.now - timedelta(days=self.source.retention_days)


def authorities_of(source: Source, *, using: str) -> Authorities:
    """By state, the law's validity and the source's own authority; a day must lie in both (DAT-2)."""
    found: dict[str, tuple[tuple[Authority, Authority], ...]] = {}
    for authority in SourceAuthority.objects.using(using).filter(source=source).select_related("jurisdiction"):
        law = authority.jurisdiction
        pair = Authority(law.valid_from, law.valid_until), Authority(authority.valid_from, authority.valid_until)
        found[law.state] = (*found.get(law.state, ()), pair)
    return found


def record_id(source_id: int, source_record_id: str) -> UUID:
    """The id of a record: the same for the same record of the same source, whenever and however it is sent (DAT-3)."""
    return uuid5(RECORDS, f"{source_id}:{source_record_id}")


def admit(sent: NativeRead, conditions: Conditions) -> PreparedRead:
    """Check all of a read but its photos, and fill in what its source left out (DAT-6).

    Raises:
        NotAdmitted: with the reason.
    """
    plate, state = _plate_and_state(sent)
    _check_time(sent.captured_at, conditions)
    latitude_e6, longitude_e6 = round(sent.latitude * 1_000_000), round(sent.longitude * 1_000_000)
    around = conditions.atlas.around(latitude_e6, longitude_e6)
    check_authority(sent.captured_at, around, conditions.authorities)
    return PreparedRead(
        record_id=record_id(conditions.source.pk, sent.source_record_id),
        digest=_digest(sent, plate, state, latitude_e6, longitude_e6),
        plate=plate, state=state, captured_at=sent.captured_at, latitude_e6=latitude_e6, longitude_e6=longitude_e6,
        camera=sent.camera, make=sent.make, model=sent.model, place=_place(sent, around),
        confidence=-1 if sent.confidence is None else sent.confidence, plate_photo_cut=False)


def pictures(sent: NativeRead, source: Source) -> tuple[Photo, Photo]:
    """The checked photos of plate and vehicle; asks no database, so that several can be checked at once (RES-1).

    Raises:
        NotAdmitted: one of the two is missing or not good enough.
    """
    plate, vehicle = (_photo_of_kind(kind, [photo for photo in sent.photos if photo.kind == kind], source)
                      for kind in KINDS)
    return plate, vehicle


def usable(kind: Kind, sent: Sequence[SentPhoto], source: Source) -> Iterator[Photo]:
    """The photos of one kind that are good enough, checked one after the other as they are asked for."""
    for photo in sent:
        if photo.kind == kind:
            with contextlib.suppress(photos.PhotoNotUsable, photo_store.PhotoNotFetched, NotAdmitted):
                yield _checked(photo, source)


def _plate_and_state(sent: NativeRead) -> tuple[str, str]:
    try:
        plate = plates.fold(sent.plate)
    except plates.PlateNotValid as error:
        raise NotAdmitted(f"plate: {error}") from error
    try:
        return plate, states.parse_or_unknown(sent.state)
    except states.StateNotListed as error:
        raise NotAdmitted(f"state: {error}") from error


def _check_time(captured_at: datetime, conditions: Conditions) -> None:
    if captured_at > conditions.now + MOST_AHEAD:
        raise NotAdmitted("captured_at: lies in the future.")
    if captured_at < conditions.earliest:
        raise NotAdmitted(f"captured_at: older than the {conditions.source.retention_days} days that reads of this "
                          "source are kept.")


def check_authority(captured_at: datetime, around: Surroundings, authorities: Authorities) -> None:
    """Whether law and source allow to collect there on that day (DAT-2).

    Raises:
        NotAdmitted: the place lies in no state, or the source has no authority there.
    """
    if around.state is None:
        raise NotAdmitted("Not authorized: the place lies in no state.")
    day = captured_at.astimezone(ZoneInfo(around.zone)).date()
    pairs = authorities.get(around.state, ())
    if not any(law.covers(day) and own.covers(day) for law, own in pairs):
        raise NotAuthorized(f"Not authorized: the source has no authority to collect in {around.state} on {day}.")


def _place(sent: NativeRead, around: Surroundings) -> Place:
    return Place(
        state=around.state or "", zone=around.zone, address=(sent.address or around.address)[:200],
        intersection=(sent.intersection or around.intersection)[:200],
        address_is_approximate=around.address_is_approximate and not sent.address)


def _photo_of_kind(kind: Kind, sent: list[SentPhoto], source: Source) -> Photo:
    """The first photo of a kind that is good enough; the reason of the last one where none is."""
    reason = f"photos: the {kind} photo is missing; two are needed, of the plate and of the vehicle."
    for photo in sent:
        try:
            return _checked(photo, source)
        except (photos.PhotoNotUsable, photo_store.PhotoNotFetched, NotAdmitted) as error:
            reason = f"photos: the {kind} photo cannot be used. {error}"
    raise NotAdmitted(reason)


def _checked(photo: SentPhoto, source: Source) -> Photo:
    if photo.cut and not settings.CUT_PLATE_PHOTO_COUNTS:
        raise NotAdmitted("A plate photo that was cut out of the other photo does not count.")
    content = photo.content
    if content is None:
        content = photo_store.fetch(photo.url or "", source_name=source.name)
    checked = photos.check(content, kind=photo.kind, minimum=settings.PHOTO_MIN_SIZES[photo.kind])
    if checked.width * checked.height > settings.PHOTO_MAX_PIXELS:
        raise NotAdmitted(f"The photo has more than {settings.PHOTO_MAX_PIXELS // 1_000_000} megapixels.")
    return Photo(checked.kind, checked.jpeg, checked.width, checked.height, cut=photo.cut)


def _digest(sent: NativeRead, plate: str, state: str, latitude_e6: int, longitude_e6: int) -> bytes:
    """Tells whether a record that comes again is the same (DAT-3): over what was sent, not over what was filled in.

    A cut plate photo is left out: it follows from the other, and another version of the encoder would change its bytes.
    """
    told = [plate, state, sent.captured_at.isoformat(), str(latitude_e6), str(longitude_e6), sent.make, sent.model,
            sent.camera, sent.address, sent.intersection, str(sent.confidence)]
    for photo in sent.photos:
        content = b"" if photo.cut else photo.content or b""
        told += [photo.kind, photo.url or "", hashlib.sha256(content).hexdigest()]
    return hashlib.sha256("\x1f".join(told).encode("utf-8", "surrogatepass")).digest()[:DIGEST_BYTES]
