"""A map's sheet: degrees become places on it, and what is drawn becomes one SVG that needs nothing from anywhere.

The same SVG stands in the print view and in the PDF, so it keeps to what both draw alike: paths, text, no style sheet.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

from audit.signs import legible

WIDTH, HEIGHT = 480, 356
FONTS = "'Public Sans', 'Source Sans 3', 'Helvetica Neue', Arial, sans-serif"
METERS_OF_A_DEGREE = 111_195.0
METERS_OF_A_FOOT = 0.3048
METERS_OF_A_MILE = 1609.344
_FINEST = 0.8  # units: points closer than this are drawn as one

Point = tuple[float, float]
MIDDLE: Point = (WIDTH / 2, HEIGHT / 2)
Degrees = Sequence[Sequence[float]]
"""Pairs of longitude and latitude."""


@dataclass(frozen=True)
class Frame:
    """The part of the earth that a sheet shows: a place in its middle, and how many meters one unit is."""

    latitude: float
    longitude: float
    meters_per_unit: float

    @property
    def _units_per_degree(self) -> Point:
        north = METERS_OF_A_DEGREE / self.meters_per_unit
        return north * max(0.01, math.cos(math.radians(self.latitude))), north

    @property
    def box(self) -> tuple[float, float, float, float]:
        """West, south, east and north in degrees."""
        across, up = self._units_per_degree
        return (self.longitude - WIDTH / 2 / across, self.latitude - HEIGHT / 2 / up,
                self.longitude + WIDTH / 2 / across, self.latitude + HEIGHT / 2 / up)

    def places(self, line: Degrees) -> list[Point]:
        """Where the points of a line in degrees lie on the sheet; an area of a few hundred kilometers is taken as flat."""
        across, up = self._units_per_degree
        west, north = self.longitude - WIDTH / 2 / across, self.latitude + HEIGHT / 2 / up
        return [((x - west) * across, (north - y) * up) for x, y in line]

    def thinned(self, line: Degrees) -> list[Point]:
        """The same without the points that nobody can tell from the one before; first and last stay."""
        points = self.places(line)
        kept = points[:1]
        for point in points[1:-1]:
            if abs(point[0] - kept[-1][0]) + abs(point[1] - kept[-1][1]) >= _FINEST:
                kept.append(point)
        return [*kept, *points[1:][-1:]]


@dataclass
class Canvas:
    """An SVG in the making. What is named may be any text: it is escaped here and nowhere else."""

    parts: list[str] = field(default_factory=list)

    def fill_all(self, color: str) -> None:
        self.parts.append(f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{color}"/>')

    def areas(self, rings: Iterable[Sequence[Point]], *, fill: str, edge: str, width: float = 0.8) -> None:
        if data := "".join(f"{_path(ring)}Z" for ring in rings):
            self.parts.append(f'<path d="{data}" fill="{fill}" fill-rule="evenodd" stroke="{edge}" stroke-width="{width}"/>')

    def lines(self, lines: Iterable[Sequence[Point]], *, color: str, width: float, dash: str = "") -> None:
        self.stroke(self.path(lines), color=color, width=width, dash=dash)

    def path(self, lines: Iterable[Sequence[Point]]) -> str:
        """Lines as one path, which may be stroked more than once."""
        return "".join(map(_path, lines))

    def stroke(self, path: str, *, color: str, width: float, dash: str = "") -> None:
        if path:
            dashes = f' stroke-dasharray="{dash}"' if dash else ""
            self.parts.append(f'<path d="{path}" fill="none" stroke="{color}" stroke-width="{width:.2f}"'
                              f' stroke-linecap="round" stroke-linejoin="round"{dashes}/>')

    def text(
        self, words: str, at: Point, *, size: float, color: str = "#1b1b1b", angle: float = 0, anchor: str = "middle",
        weight: int = 400, halo: str = "#ffffff", spacing: float = 0,
    ) -> None:
        turn = f' transform="rotate({angle:.1f} {at[0]:.1f} {at[1]:.1f})"' if angle else ""
        spread = f' letter-spacing="{spacing}"' if spacing else ""
        shared = (f'x="{at[0]:.1f}" y="{at[1]:.1f}" font-size="{size}" font-weight="{weight}" text-anchor="{anchor}"'
                  f"{spread}{turn}")
        said = escape(legible(words))
        # The halo is a text of its own below: not every program draws the outline first.
        if halo:
            self.parts.append(f'<text {shared} fill="{halo}" stroke="{halo}" stroke-width="3" stroke-linejoin="round">{said}'
                              f"</text>")
        self.parts.append(f'<text {shared} fill="{color}">{said}</text>')

    def picture(self, data_url: str, *, x: float, y: float, width: float, height: float) -> None:
        self.parts.append(f'<image x="{x:.2f}" y="{y:.2f}" width="{width:.2f}" height="{height:.2f}"'
                          f' preserveAspectRatio="none" xlink:href={quoteattr(data_url)}/>')

    def marker(self, at: Point = MIDDLE) -> None:
        """A pin whose tip stands on the place; dark enough for a black and white printer."""
        x, y = round(at[0], 1), round(at[1], 1)
        self.parts.append(
            f'<ellipse cx="{x}" cy="{y}" rx="7" ry="2.6" fill="#000000" fill-opacity="0.35"/>'
            f'<path d="M{x} {y}C{x - 4} {y - 15} {x - 15} {y - 20} {x - 15} {y - 32}A15 15 0 0 1 {x + 15} {y - 32}'
            f'C{x + 15} {y - 20} {x + 4} {y - 15} {x} {y}Z" fill="#a51c1c" stroke="#ffffff" stroke-width="2.2"/>'
            f'<circle cx="{x}" cy="{y - 32}" r="5.4" fill="#ffffff"/>')

    def scale(self, meters_per_unit: float) -> None:
        """Two bars, in feet or miles and in meters or kilometers, and an arrow to the north."""
        top, bottom = _scale_bars(meters_per_unit)
        self.parts.append(f'<rect x="8" y="{HEIGHT - 50}" width="{max(top[1], bottom[1]) + 66:.1f}" height="42" rx="3"'
                          f' fill="#ffffff" fill-opacity="0.88"/>')
        for (words, length), y, tick in ((top, HEIGHT - 32, -7), (bottom, HEIGHT - 25, 7)):
            self.parts.append(f'<path d="M16 {y + tick}V{y}H{16 + length:.1f}V{y + tick}" fill="none" stroke="#1b1b1b"'
                              f' stroke-width="1.6"/>')
            self.text(words, (22 + length, y + (0 if tick < 0 else 10)), size=13, anchor="start", halo="")
        x, y = WIDTH - 26, 34
        self.parts.append(f'<circle cx="{x}" cy="{y}" r="19" fill="#ffffff" fill-opacity="0.88"/>'
                          f'<path d="M{x} {y - 15}L{x + 6} {y + 1}H{x - 6}Z" fill="#1b1b1b"/>')
        self.text("N", (x, y + 14), size=14, weight=700, halo="")

    def svg(self) -> str:
        body = "".join(self.parts)
        return (f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
                f' viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" font-family={quoteattr(FONTS)}>'
                f'<clipPath id="sheet"><rect width="{WIDTH}" height="{HEIGHT}"/></clipPath><g clip-path="url(#sheet)">{body}</g>'
                f'<rect x="0.75" y="0.75" width="{WIDTH - 1.5}" height="{HEIGHT - 1.5}" fill="none" stroke="#5c5c5c"'
                f' stroke-width="1.5"/></svg>')


def _path(line: Sequence[Point]) -> str:
    return "M" + "L".join([f"{x:.1f} {y:.1f}" for x, y in line])


def _scale_bars(meters_per_unit: float) -> tuple[tuple[str, float], tuple[str, float]]:
    """Words and length of a bar in each measure: the longest round number that fits into a quarter of the width."""
    longest = WIDTH / 4 * meters_per_unit
    if longest >= METERS_OF_A_MILE:
        miles = _round_below(longest / METERS_OF_A_MILE)
        imperial = f"{miles:g} mi", miles * METERS_OF_A_MILE
    else:
        feet = _round_below(longest / METERS_OF_A_FOOT)
        imperial = f"{feet:g} ft", feet * METERS_OF_A_FOOT
    meters = _round_below(longest)
    metric = f"{meters / 1000:g} km" if meters >= 1000 else f"{meters:g} m", meters
    return (imperial[0], imperial[1] / meters_per_unit), (metric[0], metric[1] / meters_per_unit)


def _round_below(number: float) -> float:
    power = 10 ** math.floor(math.log10(number))
    return next(step * power for step in (5, 2, 1) if step * power <= number)
