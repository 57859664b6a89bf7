"""Photos of reads: checked by content, freed of everything that is not picture, cut, named (RES-1).

A source is trusted to see plates, not to send harmless files. What is stored was decoded to its end, is a JPEG, and
holds no EXIF, comment or appended data. A baseline JPEG keeps its own picture data, so that evidence is not
compressed twice.
"""

import io
import math
import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from PIL import Image, ImageOps

Kind = Literal["plate", "vehicle"]

MOST_PIXELS = 25_000_000
MOST_BYTES = 20 * 1024 * 1024
MARGIN = 0.15
"""Share of the box's width and height that a cut plate photo shows on each side."""

_MOST_SCANS = 100  # a progressive JPEG can ask for thousands of passes over the picture: a bomb that is small in pixels
_JPEG, _PNG = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"
_TOO_MANY_PIXELS = f"The photo has more than {MOST_PIXELS // 1_000_000} megapixels."
_QUALITY = 90
_FAR_OUTSIDE = 1_000_000  # pixels; NaN and infinity are not below it either
_JFIF_WITHOUT_THUMBNAIL = 16
_END_OF_PICTURE_DATA = re.compile(rb"\xff[^\x00\xd0-\xd7]")  # the first marker that is neither stuffing nor restart
_ORIENTATION = re.compile(rb"\x01\x12\x00\x03|\x12\x01\x03\x00|:Orientation")  # EXIF in both byte orders, and XMP

# Process-wide, so that Pillow itself stops at our limit before it reserves memory. The size is also asked below,
# because a test runner or a library may have changed the filters of warnings.
Image.MAX_IMAGE_PIXELS = MOST_PIXELS
warnings.filterwarnings("error", category=Image.DecompressionBombWarning)


class PhotoNotUsable(ValueError):
    """The photo cannot be stored as evidence of a read; the message is a plain sentence."""


@dataclass(frozen=True, slots=True)
class Photo:
    """A checked photo: JPEG without metadata, its size in pixels, and whether it was cut from another photo."""

    kind: Kind
    jpeg: bytes
    width: int
    height: int
    cut: bool = False


def check(content: bytes, *, kind: Kind, minimum: tuple[int, int]) -> Photo:
    """Prove that the content is one whole JPEG or PNG picture of enough resolution and free it of all metadata (RES-1).

    Args:
        content: the file as sent; its name and declared type are not asked.
        minimum: least width and height in pixels.

    Raises:
        PhotoNotUsable: neither JPEG nor PNG, animated, damaged or cut off, too large, or under the minimum.
    """
    _refuse_by_size(content)
    stripped = _baseline_picture(content)
    if stripped is not None:
        return _checked_as_it_is(stripped, kind=kind, minimum=minimum)
    picture = _decoded(content)
    _refuse_small(picture.size, kind=kind, minimum=minimum)
    return _encoded(picture, kind=kind)


def cut_plate(vehicle: Photo | bytes, box: Sequence[object]) -> Photo:
    """Cut the plate photo, marked as cut, out of the picture of the whole vehicle (RES-1).

    Args:
        vehicle: a checked photo, or a file as sent.
        box: left, top, right and bottom of the plate in pixels of the upright picture.

    Raises:
        PhotoNotUsable: the picture cannot be used, or the box is no area inside it.
    """
    content = vehicle.jpeg if isinstance(vehicle, Photo) else vehicle
    _refuse_by_size(content)
    picture = _decoded(content)
    left, top, right, bottom = _box_inside(box, picture.size)
    across, down = (right - left) * MARGIN, (bottom - top) * MARGIN
    area = (
        max(0, math.floor(left - across)),
        max(0, math.floor(top - down)),
        min(picture.width, math.ceil(right + across)),
        min(picture.height, math.ceil(bottom + down)),
    )
    return _encoded(picture.crop(area), kind="plate", cut=True)


def name(record_id: UUID, kind: Kind) -> str:
    """The storage name of a read's photo; it tells nothing but the record id, and 65,536 folders share the load."""
    text = str(record_id)
    return f"reads/{text[:2]}/{text[2:4]}/{text}-{kind}.jpg"


def _refuse_by_size(content: bytes) -> None:
    if not content:
        raise PhotoNotUsable("The photo is empty.")
    if len(content) > MOST_BYTES:
        raise PhotoNotUsable(f"The photo file is larger than {MOST_BYTES // 1024**2} MB.")
    if not content.startswith((_JPEG, _PNG)):
        raise PhotoNotUsable("The photo is neither a JPEG nor a PNG picture.")
    if content.startswith(_JPEG) and content.count(b"\xff\xda") > _MOST_SCANS:
        raise PhotoNotUsable("The photo is stored in too many layers.")


def _refuse_small(size: tuple[int, int], *, kind: Kind, minimum: tuple[int, int]) -> None:
    if size[0] < minimum[0] or size[1] < minimum[1]:
        raise PhotoNotUsable(
            f"The {kind} photo has {size[0]} by {size[1]} pixels; at least {minimum[0]} by {minimum[1]} are needed."
        )


