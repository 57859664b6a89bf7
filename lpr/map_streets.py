"""The streets of a part of the map, for the layer that the browser draws itself (RES-2)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import F, QuerySet

from lpr.models import Street

LARGEST = 0.6
"""Degrees: a box with a longer side is a view from so far that no street can be seen."""

MOST = {"street": 12_000, "water": 2_000, "park": 2_000, "building": 6_000}
LARGE = 0.12
"""Degrees: in a box with a longer side, only streets that one sees from afar, and no buildings."""

MAIN_CLASSES = ("motorway", "trunk", "primary", "secondary", "tertiary", "motorway_link", "trunk_link", "primary_link",
                "secondary_link", "tertiary_link", "S1100", "S1200")
_AREAS = {"building", "park", "water"}


class BoxNotValid(ValueError):
    """The box is no `west,south,east,north` in degrees, or is larger than can be drawn; the message says which."""


@dataclass(frozen=True)
class Box:
    """A part of the map in degrees."""

    west: float
    south: float
    east: float
    north: float

    @property
    def longest_side(self) -> float:
        return max(self.east - self.west, self.north - self.south)


def box(text: str) -> Box:
    """The box that a text `west,south,east,north` names.

    Raises:
        BoxNotValid: it names none.
    """
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError as error:
        raise BoxNotValid("bbox: give west,south,east,north in degrees.") from error
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        raise BoxNotValid("bbox: give west,south,east,north in degrees.")
    return Box(west, south, east, north)


def collection(area: Box, *, main_only: bool) -> dict[str, Any]:
    """Streets, buildings, parks and water in the box as GeoJSON; from afar, or with `main_only`, the larger streets alone.

    `truncated` says that there were more than can be drawn.
    """
    far = main_only or area.longest_side > LARGE
    features: list[dict[str, Any]] = []
    truncated = area.longest_side > LARGEST
    for kind, most in MOST.items():
        if truncated or (far and kind == "building"):
            continue
        found = list(_features(_in(area, kind, main_only=far), most + 1))
        truncated = truncated or len(found) > most
        features += found[:most]
    return {"type": "FeatureCollection", "features": features, "truncated": truncated}


def _in(area: Box, kind: str, *, main_only: bool) -> QuerySet[Street]:
    found = Street.objects.filter(kind=kind, south__lte=area.north, north__gte=area.south, west__lte=area.east,
                                  east__gte=area.west)
    if main_only and kind == "street":
        found = found.filter(street_class__in=MAIN_CLASSES)
    # The longest first, so that what is left out is what one would miss least.
    return found.order_by(-(F("east") - F("west") + F("north") - F("south")), "pk")


def _features(found: QuerySet[Street], most: int) -> Iterator[dict[str, Any]]:
    for kind, name, street_class, points in found.values_list("kind", "name", "street_class", "points")[:most]:
        geometry = {"type": "Polygon", "coordinates": [points]} if kind in _AREAS else {
            "type": "LineString", "coordinates": points}
        yield {"type": "Feature", "geometry": geometry,
               "properties": {"kind": kind, "name": name, "class": street_class}}
