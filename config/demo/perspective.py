"""One pinhole camera for the demo's drawings: meters on the road become pixels, flat pictures are laid on faces."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from PIL import Image, ImageDraw

SIZE = (640, 400)
FINE = 2  # drawn at twice the size and scaled down, for smooth edges

Space = tuple[float, float, float]
Flat = tuple[float, float]
Color = tuple[int, int, int]


def rgb(text: str) -> Color:
    """The color of a `#rrggbb` text."""
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


def shade(color: Color, factor: float) -> Color:
    """The color lightened (above 1) or darkened (below 1)."""
    red, green, blue = (max(0, min(255, round(part * factor))) for part in color)
    return red, green, blue


def mix(one: Color, other: Color, share: float) -> Color:
    """The first color with a share (0 to 1) of the other."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


@dataclass(frozen=True)
class View:
    """A camera `height` meters over the road, looking along it: x to the right, y away, z up, all in meters.

    `across` is the camera's own x; `center` is the pixel column where the road vanishes.
    """

    height: float = 1.9
    focal: float = 700.0
    horizon: float = 118.0
    center: float = 320.0
    across: float = 0.0

    def at(self, point: Space) -> Flat:
        x, y, z = point
        y = max(y, 0.4)
        return FINE * (self.center + self.focal * (x - self.across) / y), FINE * (
            self.horizon + self.focal * (self.height - z) / y
        )

    def all(self, points: Sequence[Space]) -> list[Flat]:
        return [self.at(point) for point in points]


class Canvas:
    """A picture at twice its size, with polygons given in the meters of its view."""

    def __init__(self, view: View, image: Image.Image) -> None:
        self.view = view
        self.image = image

    @cached_property
    def draw(self) -> ImageDraw.ImageDraw:
        return ImageDraw.Draw(self.image)

    def face(self, points: Sequence[Space], color: Color, edge: Color | None = None) -> None:
        self.draw.polygon(self.view.all(points), fill=color, outline=edge, width=2)

    def upright(self, left: float, right: float, y: float, bottom: float, top: float, color: Color) -> None:
        """A rectangle that faces the camera."""
        self.face(((left, y, bottom), (right, y, bottom), (right, y, top), (left, y, top)), color)

    def ground(self, left: float, right: float, near: float, far: float, color: Color, z: float = 0.0) -> None:
        self.face(((left, near, z), (right, near, z), (right, far, z), (left, far, z)), color)

    def wall(self, x: float, near: float, far: float, bottom: float, top: float, color: Color) -> None:
        """A rectangle along the road."""
        self.face(((x, near, bottom), (x, far, bottom), (x, far, top), (x, near, top)), color)

    def lay(self, picture: Image.Image, corners: Sequence[Space]) -> None:
        """Lay a picture on the four corners (top left, top right, bottom right, bottom left)."""
        flat = self.view.all(corners)
        left, top = int(min(x for x, _ in flat)), int(min(y for _, y in flat))
        size = (int(max(x for x, _ in flat)) - left + 2, int(max(y for _, y in flat)) - top + 2)
        inner = [(x - left, y - top) for x, y in flat]
        laid = warp(picture, inner, size)
        mask = Image.new("L", size)
        ImageDraw.Draw(mask).polygon(inner, fill=255)
        self.image.paste(laid, (left, top), mask)

    def done(self) -> Image.Image:
        return self.image.reduce(FINE)


def blank(color: Color) -> Image.Image:
    """An empty picture at the drawing size."""
    return Image.new("RGB", (SIZE[0] * FINE, SIZE[1] * FINE), color)


def warp(
    picture: Image.Image, corners: Sequence[Flat], size: tuple[int, int], fill: Color | None = None
) -> Image.Image:
    """A new picture of this size with the old one drawn into four corners (from top left, clockwise)."""
    width, height = picture.size
    sources = ((0, 0), (width, 0), (width, height), (0, height))
    rows: list[list[float]] = []
    for (x, y), (u, v) in zip(corners, sources, strict=True):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y, u])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y, v])
    return picture.transform(size, Image.Transform.PERSPECTIVE, _solved(rows), Image.Resampling.BICUBIC, fillcolor=fill)


def _solved(rows: list[list[float]]) -> list[float]:
    """Gauss and Jordan: the unknowns of eight equations, each row with its right side last."""
    count = len(rows)
    for column in range(count):
        pivot = max(range(column, count), key=lambda r: abs(rows[r][column]))
        rows[column], rows[pivot] = rows[pivot], rows[column]
        lead = rows[column][column]
        rows[column] = [value / lead for value in rows[column]]
        for other in range(count):
            if other != column and rows[other][column]:
                factor = rows[other][column]
                rows[other] = [a - factor * b for a, b in zip(rows[other], rows[column], strict=True)]
    return [row[-1] for row in rows]
