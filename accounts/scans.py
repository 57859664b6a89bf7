"""Scans of request forms: checked by content, kept where no web server looks (ACC-5).

Pictures are decoded to their end and written anew, which drops EXIF and whatever was hidden behind them. A PDF is never
opened here: it must begin and end as one, carry nothing that runs, and leaves the house only as a download.
"""

import io
import uuid
import warnings
from dataclasses import dataclass

from django.core.files.base import ContentFile
from django.core.files.storage import Storage, storages
from PIL import Image, UnidentifiedImageError

MOST_BYTES = 10 * 1024 * 1024
MOST_PIXELS = 25_000_000
TOO_MANY_PIXELS = "The picture has more than 25 megapixels."
TYPES = {"pdf": "application/pdf", "png": "image/png", "jpg": "image/jpeg"}
_RUNS = (b"/JavaScript", b"/JS ", b"/JS(", b"/Launch", b"/EmbeddedFile", b"/RichMedia", b"/XFA")
_TRAILER_WITHIN = 1024


class ScanNotUsable(Exception):
    """The file is not kept; the message says why in a plain sentence."""


@dataclass(frozen=True)
class Scan:
    """A checked file; `kind` is a key of TYPES."""

    kind: str
    content: bytes


def storage() -> Storage:
    return storages["request_forms"]


def check(content: bytes) -> Scan:
    """Prove that the content is a PDF, PNG or JPEG and make it safe to keep; its name and declared type are not asked.

    Raises:
        ScanNotUsable: another type, too large, damaged, or a PDF with something in it that runs.
    """
    if len(content) > MOST_BYTES:
        raise ScanNotUsable("The file is larger than 10 MB.")
    if content.startswith(b"%PDF-"):
        return _checked_pdf(content)
    return _checked_picture(content)


def _checked_pdf(content: bytes) -> Scan:
    if b"%%EOF" not in content[-_TRAILER_WITHIN:]:
        raise ScanNotUsable("The PDF is cut off. Scan the form again.")
    if any(word in content for word in _RUNS):
        raise ScanNotUsable("The PDF holds scripts or other files. Send a plain scan.")
    return Scan("pdf", content)


def _checked_picture(content: bytes) -> Scan:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            picture = Image.open(io.BytesIO(content), formats=("PNG", "JPEG"))
            if picture.width * picture.height > MOST_PIXELS:
                raise ScanNotUsable(TOO_MANY_PIXELS)
            if getattr(picture, "is_animated", False):
                raise ScanNotUsable("The picture moves. Send a plain scan.")
            kind = "png" if picture.format == "PNG" else "jpg"
            return Scan(kind, _written_anew(picture, kind))
    except UnidentifiedImageError as error:
        raise ScanNotUsable("The file is not a PDF, PNG or JPEG.") from error
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise ScanNotUsable(TOO_MANY_PIXELS) from error
    except (OSError, SyntaxError, ValueError, Warning) as error:
        raise ScanNotUsable("The picture is damaged. Scan the form again.") from error


def _written_anew(picture: Image.Image, kind: str) -> bytes:
    picture.load()
    pixels = picture.convert("L" if picture.mode in {"1", "L"} else "RGB")
    pixels.info.clear()
    written = io.BytesIO()
    if kind == "png":
        pixels.save(written, "PNG")
    else:
        pixels.save(written, "JPEG", quality=90)
    return written.getvalue()


def keep(scan: Scan) -> str:
    """Store it under a made-up name and return that."""
    return storage().save(f"{uuid.uuid4()}.{scan.kind}", ContentFile(scan.content))


def read(name: str) -> bytes:
    with storage().open(name) as file:
        return file.read()


def drop(name: str) -> None:
    if name:
        storage().delete(name)


def type_of(name: str) -> str:
    return TYPES[name.rpartition(".")[2]]