def _opened(content: bytes) -> Image.Image:
    try:
        picture = Image.open(io.BytesIO(content), formats=("JPEG", "PNG"))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PhotoNotUsable(_TOO_MANY_PIXELS) from error
    except Exception as error:  # decoders raise anything on hostile files
        raise PhotoNotUsable("The photo is damaged and cannot be opened.") from error
    if picture.width * picture.height > MOST_PIXELS:
        raise PhotoNotUsable(_TOO_MANY_PIXELS)
    return picture


def _decoded(content: bytes) -> Image.Image:
    """The upright picture in RGB or gray, decoded to its end."""
    picture = _opened(content)
    if picture.format == "PNG" and getattr(picture, "is_animated", False):
        raise PhotoNotUsable("The photo is animated; one still picture is needed.")
    try:
        picture.load()
        upright = _turned(picture)
        return upright if upright.mode in {"RGB", "L"} else _flattened(upright)
    except Exception as error:  # as above
        raise PhotoNotUsable("The photo is damaged or cut off.") from error


def _turned(picture: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(picture)
    except Exception:  # noqa: BLE001 - EXIF that cannot be read says nothing about which way is up
        return picture


def _flattened(picture: Image.Image) -> Image.Image:
    """Transparent pixels become white, as a viewer shows them; hidden colors under them must not come to light."""
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    layered = picture.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", layered.size, "white"), layered).convert("RGB")


def _encoded(picture: Image.Image, *, kind: Kind, cut: bool = False) -> Photo:
    # Pixels alone: EXIF, ICC profile and comments travel in `info`, which the encoder would take over.
    bare = Image.new(picture.mode, picture.size)
    bare.paste(picture)
    file = io.BytesIO()
    bare.save(file, "JPEG", quality=_QUALITY)
    return Photo(kind=kind, jpeg=file.getvalue(), width=bare.width, height=bare.height, cut=cut)


def _checked_as_it_is(jpeg: bytes, *, kind: Kind, minimum: tuple[int, int]) -> Photo:
    picture = _opened(jpeg)
    size = picture.size
    _refuse_small(size, kind=kind, minimum=minimum)
    try:
        # Every coded bit is still read, which proves the picture whole; an eighth of the size spares the rest of the
        # work.
        picture.draft(picture.mode, (max(1, size[0] // 8), max(1, size[1] // 8)))
        picture.load()
    except Exception as error:  # as above
        raise PhotoNotUsable("The photo is damaged or cut off.") from error
    return Photo(kind=kind, jpeg=jpeg, width=size[0], height=size[1])


def _box_inside(box: Sequence[object], size: tuple[int, int]) -> tuple[float, float, float, float]:
    numbers = [edge for edge in box if isinstance(edge, int | float) and not isinstance(edge, bool)]
    edges = [edge for edge in numbers if abs(edge) < _FAR_OUTSIDE]
    if len(edges) != 4 or len(box) != 4:
        raise PhotoNotUsable("The plate's box needs four numbers.")
    left, top, right, bottom = max(0, edges[0]), max(0, edges[1]), min(size[0], edges[2]), min(size[1], edges[3])
    if right - left < 1 or bottom - top < 1:
        raise PhotoNotUsable("The plate's box is not inside the photo.")
    return left, top, right, bottom


def _baseline_picture(content: bytes) -> bytes | None:
    """The same baseline JPEG without its metadata segments, or None where only decoding and encoding again is safe.

    None as well for a picture that EXIF turns, for other than 1 or 3 components of 8 bits, and for anything after the
    end.
    """
    kept, at = [b"\xff\xd8"], 2
    while content[at : at + 1] == b"\xff" and at + 4 <= len(content):
        marker, length = content[at + 1], int.from_bytes(content[at + 2 : at + 4])
        segment = content[at : at + 2 + length]
        at += 2 + length
        if marker == 0xDA:
            kept.append(segment)
            end = _END_OF_PICTURE_DATA.search(content, at)
            whole = end is not None and end.group() == b"\xff\xd9" and end.end() == len(content)
            return b"".join([*kept, content[at:]]) if whole else None
        if marker in {0xDB, 0xC4, 0xDD} or _is_plain_header(marker, segment):
            kept.append(segment)
        elif not _is_droppable(marker, segment):
            return None
    return None


def _is_plain_header(marker: int, segment: bytes) -> bool:
    """Baseline frame of gray or color in 8 bits, JFIF without a thumbnail, or Adobe's note on how color is coded."""
    if marker in {0xC0, 0xC1}:
        return len(segment) > 9 and segment[4] == 8 and segment[9] in {1, 3}
    if marker == 0xE0:
        return len(segment) == _JFIF_WITHOUT_THUMBNAIL + 2 and segment[4:9] == b"JFIF\0"
    return marker == 0xEE and len(segment) == 14 and segment[4:9] == b"Adobe"


def _is_droppable(marker: int, segment: bytes) -> bool:
    """Metadata whose loss changes nothing one sees: not EXIF that turns the picture, not several pictures in one."""
    if marker == 0xE1:
        return _ORIENTATION.search(segment) is None
    return marker == 0xFE or (0xE3 <= marker <= 0xEF and marker != 0xEE)
