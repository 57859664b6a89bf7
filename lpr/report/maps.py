"""Two views of the place of a read, drawn by ourselves (RES-3): near by streets, wide by region.

A map asked of anybody else would tell them where an officer looks. What is drawn comes from the streets that the operator
loaded and from the borders of counties and states; both views carry a marker, names and a scale bar.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

import shapely
from django.conf import settings
from django.db.models import QuerySet

from lpr.models import Street
from lpr.report import outlines
from lpr.report.canvas import HEIGHT, WIDTH, Canvas, Frame, Point
from lpr.report.labels import Labels

NEAR_METERS = 560
"""Meters from edge to edge of the near view: a few blocks."""

WIDE_METERS = 32_000
"""Meters from edge to edge of the wide view: about a county."""

MOST_ROWS = 6_000
FEW_MAIN_STREETS = 300
"""With fewer main streets in the wide view it shows the others as well: a small town is known by them."""

LONGEST_ROW = 0.5
"""Degrees: no street, park or building is taken to be longer, so that the index of boxes serves the look-up."""

OUTLINES_CREDIT = "County and state lines: U.S. Census Bureau"

DARK, LIGHT = "#1b1b1b", "#ffffff"
GROUND, SEA = "#f5f2eb", "#cfdfea"
AREAS = {"water": ("#bcd5e8", "#a7c5dd"), "park": ("#d3e5c6", "#c3d8b4"), "building": ("#e2dccf", "#cfc7b5")}
# OpenStreetMap's words and the classes of TIGER/Line, each from 0 (a path) to 4 (a motorway).
RANKS = {
    "motorway": 4, "trunk": 4, "S1100": 4, "primary": 3, "secondary": 3, "S1200": 3, "tertiary": 2, "S1400": 1,
    "residential": 1, "unclassified": 1, "living_street": 1, "service": 0, "footway": 0, "path": 0, "cycleway": 0,
    "steps": 0, "pedestrian": 0, "track": 0, "alley": 0, "S1730": 0, "S1740": 0, "S1780": 0,
}  # fmt: skip
MAIN_RANK = 3
MAIN_CLASSES = [name for rank_name, rank in RANKS.items() if rank >= MAIN_RANK for name in (rank_name, f"{rank_name}_link")]
FILLS = ("#ffffff", "#ffffff", "#ffffff", "#fff3cf", "#f9dc92")
EDGES = ("#dcd6c9", "#bdb5a5", "#b0a794", "#b79f5c", "#a5802b")
NEAR_WIDTHS = (3.0, 8.0, 10.0, 12.0, 14.0)
WIDE_WIDTHS = (0.1, 0.3, 0.6, 1.2, 2.0)
_MARKER = [((WIDTH / 2, HEIGHT / 2 - 30), 24.0), ((WIDTH / 2, HEIGHT / 2 - 6), 12.0)]
_LEGEND = [((x, HEIGHT - 28.0), 26.0) for x in range(10, 191, 20)] + [((WIDTH - 26.0, 34.0), 22.0)]
# Where the name of a county may stand, from the upper left corner on.
_SPOTS = [shapely.Point(WIDTH * column / 8, HEIGHT * row / 12) for row in range(1, 12) for column in range(1, 8)]


@dataclass(frozen=True)
class View:
    """A drawn map: its caption and its description in words, for who cannot see it; the credits it owes."""

    caption: str
    alt: str
    svg: str
    credits: frozenset[str]


@dataclass(frozen=True)
class _Row:
    kind: str
    name: str
    rank: int
    points: list[Point]
    credit: str


def near(*, latitude: float, longitude: float) -> View:
    """The streets around a place with their names (RES-3).

    Args:
        latitude, longitude: degrees north and east.
    """
    frame = Frame(latitude, longitude, NEAR_METERS / WIDTH)
    rows = _rows(frame, Street.objects.filter(kind__in=["street", *AREAS]))
    canvas = Canvas()
    canvas.fill_all(GROUND)
    for kind, (fill, edge) in AREAS.items():
        canvas.areas([row.points for row in rows if row.kind == kind], fill=fill, edge=edge)
    _draw_streets(canvas, rows, NEAR_WIDTHS, edge=2.0)
    labels = Labels([*_MARKER, *_LEGEND])
    named = _name_streets(canvas, labels, rows, sizes=(11.5, 12.5, 13, 14, 14.5))
    if not any(row.kind == "street" for row in rows):
        canvas.text("No street data is loaded for this place.", (WIDTH / 2, HEIGHT / 2 + 34), size=16)
    canvas.marker()
    canvas.scale(frame.meters_per_unit)
    streets = f"Named streets: {', '.join(named)}." if named else "No named street is in view."
    return View("Near view, by streets", f"Street map, {NEAR_METERS} meters wide, north up, with a marker on the place of "
                f"capture. {streets}", canvas.svg(), frozenset(row.credit for row in rows if row.credit))


def wide(*, latitude: float, longitude: float) -> View:
    """The region around a place: counties, state lines and main streets, with the state as a whole in a corner (RES-3).

    Args:
        latitude, longitude: degrees north and east.
    """
    frame = Frame(latitude, longitude, WIDE_METERS / WIDTH)
    atlas = outlines.atlas(settings.STATE_OUTLINES_FILE.with_name("counties-10m.json"))
    counties = atlas.counties_in(frame.box)
    streets = Street.objects.filter(kind="street")
    rows = _rows(frame, streets.filter(street_class__in=MAIN_CLASSES))
    if len(rows) < FEW_MAIN_STREETS:
        rows = [*_rows(frame, streets.exclude(street_class__in=MAIN_CLASSES)), *rows]
    canvas = Canvas()
    canvas.fill_all(SEA)
    canvas.areas([frame.places(ring) for county in counties for ring in county.rings], fill=GROUND, edge="#a9a294")
    canvas.lines([frame.places(line) for line in atlas.state_borders_in(frame.box)], color="#6d5f86", width=2.4, dash="9 5")
    _draw_streets(canvas, rows, WIDE_WIDTHS, edge=0.9)
    labels = Labels([*_MARKER, *_LEGEND, *[((WIDTH - x, HEIGHT - y), 32.0) for x in (30, 80) for y in (26, 70)]])
    named = _name_streets(canvas, labels, rows, sizes=(10, 10, 10, 11, 11.5), least=MAIN_RANK)
    shown = _name_counties(canvas, labels, frame, counties)
    home = _state_around(atlas, counties, latitude, longitude)
    if home:
        _draw_state(canvas, home, latitude, longitude)
    canvas.marker()
    canvas.scale(frame.meters_per_unit)
    state = [f"in {home.name}"] if home else []
    place = "; ".join([*state, *(f"county of {name}" for name in shown)]) or "outside of the counties known"
    main = f" Main streets: {', '.join(named)}." if named else ""
    return View("Wide view, by region", f"Map of the region, {WIDE_METERS // 1000} kilometers wide, north up, with a marker on "
                f"the place of capture: {place}.{main}", canvas.svg(),
                frozenset([OUTLINES_CREDIT, *(row.credit for row in rows if row.credit)]))


def name_over(canvas: Canvas, frame: Frame) -> set[str]:
    """Write the names of streets over a picture that is there already; return the credits of the street data."""
    rows = _rows(frame, Street.objects.filter(kind="street").exclude(name=""))
    _name_streets(canvas, Labels([*_MARKER, *_LEGEND]), rows, sizes=(11, 11.5, 12, 13, 13.5), light=True)
    return {row.credit for row in rows if row.credit}


def _rows(frame: Frame, streets: QuerySet[Street]) -> list[_Row]:
    west, south, east, north = frame.box
    found = streets.filter(south__range=(south - LONGEST_ROW, north), north__gte=south, west__lte=east, east__gte=west)
    columns = found.values_list("kind", "name", "street_class", "points", "dataset__attribution")[:MOST_ROWS]
    return [_Row(kind, name, RANKS.get(street_class.removesuffix("_link"), 1), frame.places(points), credit)
            for kind, name, street_class, points, credit in columns]


def _draw_streets(canvas: Canvas, rows: Collection[_Row], widths: tuple[float, ...], *, edge: float) -> None:
    """First the edges of all streets, then their surfaces: crossings look open."""
    by_rank: dict[int, list[list[Point]]] = defaultdict(list)
    for row in rows:
        if row.kind == "street":
            by_rank[row.rank].append(row.points)
    for colors, extra in ((EDGES, edge), (FILLS, 0.0)):
        for rank in sorted(by_rank):
            canvas.lines(by_rank[rank], color=colors[rank], width=widths[rank] + extra)


def _name_streets(
    canvas: Canvas, labels: Labels, rows: Iterable[_Row], *, sizes: tuple[float, ...], least: int = 0,
    light: bool = False,
) -> list[str]:
    """Write each street's name once, larger streets first; return the names that found a place."""
    by_name: dict[str, list[_Row]] = defaultdict(list)
    for row in rows:
        if row.kind == "street" and row.name and row.rank >= least:
            by_name[row.name].append(row)
    written = []
    for name, pieces in sorted(by_name.items(), key=lambda item: (-max(row.rank for row in item[1]), item[0])):
        rank = max(row.rank for row in pieces)
        found = labels.along([row.points for row in pieces], name, size=sizes[rank])
        if found:
            canvas.text(name, found[0], size=sizes[rank], angle=found[1], weight=600 if rank >= MAIN_RANK else 400,
                        color=LIGHT if light else DARK, halo=DARK if light else LIGHT)
            written.append(name)
    return written


