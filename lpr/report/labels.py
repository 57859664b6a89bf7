"""Where the names of streets stand on a map: along their street, upright, and never one over the other."""

import math
from collections.abc import Iterable, Iterator, Sequence

import shapely
import shapely.ops

from lpr.report.canvas import HEIGHT, WIDTH, Point

_SHARES = (0.5, 0.32, 0.68, 0.18, 0.82)
_MOST_BEND = 5.0  # units that a street may leave the straight line of its name
_LETTER = 0.56  # width of a letter, as a share of the size of the type
_SHEET = shapely.box(12, 12, WIDTH - 12, HEIGHT - 12)


class Labels:
    """Places for names, given first come first served; what is taken stays taken."""

    def __init__(self, taken: Iterable[tuple[Point, float]] = ()) -> None:
        """Begin with circles (middle and radius) that no name may touch."""
        self._circles = list(taken)

    def along(self, lines: Sequence[Sequence[Point]], words: str, *, size: float) -> tuple[Point, float] | None:
        """Where the name of a street fits: the middle of its base line, and the angle in degrees; None when nowhere."""
        width = len(words) * size * _LETTER
        for line in _runs(lines):
            if line.length < width:
                continue
            for share in _SHARES:
                if (found := self._at(line, share * line.length, width, size)) is not None:
                    return found
        return None

    def at(self, place: Point, words: str, *, size: float) -> bool:
        """Whether a level name fits with its middle at a place; if so, the place is taken."""
        half = len(words) * size * _LETTER / 2
        start, end = (place[0] - half, place[1]), (place[0] + half, place[1])
        return _SHEET.contains(shapely.LineString([start, end])) and self._take(start, end, size)

    def beside(self, lines: Sequence[Sequence[Point]], words: str, *, size: float) -> Point | None:
        """Where a level name fits to the right or left of a street, or above or below it: the middle of its base line."""
        half, runs = len(words) * size * _LETTER / 2, _runs(lines)
        if not runs:
            return None
        middle = runs[0].interpolate(0.5, normalized=True)
        for across, down in ((half + size, 0.35), (-half - size, 0.35), (0, -1.2), (0, 1.9)):
            place = middle.x + across, middle.y + down * size
            if self.at(place, words, size=size):
                return place
        return None

    def _at(self, line: shapely.LineString, middle: float, width: float, size: float) -> tuple[Point, float] | None:
        if middle < width / 2 or middle > line.length - width / 2:
            return None
        first, last = (line.interpolate(middle + half) for half in (-width / 2, width / 2))
        start, end = sorted([(first.x, first.y), (last.x, last.y)])
        stretch = shapely.ops.substring(line, middle - width / 2, middle + width / 2)
        if shapely.hausdorff_distance(stretch, shapely.LineString([start, end])) > _MOST_BEND:
            return None
        if not self._take(start, end, size):
            return None
        angle = math.atan2(end[1] - start[1], end[0] - start[0])
        sink = size * 0.35  # the base line lies below the middle of the street
        place = ((start[0] + end[0]) / 2 - math.sin(angle) * sink, (start[1] + end[1]) / 2 + math.cos(angle) * sink)
        return place, math.degrees(angle)

    def _take(self, start: Point, end: Point, size: float) -> bool:
        radius = size * 0.7
        circles = [(point, radius) for point in _beads(start, end, radius)]
        if any(math.dist(mine, other) < radius + reach for mine, _ in circles for other, reach in self._circles):
            return False
        self._circles.extend(circles)
        return True


def _runs(lines: Sequence[Sequence[Point]]) -> list[shapely.LineString]:
    """The pieces of one street joined and cut at the sheet's edge, the longest first."""
    pieces = [shapely.LineString(line) for line in lines if len(line) > 1]
    joined = shapely.line_merge(shapely.union_all(pieces)).intersection(_SHEET)
    parts = getattr(joined, "geoms", [joined])
    return sorted((part for part in parts if part.geom_type == "LineString"), key=lambda part: -part.length)


def _beads(start: Point, end: Point, step: float) -> Iterator[Point]:
    """Points from start to end, no farther apart than a step."""
    count = max(1, math.ceil(math.dist(start, end) / step))
    for i in range(count + 1):
        yield start[0] + (end[0] - start[0]) * i / count, start[1] + (end[1] - start[1]) * i / count
