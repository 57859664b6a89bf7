"""The view from above, where the operator configured a satellite layer (RES-3): tiles by our own cache, street names over them.

The tile server learns that somebody of the service looked, and not who. One that does not answer must not hold up a report, so
after the first tile that fails, or when the time for pictures is over, the report goes on without it.
"""

import base64
import io
import math
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from django.conf import settings
from PIL import Image

from lpr import map_tiles
from lpr.models import Street
from lpr.report import drawn_streets
from lpr.report.canvas import MIDDLE, WIDTH, Canvas, Frame
from lpr.report.labels import Labels
from lpr.report.maps import View

METERS = 880
"""Meters from edge to edge: at the deepest zoom a tile's pixel is then about one on the sheet."""

SECONDS = 6.0
"""How long the pictures of one report may take in all."""

AT_ONCE = 6
_FARTHEST = 85  # degrees north and south; beyond, there are no tiles

Square = tuple[int, int]
"""Row and column of a tile."""


@dataclass
class Satellite:
    """The satellite layer during one report; `is_there` turns False for good when it fails."""

    is_there: bool = field(default_factory=lambda: bool(settings.MAP_SATELLITE_TILES))
    until: float = field(default_factory=lambda: time.monotonic() + SECONDS)

    def view(self, *, latitude: float, longitude: float) -> View | None:
        """The place from above, or None where no layer is configured or it does not answer.

        Args:
            latitude, longitude: degrees north and east.
        """
        if not self.is_there or abs(latitude) > _FARTHEST:
            return None
        frame = Frame(latitude, longitude, METERS / WIDTH)
        try:
            tiles = self._tiles(list(_squares(frame)))
        except (map_tiles.NoSuchTile, map_tiles.TileNotFetched):
            self.is_there = False
            return None
        canvas = Canvas()
        for square, picture in tiles:
            x, y, right, bottom = _corners(frame, square)
            # A hair wider, so that no seam shows between two tiles.
            canvas.picture(picture, x=x, y=y, width=right - x + 0.3, height=bottom - y + 0.3)
        rows = drawn_streets.rows(frame, Street.objects.filter(kind="street").exclude(name=""))
        labels = Labels([*drawn_streets.around(MIDDLE), *drawn_streets.LEGEND])
        drawn_streets.name(canvas, labels, rows, sizes=(11, 11.5, 12, 13, 13.5), light=True)
        canvas.marker()
        canvas.scale(frame.meters_per_unit)
        credits = {settings.MAP_ATTRIBUTION, *(row.credit for row in rows)} - {""}
        return View("Satellite view", f"Satellite picture, {METERS} meters wide, north up, with a marker on the place of capture "
                    "and the names of streets.", canvas.svg(), frozenset(credits))

    def _tiles(self, squares: list[Square]) -> list[tuple[Square, str]]:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(zip(squares, pool.map(self._tile, squares), strict=True))

    def _tile(self, square: Square) -> str:
        if time.monotonic() > self.until:
            raise map_tiles.TileNotFetched("the time for pictures is over")
        row, column = square
        tile = map_tiles.tile(layer="satellite", zoom=map_tiles.DEEPEST, row=row, column=column)
        return _data_url(tile)


def _data_url(tile: map_tiles.Tile) -> str:
    content, content_type = tile.content, tile.content_type
    if content_type not in {"image/jpeg", "image/png"}:
        with Image.open(io.BytesIO(content)) as picture:
            file = io.BytesIO()
            picture.convert("RGB").save(file, "JPEG", quality=88)
        content, content_type = file.getvalue(), "image/jpeg"
    return f"data:{content_type};base64,{base64.b64encode(content).decode()}"


def _squares(frame: Frame) -> Iterator[Square]:
    west, south, east, north = frame.box
    top, left = _square_at(north, west)
    bottom, right = _square_at(south, east)
    last = 2**map_tiles.DEEPEST - 1
    for row in range(max(0, top), min(last, bottom) + 1):
        for column in range(max(0, left), min(last, right) + 1):
            yield row, column


def _square_at(latitude: float, longitude: float) -> Square:
    count = 2**map_tiles.DEEPEST
    up = math.asinh(math.tan(math.radians(latitude))) / math.pi
    return math.floor((1 - up) / 2 * count), math.floor((longitude + 180) / 360 * count)


def _corners(frame: Frame, square: Square) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of a tile on the sheet."""
    count, (row, column) = 2**map_tiles.DEEPEST, square
    edges = [(column + across, math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * (row + down) / count)))))
             for across, down in ((0, 0), (1, 1))]
    (left, top), (right, bottom) = frame.places([(column / count * 360 - 180, latitude) for column, latitude in edges])
    return left, top, right, bottom
