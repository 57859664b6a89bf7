"""What lies around a read: state of capture, time zone, nearest address and intersection (DAT-2, DAT-6, RES-1).

Asked once, when a read is loaded. Streets are held in memory by squares of the map, taken from the database when a read first
falls into one and dropped when street data is loaded anew. Cameras stand still, so answers are remembered.
"""

import threading
from collections import OrderedDict
from datetime import datetime
from functools import cache, lru_cache
from math import floor
from pathlib import Path
from typing import NamedTuple

from django.conf import settings

from lpr import places
from lpr.models import Street, StreetDataset
from lpr.streets import AddressRange, Feature, Kind

SQUARE = 0.1
"""Degrees: about 11 km, a few thousand streets in a city."""

REACH = 0.04
"""Degrees around a square in which streets still matter, twice that east and west: more than a mile up to 79 degrees north."""

MOST_SQUARES = 100
MOST_ANSWERS = 50_000

Version = tuple[tuple[int, datetime], ...]


class Surroundings(NamedTuple):
    """What lies around a place. `state` is None outside of the states; the rest is empty where nothing is near."""

    state: str | None
    zone: str
    address: str
    address_is_approximate: bool
    intersection: str


class Atlas:
    """The street data of one database, as it was at one version of its datasets."""

    def __init__(self, version: Version, alias: str) -> None:
        self.version = version
        self._alias = alias
        self._squares: OrderedDict[tuple[int, int], places.StreetIndex] = OrderedDict()
        self._lock = threading.Lock()
        self._streets_near = lru_cache(maxsize=MOST_ANSWERS)(self._look_up)

    def around(self, latitude_e6: int, longitude_e6: int) -> Surroundings:
        """What lies around a place given in millionths of a degree."""
        state, zone = _state_and_zone(latitude_e6, longitude_e6)
        address, approximate, intersection = (
            self._streets_near(latitude_e6, longitude_e6) if self.version else ("", False, ""))
        return Surroundings(state, zone, address, approximate, intersection)

    def _look_up(self, latitude_e6: int, longitude_e6: int) -> tuple[str, bool, str]:
        latitude, longitude = latitude_e6 / 1e6, longitude_e6 / 1e6
        index = self._square(latitude, longitude)
        address = index.nearest_address(latitude, longitude)
        crossing = index.nearest_intersection(latitude, longitude)
        return (str(address) if address else ""), bool(address and address.approximate), crossing or ""

    def _square(self, latitude: float, longitude: float) -> places.StreetIndex:
        key = floor(latitude / SQUARE), floor(longitude / SQUARE)
        with self._lock:
            if key not in self._squares:
                self._squares[key] = self._streets_of(*key)
                if len(self._squares) > MOST_SQUARES:
                    self._squares.popitem(last=False)
            self._squares.move_to_end(key)
            return self._squares[key]

    def _streets_of(self, row: int, column: int) -> places.StreetIndex:
        south, west = row * SQUARE - REACH, column * SQUARE - 2 * REACH
        north, east = (row + 1) * SQUARE + REACH, (column + 1) * SQUARE + 2 * REACH
        streets = Street.objects.using(self._alias).filter(
            kind__in=["street", "address"], south__lte=north, north__gte=south, west__lte=east, east__gte=west)
        return places.StreetIndex(_feature(street) for street in streets.order_by("pk"))


def _feature(street: Street) -> Feature:
    geometry = tuple((longitude, latitude) for longitude, latitude in street.points)
    ranges = tuple(AddressRange(*span) for span in street.ranges)
    kind: Kind = "street" if street.kind == "street" else "address"
    return Feature(kind, street.name, street.street_class, geometry, ranges, street.number, street.city, street.zip_code)


@lru_cache(maxsize=MOST_ANSWERS)
def _state_and_zone(latitude_e6: int, longitude_e6: int) -> tuple[str | None, str]:
    latitude, longitude = latitude_e6 / 1e6, longitude_e6 / 1e6
    return _outlines(settings.STATE_OUTLINES_FILE).state_at(latitude, longitude), places.zone(latitude, longitude)


@cache
def _outlines(path: Path) -> places.StateOutlines:
    return places.StateOutlines(path)


_atlases: dict[str, Atlas] = {}


def atlas(*, using: str = "default") -> Atlas:
    """The street data as it is loaded now; asked once for each delivery.

    Args:
        using: the database alias by which streets are read.
    """
    version: Version = tuple(StreetDataset.objects.using(using).order_by("pk").values_list("pk", "loaded_at"))
    known = _atlases.get(using)
    if known is None or known.version != version:
        known = _atlases[using] = Atlas(version, using)
    return known
