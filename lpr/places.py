"""What lies around a place: nearest address and intersection, time zone, state (DAT-6, RES-1).

Look-ups run once, when a read is loaded, in memory. Distances are taken on a Mercator plane, which keeps angles:
around one place all directions share one scale, so the nearest there is the nearest on the ground, and meters follow
from the latitude.
"""

import json
import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import shapely
import tzfpy

from lpr.streets import AddressRange, Feature, Place

MILE = 1609.344
ADDRESS_POINT_WITHIN = 150.0
"""Meters within which a surveyed address is preferred to a number counted along a street."""

STATE_WITHIN = 5_000.0
"""Meters within which a place outside every outline, on a pier or a bridge, still belongs to the nearest state."""

_MERCATOR_LATITUDE = 85  # degrees; beyond, the Mercator plane is of no use
_EARTH_RADIUS = 6_371_008.8  # meters
_HIGHWAY = re.compile(r"\b(hwy|highway|route|rte|interstate|i[- ]?\d+|us[- ]?\d+)\b", re.IGNORECASE)
_RANKS = {
    "motorway": 0, "trunk": 1, "primary": 2, "secondary": 3, "tertiary": 4, "S1100": 0, "S1200": 2,
}  # fmt: skip
_LOWEST_RANK = 9
_MOST_NAMES = 3
_FIPS = {
    "01": "AL", "02": "AK", "04": "AZ", "05": "AR", "06": "CA", "08": "CO", "09": "CT", "10": "DE", "11": "DC",
    "12": "FL", "13": "GA", "15": "HI", "16": "ID", "17": "IL", "18": "IN", "19": "IA", "20": "KS", "21": "KY",
    "22": "LA", "23": "ME", "24": "MD", "25": "MA", "26": "MI", "27": "MN", "28": "MS", "29": "MO", "30": "MT",
    "31": "NE", "32": "NV", "33": "NH", "34": "NJ", "35": "NM", "36": "NY", "37": "NC", "38": "ND", "39": "OH",
    "40": "OK", "41": "OR", "42": "PA", "44": "RI", "45": "SC", "46": "SD", "47": "TN", "48": "TX", "49": "UT",
    "50": "VT", "51": "VA", "53": "WA", "54": "WV", "55": "WI", "56": "WY", "60": "AS", "66": "GU", "69": "MP",
    "72": "PR", "78": "VI",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Address:
    """A street address near a place; `approximate` where its number was counted along the street, not surveyed."""

    number: str
    street: str
    city: str
    zip: str
    approximate: bool
    distance_m: float

    def __str__(self) -> str:
        locality = " ".join(word for word in (self.city, self.zip) if word)
        text = ", ".join(part for part in (f"{self.number} {self.street}", locality) if part)
        about = "about " if self.approximate else ""
        # Far from any address the text must not read as if the vehicle had stood there.
        away = f" ({self.distance_m / MILE:.1f} miles away)" if self.distance_m > ADDRESS_POINT_WITHIN else ""
        return f"{about}{text}{away}"


@dataclass(frozen=True, slots=True)
class _Piece:
    """A piece of street with house numbers, on the Mercator plane."""

    street: str
    ranges: tuple[AddressRange, ...]
    line: tuple[tuple[float, float], ...]


class StreetIndex:
    """Streets and addresses of an area, ready to be asked what is nearest. It is not changed once built."""

    def __init__(self, features: Iterable[Feature]) -> None:
        streets: list[Feature] = []
        self._addresses: list[Feature] = []
        for feature in features:
            if feature.kind == "street" and feature.name:
                streets.append(feature)
            elif feature.kind == "address":
                self._addresses.append(feature)
        self._pieces = [_piece(street) for street in streets if street.ranges]
        crossings = _crossings(streets)
        self._crossing_names = list(crossings.values())
        self._address_tree = _tree_of_points([feature.geometry[0] for feature in self._addresses])
        self._crossing_tree = _tree_of_points(list(crossings))
        self._piece_tree = shapely.STRtree([shapely.LineString(piece.line) for piece in self._pieces])

    def nearest_address(self, lat: float, lon: float) -> Address | None:
        """The nearest address, or None when there is none within 1 mile.

        A surveyed address within 150 m goes first; otherwise the nearer of a house number counted along a street and
        a surveyed address.

        Args:
            lat: degrees north.
            lon: degrees east.
        """
        surveyed = _nearest(self._address_tree, lat, lon)
        if surveyed is not None and surveyed[1] <= ADDRESS_POINT_WITHIN:
            return self._surveyed(*surveyed)
        counted = _nearest(self._piece_tree, lat, lon)
        if counted is not None and (surveyed is None or counted[1] <= surveyed[1]):
            return _counted(self._pieces[counted[0]], _mercator(lon, lat), counted[1])
        return self._surveyed(*surveyed) if surveyed is not None else None

    def nearest_intersection(self, lat: float, lon: float) -> str | None:
        """The names of the nearest intersection, such as `Main St & 3rd Ave`, or None beyond 1 mile."""
        nearest = _nearest(self._crossing_tree, lat, lon)
        return None if nearest is None else self._crossing_names[nearest[0]]

    def _surveyed(self, index: int, distance: float) -> Address:
        feature = self._addresses[index]
        return Address(feature.number, feature.name, feature.city, feature.zip, approximate=False, distance_m=distance)


class OutlinesNotReadable(ValueError):
    """The file is not the TopoJSON of the states; the message is a plain sentence."""


class StateOutlines:
    """Answers in which state a place lies (QRY-6, DAT-2). Loaded once, asked for every read.

    The file is the TopoJSON of the states in 1:10 million from the package us-atlas. Its points are rounded to some
    300 meters, so near a border the answer is as good as that.
    """

    def __init__(self, path: Path) -> None:
        """Load the outlines.

        Raises:
            OutlinesNotReadable: the file cannot be read, or is no TopoJSON with an object `states`.
        """
        try:
            outlines = list(_outlines(json.loads(path.read_text("utf-8"))))
        except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
            raise OutlinesNotReadable(f"{path.name} is not a TopoJSON file with the outlines of states.") from error
        self._codes = [code for code, _ in outlines]
        self._shapes = [shape for _, shape in outlines]
        shapely.prepare(self._shapes)
        self._tree = shapely.STRtree(self._shapes)

    def state_at(self, lat: float, lon: float) -> str | None:
        """The two-letter code of the state at a place, or of the nearest within 5 km when the place lies in none.

        Args:
            lat: degrees north.
            lon: degrees east.
        """
        if not -_MERCATOR_LATITUDE < lat < _MERCATOR_LATITUDE:
            return None
        x, y = _mercator(lon, lat)
        point = shapely.Point(x, y)
        for index in self._tree.query(point):
            if shapely.intersects_xy(self._shapes[index], x, y):
                return self._codes[index]
        near = self._tree.query_nearest(point, max_distance=STATE_WITHIN / _meters(lat), all_matches=False)
        return self._codes[int(near[0])] if len(near) else None


def zone(lat: float, lon: float) -> str:
    """The IANA name of the time zone at a place; at sea the zone of its meridian, `UTC` where nothing is known."""
    return tzfpy.get_tz(lon, lat) or "UTC"


def _mercator(lon: float, lat: float) -> tuple[float, float]:
    return math.radians(lon), math.asinh(math.tan(math.radians(lat)))


def _meters(lat: float) -> float:
    """Meters of one unit of the Mercator plane at a latitude."""
    return _EARTH_RADIUS * math.cos(math.radians(lat))


def _tree_of_points(places: Sequence[Place]) -> shapely.STRtree:
    degrees = np.radians(np.array(places, dtype=float).reshape(-1, 2))
    return shapely.STRtree(shapely.points(degrees[:, 0], np.arcsinh(np.tan(degrees[:, 1]))))


def _nearest(tree: shapely.STRtree, lat: float, lon: float) -> tuple[int, float] | None:
    """Place in the tree and meters of what is nearest, within 1 mile. Of several as near, the first in the file."""
    if not len(tree) or not -_MERCATOR_LATITUDE < lat < _MERCATOR_LATITUDE:
        return None
    scale = _meters(lat)
    found, distances = tree.query_nearest(
        shapely.Point(_mercator(lon, lat)), max_distance=MILE / scale, return_distance=True, all_matches=True
    )
    return (int(found.min()), float(distances[0]) * scale) if len(found) else None


def _piece(street: Feature) -> _Piece:
    return _Piece(street.name, street.ranges, tuple(_mercator(*place) for place in street.geometry))


def _counted(piece: _Piece, at: tuple[float, float], distance: float) -> Address | None:
    fraction, on_left = _foot(piece.line, at)
    # Where one side has no numbers, those across the street are the nearest there are.
    for left in (on_left, not on_left):
        number = _house_number(piece.ranges, left=left, fraction=fraction)
        if number is not None:
            codes = (span.zip_left if left else span.zip_right for span in piece.ranges)
            zip_code = next(filter(None, codes), "")
            return Address(str(number), piece.street, "", zip_code, approximate=True, distance_m=distance)
    return None


def _foot(line: Sequence[tuple[float, float]], at: tuple[float, float]) -> tuple[float, bool]:
    """Where along the line its nearest point lies, from 0 to 1, and whether the place is left of its direction."""
    travelled, nearest = 0.0, (math.inf, 0.0, False)
    for (x, y), (next_x, next_y) in pairwise(line):
        across, up = next_x - x, next_y - y
        length = math.hypot(across, up)
        if length == 0:
            continue
        share = min(1.0, max(0.0, ((at[0] - x) * across + (at[1] - y) * up) / length**2))
        off = math.hypot(x + share * across - at[0], y + share * up - at[1])
        if off < nearest[0]:
            nearest = off, travelled + share * length, across * (at[1] - y) - up * (at[0] - x) > 0
        travelled += length
    return (nearest[1] / travelled if travelled else 0.0), nearest[2]


def _house_number(ranges: Sequence[AddressRange], *, left: bool, fraction: float) -> int | None:
    """The number at a share of the way, with the parity of its side; several ranges of one side are taken as one."""
    sides = [(span.left_from, span.left_to) if left else (span.right_from, span.right_to) for span in ranges]
    spans = [(start, end) for start, end in sides if start is not None and end is not None]
    if not spans:
        return None
    low, high = min(min(span) for span in spans), max(max(span) for span in spans)
    start, end = max(spans, key=lambda span: abs(span[1] - span[0]))
    exact = low + (fraction if end >= start else 1 - fraction) * (high - low)
    step = 2 if all(number % 2 == low % 2 for span in spans for number in span) else 1
    return min(high, low + step * round((exact - low) / step))


def _crossings(streets: Iterable[Feature]) -> dict[Place, str]:
    """Vertices shared by streets of different names, with those names."""
    names_by_line: dict[tuple[Place, ...], list[Feature]] = defaultdict(list)
    for street in streets:
        names_by_line[min(street.geometry, street.geometry[::-1])].append(street)
    # One line under several names is one street with aliases: "Hwy 360" does not cross "State Hwy 360".
    aliases = {(a.name, b.name) for named in names_by_line.values() for a in named for b in named if a.name != b.name}
    at: dict[Place, dict[str, int]] = defaultdict(dict)
    for line, named in names_by_line.items():
        street = next((feature for feature in named if not _HIGHWAY.search(feature.name)), named[0])
        rank = _RANKS.get(street.klass.removesuffix("_link"), _LOWEST_RANK)
        for place in line:
            at[place][street.name] = min(rank, at[place].get(street.name, _LOWEST_RANK))
    labels = ((place, _label(names, aliases)) for place, names in at.items() if len(names) > 1)
    return {place: label for place, label in labels if label}


def _label(ranks: dict[str, int], aliases: set[tuple[str, str]]) -> str:
    """The names that cross, the larger street first and numbered streets last, or nothing when all name one street."""
    ordered = sorted(ranks, key=lambda name: (ranks[name], name[:1].isdigit(), name))
    kept: list[str] = []
    for name in ordered:
        if not any((name, other) in aliases or name.casefold() == other.casefold() for other in kept):
            kept.append(name)
    return " & ".join(kept[:_MOST_NAMES]) if len(kept) > 1 else ""


def _outlines(topology: dict[str, Any]) -> Iterator[tuple[str, shapely.Polygon]]:
    arcs = [list(_decoded(arc, topology["transform"])) for arc in topology["arcs"]]
    for state in topology["objects"]["states"]["geometries"]:
        code = _FIPS.get(state["id"])
        if code is None:
            continue
        polygons = state["arcs"] if state["type"] == "MultiPolygon" else [state["arcs"]]
        for rings in polygons:
            outer, *holes = (_ring(ring, arcs) for ring in rings)
            yield code, shapely.make_valid(shapely.Polygon(outer, holes))


def _decoded(arc: Sequence[Sequence[int]], transform: dict[str, Any]) -> Iterator[tuple[float, float]]:
    """TopoJSON keeps each point as whole steps from the one before."""
    (scale_x, scale_y), (left, bottom) = transform["scale"], transform["translate"]
    x = y = 0
    for step_x, step_y in arc:
        x, y = x + step_x, y + step_y
        yield _mercator(x * scale_x + left, y * scale_y + bottom)


def _ring(numbers: Sequence[int], arcs: Sequence[Sequence[tuple[float, float]]]) -> list[tuple[float, float]]:
    """Join arcs end to end; a negative number (its complement) is an arc walked backwards, as its neighbor walks it."""
    points: list[tuple[float, float]] = []
    for number in numbers:
        arc = arcs[number] if number >= 0 else arcs[~number][::-1]
        points.extend(arc[1:] if points else arc)
    if not all(math.isfinite(value) for point in points for value in point):
        raise ValueError("A point of an outline is not finite.")
    return points
