"""Harlow Falls: a fictional town in open country of New York State, for the demo's map and address look-up.

The streets are written down as bends in meters; crossings are computed, so that streets that meet share a vertex, and
each block carries house numbers. The features follow the schema that `load_streets` reads, so the demo proves the
same path as real data (DAT-6).
"""

import gzip
import json
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import combinations, pairwise
from pathlib import Path

from shapely.geometry import LineString, Polygon
from shapely.geometry import Point as Pin
from shapely.ops import unary_union
from shapely.strtree import STRtree

from config.demo import dice
from config.demo.town_plan import PARKS, POND, RIVER, STREETS, Point, Street

NAME = "Harlow Falls"
STATE = "NY"
ZIP = "13999"
CENTER = (42.9, -76.1)

_METERS_PER_DEGREE = 111_195.0
_METERS_PER_DEGREE_EAST = _METERS_PER_DEGREE * math.cos(math.radians(CENTER[0]))
_SNAP = 30.0  # meters within which a street's end is drawn onto the street beside it
_SAME = 12.0  # meters within which two junctions are one
# Out of town no house has an address point, so that its number is counted along the street.
_NOT_SURVEYED = {"Quarry Rd", "Creamery Rd", "Cemetery Rd", "Orchard Rd"}
_WITHOUT_HOUSES = {"motorway", "motorway_link", "service"}


@dataclass(frozen=True)
class Block:
    """One street piece between two crossings, with its number in the count of blocks along the street."""

    street: Street
    number: int
    line: tuple[Point, ...]


@dataclass(frozen=True)
class Spot:
    """A place on a street: degrees, and the heading of the street there in degrees clockwise from north."""

    latitude: float
    longitude: float
    heading: float


# ---- geometry in meters ----


def _smooth(bends: tuple[Point, ...], step: float = 45.0) -> list[Point]:
    """A Catmull-Rom curve through the bends, with a vertex about every `step` meters."""
    padded = (bends[0], *bends, bends[-1])
    line = [bends[0]]
    for p0, p1, p2, p3 in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        count = max(1, round(math.dist(p1, p2) / step))
        for i in range(1, count + 1):
            t = i / count
            x, y = (
                0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t * t + (3 * b - a - 3 * c + d) * t**3)
                for a, b, c, d in zip(p0, p1, p2, p3, strict=True)
            )
            line.append((x, y))
    return line


@cache
def _line(street: Street) -> LineString:
    return LineString(_smooth(street.bends) if street.curved else street.bends)


def _meets(one: Street, other: Street) -> bool:
    return one.level == other.level or 2 in (one.level, other.level)


def _draw_ends(lines: list[LineString]) -> None:
    """Move each street's ends onto the nearest street within reach, so that T-junctions meet."""
    for number, street in enumerate(STREETS):
        if street.kind == "motorway":
            continue
        points = list(lines[number].coords)
        for end in (0, -1):
            tip = Pin(points[end])
            near = [
                other
                for k, other in enumerate(lines)
                if k != number and _meets(street, STREETS[k]) and other.distance(tip) < _SNAP
            ]
            if near:
                nearest = min(near, key=tip.distance)
                points[end] = nearest.interpolate(nearest.project(tip)).coords[0]
        lines[number] = LineString(points)


def _junctions(lines: list[LineString]) -> list[list[Point]]:
    """For each street, the points where it meets others; two meetings within `_SAME` meters are one."""
    known: list[Point] = []
    found: list[list[Point]] = [[] for _ in lines]

    def same(point: Point) -> Point:
        for other in known:
            if math.dist(other, point) < _SAME:
                return other
        known.append(point)
        return point

    for one, two in combinations(range(len(lines)), 2):
        if not _meets(STREETS[one], STREETS[two]):
            continue
        a, b = lines[one], lines[two]
        touching = [tip for tip in (*a.coords[:1], *a.coords[-1:]) if b.distance(Pin(tip)) < _SAME]
        touching += [tip for tip in (*b.coords[:1], *b.coords[-1:]) if a.distance(Pin(tip)) < _SAME]
        touching += [
            part.coords[0]
            for part in getattr(a.intersection(b), "geoms", [a.intersection(b)])
            if part.geom_type == "Point"
        ]
        for point in map(same, touching):
            for number in (one, two):
                if point not in found[number]:
                    found[number].append(point)
    return found


