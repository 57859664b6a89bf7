"""The one form into which every format is brought before a read is checked and stored (DAT-1, DAT-3)."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from lpr.photos import Kind


class RecordNotReadable(ValueError):
    """One record cannot be brought into the native form; the message names the field in plain words, not the plate."""

    @property
    def reason(self) -> str:
        return str(self)


class PayloadNotReadable(ValueError):
    """The whole payload or file cannot be taken apart into records; the message is a plain sentence."""

    @property
    def reason(self) -> str:
        return str(self)


@dataclass(frozen=True, slots=True)
class SentPhoto:
    """A photo as sent: its content, not yet checked, or its address in the operator's own photo store."""

    kind: Kind
    content: bytes | None = None
    url: str | None = None
    cut: bool = False


@dataclass(frozen=True, slots=True)
class NativeRead:
    """A plate seen by a camera, with well-formed fields; plate and state are still as sent.

    `latitude` and `longitude` are degrees in WGS 84, `captured_at` is in UTC, `confidence` is from 0 to 100. What the
    source left out is an empty text or None.
    """

    source_record_id: str
    plate: str
    state: str
    captured_at: datetime
    latitude: float
    longitude: float
    make: str = ""
    model: str = ""
    camera: str = ""
    address: str = ""
    intersection: str = ""
    confidence: int | None = None
    photos: tuple[SentPhoto, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """A record that was set aside: its place in the payload counted from 0, why, and what was sent."""

    index: int
    reason: str
    raw: object


Outcome = NativeRead | Refused


def each(records: Iterable[object], build: Callable[[object], NativeRead]) -> Iterator[Outcome]:
    """Build a native read of every record; one that cannot be read becomes a `Refused` and the rest goes on (DAT-3)."""
    for index, record in enumerate(records):
        try:
            yield build(record)
        except RecordNotReadable as refusal:
            yield Refused(index, refusal.reason, record)
