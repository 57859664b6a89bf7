"""Borders of counties and states for the wide view, from the package us-atlas (U.S. Census Bureau, 1:10 million)."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

Line = list[tuple[float, float]]
Box = tuple[float, float, float, float]
"""West, south, east, north in degrees."""


@dataclass(frozen=True)
class Outline:
    """A county or state: its name, its rings in degrees (outer rings and holes alike), and the box around it."""

    name: str
    code: str
    rings: tuple[Line, ...]
    box: Box


@dataclass(frozen=True)
class Atlas:
    """All counties and states, and the borders between states, each stretch once."""

    counties: tuple[Outline, ...]
    states: tuple[Outline, ...]
    state_borders: tuple[tuple[Line, Box], ...]

    def counties_in(self, box: Box) -> list[Outline]:
        return [county for county in self.counties if _meet(county.box, box)]

    def state_of(self, county: Outline) -> Outline | None:
        """The state of a county, by the first two digits of its code."""
        return next((state for state in self.states if state.code == county.code[:2]), None)

    def state_borders_in(self, box: Box) -> list[Line]:
        return [line for line, around in self.state_borders if _meet(around, box)]


@cache
def atlas(path: Path) -> Atlas:
    """The atlas of the file `counties-10m.json`, read once.

    Raises:
        OSError, ValueError: the file is missing or is no TopoJSON.
    """
    topology = json.loads(path.read_text("utf-8"))
    arcs = [list(_decoded(arc, topology["transform"])) for arc in topology["arcs"]]
    counties = tuple(_outline(shape, arcs) for shape in topology["objects"]["counties"]["geometries"] if shape.get("arcs"))
    shapes = [shape for shape in topology["objects"]["states"]["geometries"] if shape.get("arcs")]
    numbers = Counter(max(number, ~number) for shape in shapes for ring in _ring_numbers(shape) for number in ring)
    # What only one state has is a shore, or the border of the country.
    borders = tuple((arcs[number], _around([arcs[number]])) for number, states in numbers.items() if states > 1)
    return Atlas(counties, tuple(_outline(shape, arcs) for shape in shapes), borders)


def _outline(shape: dict[str, Any], arcs: Sequence[Line]) -> Outline:
    rings = tuple(_joined(ring, arcs) for ring in _ring_numbers(shape))
    return Outline(shape["properties"]["name"], shape["id"], rings, _around(rings))


def _ring_numbers(shape: dict[str, Any]) -> Iterator[Sequence[int]]:
    polygons = shape["arcs"] if shape["type"] == "MultiPolygon" else [shape["arcs"]]
    for polygon in polygons:
        yield from polygon


def _joined(numbers: Sequence[int], arcs: Sequence[Line]) -> Line:
    """Arcs end to end; the complement of a number is its arc walked backwards."""
    line: Line = []
    for number in numbers:
        arc = arcs[number] if number >= 0 else arcs[~number][::-1]
        line.extend(arc[1:] if line else arc)
    return line


def _decoded(arc: Sequence[Sequence[int]], transform: dict[str, Any]) -> Iterator[tuple[float, float]]:
    """TopoJSON keeps each point as whole steps from the one before."""
    (scale_x, scale_y), (left, bottom) = transform["scale"], transform["translate"]
    x = y = 0
    for step_x, step_y in arc:
        x, y = x + step_x, y + step_y
        yield x * scale_x + left, y * scale_y + bottom


def _around(lines: Sequence[Line]) -> Box:
    points = [point for line in lines for point in line]
    return (min(x for x, _ in points), min(y for _, y in points), max(x for x, _ in points), max(y for _, y in points))


def _meet(one: Box, other: Box) -> bool:
    return one[0] <= other[2] and one[2] >= other[0] and one[1] <= other[3] and one[3] >= other[1]
