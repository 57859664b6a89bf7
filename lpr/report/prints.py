"""Photographs for paper: as they are stored, or smaller where paper shows no more (RES-1, RES-3)."""

import base64
import hashlib
import io
from dataclasses import dataclass
from uuid import UUID

from django.core.files.storage import default_storage
from PIL import Image

from lpr import photos

FINEST = (1200, 900)
"""Pixels that a photograph on the page can show: about 300 to the inch."""

_QUALITY = 85


@dataclass(frozen=True)
class Print:
    """A photograph on paper. `digest` is of the photo in the store, whole; `size` is its width and height in pixels."""

    jpeg: bytes
    size: tuple[int, int]
    shown_size: tuple[int, int]
    digest: str

    @property
    def data_url(self) -> str:
        return f"data:image/jpeg;base64,{base64.b64encode(self.jpeg).decode()}"

    @property
    def svg(self) -> str:
        """The photograph in the one form in which all pictures go to the page."""
        width, height = self.shown_size
        return (f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
                f' viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
                f'<image width="{width}" height="{height}" xlink:href="{self.data_url}"/></svg>')


def of(record_id: UUID, kind: photos.Kind) -> Print | None:
    """The photo of a read, ready for paper; None when the store does not have it or cannot open it."""
    try:
        with default_storage.open(photos.name(record_id, kind)) as file:
            stored = file.read()
        with Image.open(io.BytesIO(stored), formats=["JPEG"]) as picture:
            size = picture.size
            jpeg, shown_size = (stored, size) if size[0] <= FINEST[0] and size[1] <= FINEST[1] else _smaller(picture)
    except OSError:
        return None
    return Print(jpeg, size, shown_size, hashlib.sha256(stored).hexdigest())


def _smaller(picture: Image.Image) -> tuple[bytes, tuple[int, int]]:
    picture.draft(picture.mode, FINEST)
    picture.thumbnail(FINEST)
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=_QUALITY)
    return file.getvalue(), picture.size
