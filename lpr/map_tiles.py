"""Map tiles of the operator's choice, through a cache of our own: the tile server never learns who looks where (RES-2).

Only the two configured templates are ever called, with three whole numbers put into them. A tile is kept on disk, so that it is
asked for once; what comes back must be a picture.
"""

import contextlib
import io
import os
import tempfile
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from PIL import Image

LAYERS = {"street": "MAP_STREET_TILES", "satellite": "MAP_SATELLITE_TILES"}
DEEPEST = 16
MOST_BYTES = 2 * 1024 * 1024
KEPT_SECONDS = 30 * 24 * 60 * 60
TIME_LIMIT = 5
_TYPES = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}


class NoSuchTile(Exception):
    """The layer is not configured, or there is no such square of the map."""


class TileNotFetched(Exception):
    """The tile server did not answer with a picture in time."""


@dataclass(frozen=True)
class Tile:
    content: bytes
    content_type: str


def tile(*, layer: str, zoom: int, row: int, column: int) -> Tile:
    """A tile, from our own disk where it was fetched in the last month.

    Args:
        layer: `street` or `satellite`.
        zoom: 0 to 16.
        row: y, from the north; below 2 to the power of zoom.
        column: x, from the west; below 2 to the power of zoom.

    Raises:
        NoSuchTile: see above.
        TileNotFetched: see above; a tile that is too old is given rather than none.
    """
    template = getattr(settings, LAYERS.get(layer, ""), "")
    if not template or not 0 <= zoom <= DEEPEST or not (0 <= row < 2**zoom and 0 <= column < 2**zoom):
        raise NoSuchTile
    path = Path(settings.MAP_TILE_CACHE) / layer / str(zoom) / str(row) / str(column)
    kept = _kept(path)
    if kept is not None and path.stat().st_mtime > time.time() - KEPT_SECONDS:
        return kept
    try:
        fetched = _picture(_fetch(template.replace("{z}", str(zoom)).replace("{y}", str(row)).replace("{x}", str(column))))
    except TileNotFetched:
        if kept is not None:
            return kept
        raise
    _keep(path, fetched.content)
    return fetched


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """The configured server is the only one that is ever called."""

    def redirect_request(self, *args: object, **kwargs: object) -> None:
        return None


def _fetch(address: str) -> bytes:
    if urlsplit(address).scheme not in {"http", "https"}:
        raise TileNotFetched("the template is no http address")
    request = urllib.request.Request(address, headers={"User-Agent": "PlateLedger"})  # noqa: S310 - scheme asked above
    try:
        with urllib.request.build_opener(_NoRedirect).open(request, timeout=TIME_LIMIT) as answer:
            content: bytes = answer.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise TileNotFetched(type(error).__name__) from error
    return content


def _picture(content: bytes) -> Tile:
    if len(content) > MOST_BYTES:
        raise TileNotFetched("the answer is too large")
    try:
        with Image.open(io.BytesIO(content), formats=list(_TYPES)) as picture:
            picture.verify()
            return Tile(content, _TYPES[picture.format or ""])
    except Exception as error:  # decoders raise anything on what is no picture
        raise TileNotFetched("the answer is no picture") from error


def _kept(path: Path) -> Tile | None:
    try:
        return _picture(path.read_bytes())
    except (OSError, TileNotFetched):
        return None


def _keep(path: Path, content: bytes) -> None:
    """Whole or not at all; a full disk only means that it is fetched again."""
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as draft:
            draft.write(content)
        os.replace(draft.name, path)