def _name_counties(
    canvas: Canvas, labels: Labels, frame: Frame, counties: Iterable[outlines.Outline]
) -> list[str]:
    """Write the name of each county into the largest part of it that is in view."""
    sheet = shapely.box(20, 20, WIDTH - 20, HEIGHT - 20)
    written = []
    for county in counties:
        inside = [shapely.make_valid(shapely.Polygon(frame.places(ring))).intersection(sheet) for ring in county.rings]
        largest = max(inside, key=lambda part: part.area)
        if largest.area < 6000:
            continue
        written.append(county.name)
        places = [largest.representative_point(), *(spot for spot in _SPOTS if largest.contains(spot))]
        free = next((spot for spot in places if labels.at((spot.x, spot.y), county.name, size=19)), None)
        if free is not None:
            canvas.text(county.name.upper(), (free.x, free.y), size=12.5, color="#5d5650", weight=600, spacing=2)
    return written


def _state_around(
    atlas: outlines.Atlas, counties: Iterable[outlines.Outline], latitude: float, longitude: float
) -> outlines.Outline | None:
    here = shapely.Point(longitude, latitude)
    for county in counties:
        if any(shapely.make_valid(shapely.Polygon(ring)).intersects(here) for ring in county.rings):
            return atlas.state_of(county)
    return None