def _cut(street: Street, line: LineString, junctions: list[Point]) -> Iterator[Block]:
    """The street's blocks from junction to junction; loose ends shorter than 25 m are left out."""
    at = sorted((line.project(Pin(point)), point) for point in junctions)
    bends = [(line.project(Pin(bend)), bend) for bend in line.coords]
    vertices = sorted([*at, *(b for b in bends if all(abs(b[0] - j[0]) > _SAME for j in at))])
    meeting = {point for _, point in at}
    piece: list[Point] = []
    number = 0
    for _, vertex in vertices:
        piece.append(vertex)
        if len(piece) > 1 and (vertex in meeting or vertex == vertices[-1][1]):
            if (piece[0] in meeting and vertex in meeting) or LineString(piece).length > 25:
                yield Block(street, number, tuple(piece))
                number += 1
            piece = [vertex]


@cache
def blocks() -> tuple[Block, ...]:
    """Every street piece of the town, in meters, cut where streets meet."""
    lines = [_line(street) for street in STREETS]
    _draw_ends(lines)
    return tuple(
        block
        for street, line, met in zip(STREETS, lines, _junctions(lines), strict=True)
        for block in _cut(street, line, met)
    )


def _river() -> Polygon:
    """The river with its mill pond: circles of each width strung along the middle line, joined."""
    middle = LineString(_smooth(tuple(point for point, _ in RIVER), 60))
    marks = [(middle.project(Pin(point)), width) for point, width in RIVER]
    reaches = []
    for (d0, w0), (d1, w1) in pairwise(marks):
        for i in range(12):
            near, far = (d0 + (d1 - d0) * (i + k) / 12 for k in (0, 1))
            bulge = (1 - math.cos(math.pi * (i + 0.5) / 12)) / 2
            reaches.append(
                LineString([middle.interpolate(near), middle.interpolate(far)]).buffer(w0 + (w1 - w0) * bulge, 6)
            )
    return unary_union(reaches).simplify(2.0)


@cache
def _waters() -> tuple[Polygon, ...]:
    return (_river(), Polygon(POND).buffer(-22).buffer(22, 6))


@cache
def _parks() -> tuple[Polygon, ...]:
    wet = unary_union(_waters())
    return tuple(Polygon(park).difference(wet) for park in PARKS)


def _house(line: LineString, along: float, side: int, size: tuple[float, float, float]) -> Polygon:
    """A rectangle `along` meters down a line, on its left (1) or right (-1); size is width, depth, set-back."""
    width, depth, back = size
    here, ahead = line.interpolate(along), line.interpolate(along + 1)
    ux, uy = ahead.x - here.x, ahead.y - here.y
    length = math.hypot(ux, uy) or 1.0
    ux, uy = ux / length, uy / length
    nx, ny = -uy * side, ux * side
    corners = ((-width / 2, back), (width / 2, back), (width / 2, back + depth), (-width / 2, back + depth))
    return Polygon([(here.x + ux * w + nx * d, here.y + uy * w + ny * d) for w, d in corners])


def _number(block: Block, share: float, side: int) -> int:
    """The house number at a share (0 to 1) of the block: odd on the left, even on the right, a hundred to the block."""
    return block.number * 100 + 2 * max(0, min(48, round(share * 48))) + (1 if side > 0 else 2)


