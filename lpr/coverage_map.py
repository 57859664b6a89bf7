"""The map of coverage, drawn by the server: states by their number of kinds of source, metropolitan areas as dots (DAT-5)."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from math import cos, radians

from django.conf import settings

from lpr import metropolitan_areas
from lpr.coverage import Coverage
from lpr.report import outlines
from lpr.states import NAMES

WIDTH, HEIGHT = 960, 560
FILLS = ("#ffffff", "#cfe0f2", "#8fb8de", "#4a8ac4", "#1a5a96")
_PIXELS = 18.6
_NARROWER = cos(radians(38))
_WEST, _NORTH = -125.5, 50.0


@dataclass(frozen=True)
class DrawnState:
    name: str
    path: str
    fill: str
    reads: str


@dataclass(frozen=True)
class DrawnArea:
    name: str
    x: float
    y: float
    has_reads: bool


def drawn_states(coverage: Coverage) -> list[DrawnState]:
    """Each state's outline with the fill for its number of kinds of source."""
    by_name = {state.name: state for state in coverage.states}
    return [DrawnState(name, path, FILLS[sum(reads > 0 for reads in by_name[name].by_kind)], f"{by_name[name].reads:,}")
            for name, path in _paths() if name in by_name]


def drawn_areas(coverage: Coverage) -> list[DrawnArea]:
    """A dot for each metropolitan area, in the middle of its first county."""
    middles = _middles()
    return [DrawnArea(area.name, *middles[area.code], area.reads > 0) for area in coverage.areas]


@cache
def _paths() -> tuple[tuple[str, str], ...]:
    return tuple((state.name, " ".join(_drawn(state))) for state in _atlas().states if state.name in NAMES.values())


@cache
def _middles() -> dict[str, tuple[float, float]]:
    boxes = {county.code: county.box for county in _atlas().counties}
    middles = {}
    for area in metropolitan_areas.AREAS:
        west, south, east, north = boxes[area.counties[0]]
        middles[area.code] = _place("", (west + east) / 2, (south + north) / 2)
    return middles


def _drawn(state: outlines.Outline) -> Iterator[str]:
    """The rings of a state, thinned to what a screen can show; islets are left out."""
    for ring in state.rings:
        points: list[tuple[float, float]] = []
        for longitude, latitude in ring:
            at = _place(state.name, longitude, latitude)
            if not points or abs(at[0] - points[-1][0]) + abs(at[1] - points[-1][1]) >= 1.2:
                points.append(at)
        if len(points) > 3:
            yield "M" + "L".join(f"{x:.1f},{y:.1f}" for x, y in points) + "Z"


def _place(state: str, longitude: float, latitude: float) -> tuple[float, float]:
    """Where a place lies on the drawing; Alaska and Hawaii stand in the lower left corner, Alaska smaller."""
    if state == "Alaska":
        longitude -= 360 if longitude > 0 else 0
        return round((longitude + 190) * 3.0, 1), round(545 - (latitude - 51) * 6.4, 1)
    if state == "Hawaii":
        return round(220 + (longitude + 160.6) * 15, 1), round(540 - (latitude - 18.8) * 17, 1)
    return round((longitude - _WEST) * _PIXELS * _NARROWER, 1), round((_NORTH - latitude) * _PIXELS, 1)


def _atlas() -> outlines.Atlas:
    return outlines.atlas(settings.STATE_OUTLINES_FILE.with_name("counties-10m.json"))
