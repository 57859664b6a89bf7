"""From an address to a place, by the streets that are loaded: for a query near an address (QRY-6).

A surveyed house goes first, then a number counted along its street. What is not found or could be several places is refused
and never guessed: a wrong place would silently narrow a search to nothing.
"""

import math
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

from lpr.models import Street

_ADDRESS = re.compile(r"\s*(?P<number>\d{1,7})\s+(?P<street>[^,]+?)\s*(?:,(?P<rest>.*))?", re.DOTALL)
_ZIP = re.compile(r"\b\d{5}\b")
_SHORT = {
    "street": "st", "avenue": "ave", "av": "ave", "road": "rd", "drive": "dr", "boulevard": "blvd", "lane": "ln", "court": "ct",
    "place": "pl", "highway": "hwy", "parkway": "pkwy", "terrace": "ter", "circle": "cir", "square": "sq", "north": "n",
    "south": "s", "east": "e", "west": "w", "northeast": "ne", "northwest": "nw", "southeast": "se", "southwest": "sw",
}  # fmt: skip
_SAME_PLACE_METERS = 300.0
_METERS_OF_A_DEGREE = 111_195.0
_MOST_ROWS = 5_000


class AddressNotFound(ValueError):
    """The address is not in the loaded streets, or is in several places; the message is a plain sentence."""


class _House(NamedTuple):
    latitude: float
    longitude: float
    city: str
    zip_code: str


def locate(text: str) -> tuple[Decimal, Decimal]:
    """Latitude and longitude in degrees of an address such as `1612 7th Street, Oakland 94607`.

    Args:
        text: house number and street, then, after a comma, city or ZIP code where several places have the street.

    Raises:
        AddressNotFound: no house number and street, not found, or found in places apart from each other.
    """
    match = _ADDRESS.fullmatch(text)
    if match is None:
        raise AddressNotFound("Enter house number and street, then a comma and the city or ZIP code.")
    number, street, rest = int(match["number"]), _words(match["street"]), match["rest"] or ""
    for kind in ("address", "street"):
        houses = [house for house in _houses(kind, number, street) if _is_in(house, rest)]
        if houses:
            return _the_one_place(houses)
    raise AddressNotFound("This address is not in the loaded streets. Enter coordinates instead.")


def _houses(kind: str, number: int, street: Sequence[str]) -> Iterator[_House]:
    rows = Street.objects.filter(kind=kind, name__istartswith=street[0])
    if kind == "address":
        rows = rows.filter(number=str(number))
    for row in rows.order_by("pk")[:_MOST_ROWS]:
        if _words(row.name) != street:
            continue
        if kind == "address":
            longitude, latitude = row.points[0]
            yield _House(latitude, longitude, row.city, row.zip_code)
        else:
            yield from _counted(row, number)


def _counted(row: Street, number: int) -> Iterator[_House]:
    """Where the number lies along the street, on a side that has it."""
    for left_from, left_to, right_from, right_to, zip_left, zip_right in row.ranges:
        for start, end, zip_code in ((left_from, left_to, zip_left), (right_from, right_to, zip_right)):
            if start is None or end is None or not min(start, end) <= number <= max(start, end):
                continue
            if start % 2 == end % 2 and number % 2 != start % 2:
                continue
            share = (number - start) / (end - start) if end != start else 0.5
            yield _House(*_along(row.points, share), row.city, zip_code or "")


def _along(points: Sequence[Sequence[float]], share: float) -> tuple[float, float]:
    shrink = math.cos(math.radians(points[0][1]))
    lengths = [math.hypot((b[0] - a[0]) * shrink, b[1] - a[1]) for a, b in pairwise(points)]
    left = share * sum(lengths)
    for (a, b), length in zip(pairwise(points), lengths, strict=True):
        if length and left <= length:
            return a[1] + (b[1] - a[1]) * left / length, a[0] + (b[0] - a[0]) * left / length
        left -= length
    return points[-1][1], points[-1][0]


def _is_in(house: _House, rest: str) -> bool:
    """Whether the house is not known to be elsewhere than the city or ZIP code entered."""
    zip_codes = _ZIP.findall(rest)
    if zip_codes and house.zip_code and house.zip_code not in zip_codes:
        return False
    return not (house.city and re.search(r"[^\W\d]{3}", rest)) or house.city.casefold() in rest.casefold()


def _the_one_place(houses: Sequence[_House]) -> tuple[Decimal, Decimal]:
    first = houses[0]
    for other in houses[1:]:
        across = (other.longitude - first.longitude) * math.cos(math.radians(first.latitude))
        if math.hypot(across, other.latitude - first.latitude) * _METERS_OF_A_DEGREE > _SAME_PLACE_METERS:
            raise AddressNotFound("Several places have this address. Add the city or ZIP code, or enter coordinates.")
    return Decimal(f"{first.latitude:.6f}"), Decimal(f"{first.longitude:.6f}")


def _words(name: str) -> list[str]:
    return [_SHORT.get(word, word) for word in re.sub(r"[.,']", "", name.casefold()).split()]
