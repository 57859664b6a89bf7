"""Street data files for the built-in map and the address look-up: GeoJSON in a short schema or TIGER/Line's (DAT-6).

The short schema has `k` (street, address, building, park, water) in the properties; TIGER/Line ADDRFEAT, EDGES and
ROADS, converted to GeoJSON, keep their own names (FULLNAME, LFROMHN, ...). Coordinates are longitude, latitude in WGS
84.
"""

import gzip
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple, get_args

Kind = Literal["street", "address", "building", "park", "water"]
Place = tuple[float, float]
"""Longitude and latitude in degrees."""

_KINDS: dict[str, Kind] = {kind: kind for kind in get_args(Kind)}
_SHAPES = {
    "street": {"LineString": 0, "MultiLineString": 1},
    "address": {"Point": 0, "MultiPoint": 1},
    "building": {"Polygon": 1, "MultiPolygon": 2},
    "park": {"Polygon": 1, "MultiPolygon": 2},
    "water": {"Polygon": 1, "MultiPolygon": 2},
}
_FEWEST_POINTS = {"street": 2, "address": 1, "building": 4, "park": 4, "water": 4}
_DECIMALS = 6  # 0.1 m: pieces of one street must meet in exactly the same vertex
_FEATURES = re.compile(r'"features"\s*:\s*\[')
_GZIP = b"\x1f\x8b"
_ROADS = "S"  # TIGER's feature classes of roads start with S; EDGES holds rails and shores as well


class StreetsNotReadable(ValueError):
    """The file is no GeoJSON collection of features, or breaks off; the message is a plain sentence."""


class AddressRange(NamedTuple):
    """House numbers along a piece of street from its first point to its last, left and right of that direction."""

    left_from: int | None
    left_to: int | None
    right_from: int | None
    right_to: int | None
    zip_left: str
    zip_right: str


@dataclass(frozen=True, slots=True)
class Feature:
    """One line, point or outer ring; `number`, `city` and `zip` belong to addresses, `ranges` and `klass` to streets.

    The name of an address is its street's.
    """

    kind: Kind
    name: str
    klass: str
    geometry: tuple[Place, ...]
    ranges: tuple[AddressRange, ...] = ()
    number: str = ""
    city: str = ""
    zip: str = ""


@dataclass(frozen=True, slots=True)
class BadFeature:
    """A feature that was left out: its place in the file counted from 0, and why."""

    index: int
    reason: str


class _Unusable(ValueError):
    """Why a feature is left out."""


def read(path: Path) -> Iterator[Feature | BadFeature]:
    """The features of a GeoJSON file, plain or compressed by gzip, in the order of the file.

    A feature of several parts comes as several; roads without a name come too, for the map. One feature at a time is
    in memory beside the text of the file.

    Raises:
        StreetsNotReadable: no GeoJSON collection of features; raised where the file breaks off, after what could be
            read.
    """
    for index, raw in enumerate(_raw_features(_text(path))):
        try:
            yield from _features(raw)
        except _Unusable as refusal:
            yield BadFeature(index, str(refusal))


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
        return (gzip.decompress(content) if content.startswith(_GZIP) else content).decode("utf-8-sig")
    except (OSError, EOFError, ValueError) as error:
        raise StreetsNotReadable("The street file cannot be read as text.") from error


def _raw_features(text: str) -> Iterator[object]:
    """Decode one feature after the other: a county parsed whole would take ten times its size in memory."""
    start = _FEATURES.search(text)
    if start is None:
        raise StreetsNotReadable("The street file is not a GeoJSON FeatureCollection.")
    decode, at = json.JSONDecoder().raw_decode, start.end()
    separators = re.compile(r"[\s,]*")
    while True:
        match = separators.match(text, at)
        at = match.end() if match else at
        if text[at : at + 1] == "]":
            return
        try:
            raw, at = decode(text, at)
        except (ValueError, RecursionError) as error:
            raise StreetsNotReadable("The street file breaks off or is not valid JSON.") from error
        yield raw