@cache
def _houses() -> tuple[tuple[Polygon, Block, int], ...]:
    """Buildings that stand clear of streets, water, parks and each other, each with its block and house number."""
    rng = dice("houses of Harlow Falls")
    roads = [LineString(b.line).buffer(9) for b in blocks()]
    taken = [*roads, *_waters(), *_parks()]
    tree = STRtree(taken)
    placed: list[tuple[Polygon, Block, int]] = []
    grid: dict[tuple[int, int], list[Polygon]] = {}
    for block in blocks():
        if block.street.kind in _WITHOUT_HOUSES or block.street.kind == "secondary":
            continue
        line = LineString(block.line)
        for side in (1, -1):
            along = 16.0
            while along < line.length - 14:
                house, step = _next_house(rng, line, along, side)
                cell = (int(house.centroid.x // 80), int(house.centroid.y // 80))
                around = [
                    h for dx in (-1, 0, 1) for dy in (-1, 0, 1) for h in grid.get((cell[0] + dx, cell[1] + dy), ())
                ]
                clear = not any(taken[i].intersects(house) for i in tree.query(house)) and not any(
                    h.distance(house) < 2 for h in around
                )
                if clear and abs(house.centroid.x) < 2000 and rng.random() < 0.9:
                    grid.setdefault(cell, []).append(house)
                    placed.append((house, block, _number(block, along / line.length, side)))
                along += step
    return tuple(placed)


def _next_house(rng: random.Random, line: LineString, along: float, side: int) -> tuple[Polygon, float]:
    """A house at this place and the meters to the next: close and deep in the core, apart and small outside it."""
    here = line.interpolate(along)
    if abs(here.x + 80) < 480 and abs(here.y - 60) < 420:
        width = rng.uniform(15, 30)
        return _house(line, along, side, (width, rng.uniform(18, 34), 11.0)), width + rng.uniform(3, 9)
    width = rng.uniform(9, 15)
    return _house(line, along, side, (width, rng.uniform(8, 13), rng.uniform(13, 19))), width + rng.uniform(14, 24)


# ---- degrees ----


def degrees(point: Point) -> Point:
    """Longitude and latitude, to six decimals, of a point in meters east and north of the center."""
    east, north = point
    return round(CENTER[1] + east / _METERS_PER_DEGREE_EAST, 6), round(CENTER[0] + north / _METERS_PER_DEGREE, 6)


def spot_on(street: str, share: float, *, backward: bool = False, beside: float = 3.5) -> Spot:
    """The place at a share (0 to 1) of a street's whole length, `beside` meters to the right of its middle.

    Args:
        street: name as on the map. Of two carriageways the first is meant, or the second with `backward`.
        share: 0 is the street's start, 1 its end.
        backward: heading against the street's own direction.
        beside: meters to the right of the middle, seen in the heading.
    """
    lines = [s for s in STREETS if s.name == street]
    chosen = lines[-1] if backward and lines[0].one_way else lines[0]
    line = _line(chosen)
    along = max(0.0, min(line.length - 1, share * line.length))
    here, ahead = line.interpolate(along), line.interpolate(along + 1)
    turn = -1 if backward and not chosen.one_way else 1
    ux, uy = turn * (ahead.x - here.x), turn * (ahead.y - here.y)
    longitude, latitude = degrees((here.x + uy * beside, here.y - ux * beside))
    return Spot(latitude, longitude, round(math.degrees(math.atan2(ux, uy)) % 360, 1))


# ---- features ----


def _feature(kind: str, geometry: str, coordinates: object, **properties: object) -> dict[str, object]:
    return {
        "type": "Feature",
        "geometry": {"type": geometry, "coordinates": coordinates},
        "properties": {"k": kind, **properties},
    }


def _ring(shape: Polygon) -> list[list[Point]]:
    return [[degrees(point) for point in shape.exterior.coords]]


def _street_feature(block: Block) -> dict[str, object]:
    street = block.street
    properties: dict[str, object] = {"n": street.name, "c": street.kind}
    if street.one_way:
        properties["o"] = 1
    if street.kind not in _WITHOUT_HOUSES:
        first = block.number * 100
        properties["rng"] = [[str(first + 1), str(first + 97), str(first + 2), str(first + 98), ZIP, ZIP]]
    return _feature("street", "LineString", [degrees(point) for point in block.line], **properties)


def features() -> list[dict[str, object]]:
    """The town as GeoJSON features: streets with house-number ranges, buildings, address points, parks and water."""
    found = [_feature("water", "Polygon", _ring(water)) for water in _waters()]
    found += [_feature("park", "Polygon", _ring(park)) for park in _parks()]
    found += [_street_feature(block) for block in blocks()]
    for house, block, number in _houses():
        found.append(_feature("building", "Polygon", _ring(house)))
        if block.street.name not in _NOT_SURVEYED:
            place = degrees((house.centroid.x, house.centroid.y))
            found.append(_feature("address", "Point", place, h=str(number), s=block.street.name, z=ZIP, y=NAME))
    return found


def write(path: Path) -> int:
    """Write the town as GeoJSON, gzip-compressed where the name ends in .gz, and return the number of features."""
    found = features()
    text = json.dumps({"type": "FeatureCollection", "features": found}, separators=(",", ":")).encode()
    path.write_bytes(gzip.compress(text, mtime=0) if path.suffix == ".gz" else text)
    return len(found)
