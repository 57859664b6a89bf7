"""Sources, and reads made through the loader: nothing else may write into the store."""

import hashlib
import io
import itertools
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import cache
from typing import Any
from uuid import UUID

import pytest
from PIL import Image, ImageDraw

from lpr import admission, deliveries
from lpr.formats.native_read import NativeRead, SentPhoto
from lpr.models import Jurisdiction, Source, SourceAuthority

COLUMBUS = (39.9612, -82.9988)


@cache
def jpeg(kind: str, text: str = "", size: tuple[int, int] | None = None) -> bytes:
    """A small real picture; another text makes another picture."""
    size = size or {"plate": (120, 60), "vehicle": (320, 240)}[kind]
    picture = Image.new("RGB", size, (200, 205, 210) if kind == "plate" else (70, 90, 80))
    ImageDraw.Draw(picture).text((10, 10), f"{kind} {text}", fill=(20, 20, 60))
    file = io.BytesIO()
    picture.save(file, "JPEG")
    return file.getvalue()


def two_photos(text: str = "") -> tuple[SentPhoto, SentPhoto]:
    return SentPhoto("plate", content=jpeg("plate", text)), SentPhoto("vehicle", content=jpeg("vehicle", text))


@pytest.fixture
def make_source(database: None) -> Callable[..., Source]:
    """`make_source(name, states=("OH", ...), **fields)`: a source with authority to collect in these states."""

    def make(name: str, states: tuple[str, ...] = ("OH", "MT", "WA", "CA", "NY"), **fields: Any) -> Source:
        source = Source.objects.create(
            name=name, **{"label": f"{name.title()} camera", "kind": "toll_road"} | fields)
        for state in states:
            law, _ = Jurisdiction.objects.get_or_create(
                state=state, defaults={"citation": f"{state} Code 1-1", "valid_from": date(2000, 1, 1)})
            SourceAuthority.objects.create(source=source, jurisdiction=law, valid_from=date(2000, 1, 1))
        return source

    return make


@pytest.fixture
def source(make_source: Callable[..., Source]) -> Source:
    """A toll road camera that may collect in several states."""
    return make_source("test-toll", label="Ohio toll road camera")


@pytest.fixture
def native_read() -> Callable[..., NativeRead]:
    """`native_read(**fields)`: a read that is whole, with two photos, each time another record."""
    numbers = itertools.count(1)

    def make(**fields: Any) -> NativeRead:
        whole: dict[str, Any] = {
            "source_record_id": f"record-{next(numbers)}", "plate": "XYZ1234", "state": "OH",
            "captured_at": datetime.now(UTC), "latitude": COLUMBUS[0], "longitude": COLUMBUS[1], "make": "Ford",
            "model": "F-150", "camera": "Gate 4", "confidence": 97, "photos": two_photos()}
        return NativeRead(**whole | fields)

    return make


@pytest.fixture
def load_read(source: Source, native_read: Callable[..., NativeRead]) -> Callable[..., UUID]:
    """`load_read(**fields) -> record id`: one read through the real loader. Fields are those of NativeRead; `source`, and
    `now` as the time of receipt, may be given as well.
    """
    default = source

    def load(*, source: Source = default, now: datetime | None = None, **fields: Any) -> UUID:
        read = native_read(**fields)
        delivered = deliveries.take_in(source=source, sent=[read], now=now or datetime.now(UTC),
                                       body_digest=hashlib.sha256(read.source_record_id.encode()).hexdigest())
        assert not delivered.refused, delivered.refused[0].reason
        return admission.record_id(source.pk, read.source_record_id)

    return load
