"""Our own format: `{"reads": [...]}` or one read object, as the interface describes it (DAT-1)."""

from collections.abc import Mapping
from functools import partial

from lpr.formats import fields
from lpr.formats.native_read import NativeRead, Outcome, PayloadNotReadable, RecordNotReadable, SentPhoto, each
from lpr.formats.photo_folder import PhotoFolder
from lpr.photos import Kind

_MOST_PHOTOS = 10
_KINDS: dict[str, Kind] = {"plate": "plate", "vehicle": "vehicle"}


def read(payload: object, *, folder: PhotoFolder | None = None) -> list[Outcome]:
    """The reads of a payload, each well-formed or refused.

    Args:
        payload: parsed JSON, an object with a list `reads`, or one read.
        folder: where photos named by file lie; without it, such photos are refused.

    Raises:
        PayloadNotReadable: `reads` is not a list.
    """
    records: object = [payload]
    if isinstance(payload, Mapping) and "reads" in payload:
        records = payload["reads"]
    if not isinstance(records, list):
        raise PayloadNotReadable("reads: must be a list.")
    return list(each(records, partial(one, folder=folder)))


def one(raw: object, *, folder: PhotoFolder | None = None) -> NativeRead:
    """One read object.

    Raises:
        RecordNotReadable: a field is missing or not well-formed.
    """
    record = fields.record(raw)
    return NativeRead(
        source_record_id=fields.identifier(record.get("source_record_id"), "source_record_id"),
        plate=fields.required_text(record.get("plate"), "plate", longest=fields.LONGEST_PLATE),
        state=fields.text(record.get("state"), "state"),
        captured_at=fields.moment(record.get("captured_at"), "captured_at"),
        latitude=fields.degrees(record.get("latitude"), "latitude", limit=90),
        longitude=fields.degrees(record.get("longitude"), "longitude", limit=180),
        make=fields.text(record.get("make"), "make"),
        model=fields.text(record.get("model"), "model"),
        camera=fields.text(record.get("camera"), "camera"),
        address=fields.text(record.get("address"), "address"),
        intersection=fields.text(record.get("intersection"), "intersection"),
        confidence=fields.confidence(record.get("confidence"), "confidence"),
        photos=(*listed_photos(record, folder), *named_photos(record, folder)),
    )


def named_photos(record: Mapping[str, object], folder: PhotoFolder | None) -> tuple[SentPhoto, ...]:
    """The photos that `plate_photo` and `vehicle_photo` name by file in the folder or by address."""
    named = ((kind, f"{kind}_photo") for kind in _KINDS.values())
    return tuple(_by_name(kind, record[field], field, folder) for kind, field in named if record.get(field))


def listed_photos(record: Mapping[str, object], folder: PhotoFolder | None = None) -> tuple[SentPhoto, ...]:
    """The photos in the record's list `photos`.

    Raises:
        RecordNotReadable: it is no list of photos.
    """
    value = record.get("photos")
    if value is None:
        return ()
    if not isinstance(value, list):
        raise RecordNotReadable("photos: must be a list.")
    if len(value) > _MOST_PHOTOS:
        raise RecordNotReadable(f"photos: more than {_MOST_PHOTOS}.")
    return tuple(_photo(item, f"photos: photo {number}", folder) for number, item in enumerate(value, start=1))


def _photo(value: object, field: str, folder: PhotoFolder | None) -> SentPhoto:
    photo = fields.part(value, field)
    kind = _KINDS.get(str(photo.get("kind")))
    if kind is None:
        raise RecordNotReadable(f"{field}: kind must be plate or vehicle.")
    if photo.get("jpeg") is not None:
        return SentPhoto(kind, content=fields.picture(photo["jpeg"], field))
    if photo.get("url") is not None:
        return SentPhoto(kind, url=fields.url(photo["url"], field))
    if photo.get("file") is not None:
        return _by_name(kind, photo["file"], field, folder)
    raise RecordNotReadable(f"{field}: has neither jpeg nor url.")


def _by_name(kind: Kind, value: object, field: str, folder: PhotoFolder | None) -> SentPhoto:
    name = fields.required_text(value, field, longest=fields.LONGEST_URL)
    if name.startswith(("http://", "https://")):
        return SentPhoto(kind, url=fields.url(name, field))
    if folder is None:
        raise RecordNotReadable(f"{field}: names a file, but no photo folder was given.")
    return SentPhoto(kind, content=folder.read(name, field))