def _draw_state(canvas: Canvas, state: outlines.Outline, latitude: float, longitude: float) -> None:
    """The whole state in the lower right corner, with a dot on the place."""
    # The Aleutians reach beyond the date line: what lies on its other side is left out.
    rings = [ring for ring in state.rings if (ring[0][0] < 0) == (longitude < 0)]
    x, y, width, height = WIDTH - 112.0, HEIGHT - 98.0, 106.0, 92.0
    canvas.areas([[(x, y), (x + width, y), (x + width, y + height), (x, y + height)]], fill="#ffffff", edge="#5c5c5c")
    flat = Frame(latitude, longitude, 1.0)
    spots = [flat.places(ring) for ring in rings]
    across, down = ([point[axis] for spot in spots for point in spot] for axis in (0, 1))
    scale = min((width - 12) / (max(across) - min(across)), (height - 30) / (max(down) - min(down)))
    shift_x = x + width / 2 - (min(across) + max(across)) / 2 * scale
    shift_y = y + (height - 18) / 2 - (min(down) + max(down)) / 2 * scale
    canvas.areas([[(shift_x + px * scale, shift_y + py * scale) for px, py in spot] for spot in spots],
                 fill="#e4ddd0", edge="#8a7f6d")
    dot = shift_x + WIDTH / 2 * scale, shift_y + HEIGHT / 2 * scale
    canvas.areas([[(dot[0] - 4, dot[1]), (dot[0], dot[1] - 4), (dot[0] + 4, dot[1]), (dot[0], dot[1] + 4)]],
                 fill="#a51c1c", edge="#ffffff")
    canvas.text(state.name, (x + width / 2, y + height - 6), size=12, halo="")