def _features(raw: object) -> Iterator[Feature]:
    if not isinstance(raw, Mapping):
        raise _Unusable("The feature is not an object.")
    properties = raw.get("properties")
    if not isinstance(properties, Mapping):
        raise _Unusable("The feature has no properties.")
    plain = _short(properties) if "k" in properties else _tiger(properties)
    if plain is None:
        return
    for part in _parts(raw.get("geometry"), plain.kind):
        yield Feature(plain.kind, plain.name, plain.klass, part, plain.ranges, plain.number, plain.city, plain.zip)


def _short(properties: Mapping[str, object]) -> Feature:
    kind = _KINDS.get(str(properties["k"]))
    if kind is None:
        raise _Unusable("The kind of the feature is not known.")
    if kind == "address":
        number, street = _word(properties, "h"), _word(properties, "s")
        if not (number and street):
            raise _Unusable("The address has no number or no street.")
        return Feature(kind, street, "", (), number=number, city=_word(properties, "y"), zip=_word(properties, "z"))
    ranges = properties.get("rng", [])
    if not isinstance(ranges, list):
        raise _Unusable("The house numbers of the street are not a list.")
    return Feature(kind, _word(properties, "n"), _word(properties, "c"), (), tuple(_range(item) for item in ranges))


def _tiger(properties: Mapping[str, object]) -> Feature | None:
    if "FULLNAME" not in properties:
        raise _Unusable("The feature is of no known schema.")
    klass = _word(properties, "ROAD_MTFCC") or _word(properties, "MTFCC")
    if klass and not klass.startswith(_ROADS):
        return None
    numbers = _range([_word(properties, key) for key in ("LFROMHN", "LTOHN", "RFROMHN", "RTOHN", "ZIPL", "ZIPR")])
    return Feature("street", _word(properties, "FULLNAME"), klass, (), (numbers,) if any(numbers[:4]) else ())


def _word(properties: Mapping[str, object], key: str) -> str:
    value = properties.get(key)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return " ".join(value.split()) if isinstance(value, str) else ""


def _range(item: object) -> AddressRange:
    if not isinstance(item, list) or len(item) != 6:
        raise _Unusable("The house numbers of the street are not in sixes.")
    left_from, left_to, right_from, right_to = (_house_number(value) for value in item[:4])
    return AddressRange(left_from, left_to, right_from, right_to, str(item[4] or ""), str(item[5] or ""))


def _house_number(value: object) -> int | None:
    """Numbers with letters or hyphens cannot be counted along a street, so they are left out."""
    text = str(value).strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 8 else None


def _parts(geometry: object, kind: Kind) -> list[tuple[Place, ...]]:
    shape = geometry.get("type") if isinstance(geometry, Mapping) else None
    depth = _SHAPES[kind].get(str(shape))
    if depth is None or not isinstance(geometry, Mapping):
        raise _Unusable(f"The shape of a feature of kind {kind} is wrong or missing.")
    coordinates = geometry.get("coordinates")
    if kind == "address":
        parts = [[point] for point in (coordinates if depth and isinstance(coordinates, list) else [coordinates])]
    elif depth == 2:
        parts = [_outer_ring(polygon) for polygon in _listed(coordinates)]
    elif shape == "Polygon":
        parts = [_outer_ring(coordinates)]
    else:
        parts = [_listed(part) for part in (_listed(coordinates) if depth else [coordinates])]
    places = [tuple(_place(point) for point in part) for part in parts]
    if any(len(part) < _FEWEST_POINTS[kind] for part in places):
        raise _Unusable("The feature has too few points.")
    return places


def _outer_ring(polygon: object) -> list[object]:
    rings = _listed(polygon)
    if not rings:
        raise _Unusable("The feature has too few points.")
    return _listed(rings[0])


def _listed(value: object) -> list[object]:
    if not isinstance(value, list):
        raise _Unusable("The coordinates of the feature are not in order.")
    return value


def _place(point: object) -> Place:
    if isinstance(point, list) and len(point) >= 2:
        longitude, latitude = point[0], point[1]
        if _is_number(longitude) and _is_number(latitude) and abs(longitude) <= 180 and abs(latitude) <= 90:
            return round(longitude, _DECIMALS), round(latitude, _DECIMALS)
    raise _Unusable("The coordinates of the feature are not longitude and latitude.")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
