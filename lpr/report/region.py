"""The wide view: counties, state lines and main streets around a place, with the state as a whole in a corner (RES-3)."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import shapely
from django.conf import settings

from lpr.models import Street
from lpr.report import drawn_streets, outlines
from lpr.report.canvas import HEIGHT, WIDTH, Canvas, Frame
from lpr.report.drawn_streets import Row
from lpr.report.labels import Labels
from lpr.report.maps import GROUND, View

METERS = 32_000
"""Meters from edge to edge."""

STEP = 0.06
"""Degrees between the middles of regions: reads of one city share a few, each drawn once in a report."""

FEW_MAIN_STREETS = 300
"""With fewer main streets in view the others are shown as well: a small town is known by them."""

FEW_NAMES = 3
"""With fewer names along their streets the next ones stand beside them."""

CREDIT = "County and state lines: U.S. Census Bureau"
SEA = "#cfdfea"
WIDTHS = (0.1, 0.3, 0.6, 1.2, 2.0)
_INSET = [((WIDTH - x, HEIGHT - y), 32.0) for x in (30.0, 80.0) for y in (26.0, 70.0)]
# Where the name of a county may stand, from the upper left corner on.
_SPOTS = [shapely.Point(WIDTH * column / 8, HEIGHT * row / 12) for row in range(1, 12) for column in range(1, 8)]


@dataclass(frozen=True)
class _Region:
    """What is the same for all places of a region: its frame, what is drawn in it, and what may be named."""

    frame: Frame
    counties: list[outlines.Outline]
    rows: list[Row]
    ground: list[str]


@dataclass
class Regions:
    """The regions of one report, each drawn when it is first needed."""

    _drawn: dict[tuple[int, int], _Region] = field(default_factory=dict)

    def view(self, *, latitude: float, longitude: float) -> View:
        """The region around a place, with a marker on it.

        Args:
            latitude, longitude: degrees north and east.
        """
        cell = round(latitude / STEP), round(longitude / STEP)
        if cell not in self._drawn:
            self._drawn[cell] = _region(cell[0] * STEP, cell[1] * STEP)
        return _view(self._drawn[cell], latitude, longitude)


def _region(latitude: float, longitude: float) -> _Region:
    frame = Frame(latitude, longitude, METERS / WIDTH)
    atlas = _atlas()
    counties = atlas.counties_in(frame.box)
    streets = Street.objects.filter(kind="street")
    rows = drawn_streets.rows(frame, streets.filter(street_class__in=drawn_streets.MAIN_CLASSES))
    if len(rows) < FEW_MAIN_STREETS:
        rows = [*drawn_streets.rows(frame, streets.exclude(street_class__in=drawn_streets.MAIN_CLASSES)), *rows]
    canvas = Canvas()
    canvas.fill_all(SEA)
    canvas.areas([frame.thinned(ring) for county in counties for ring in county.rings], fill=GROUND, edge="#a9a294")
    borders = [frame.thinned(line) for line in atlas.state_borders_in(frame.box)]
    canvas.lines(borders, color="#6d5f86", width=2.4, dash="9 5")
    drawn_streets.draw(canvas, rows, WIDTHS, edge=0.9)
    return _Region(frame, counties, rows, canvas.parts)


def _view(region: _Region, latitude: float, longitude: float) -> View:
    canvas = Canvas(list(region.ground))
    [marker] = region.frame.places([(longitude, latitude)])
    labels = Labels([*drawn_streets.around(marker), *drawn_streets.LEGEND, *_INSET])
    main = drawn_streets.name(canvas, labels, region.rows, sizes=(10, 10, 10, 11, 11.5), least=drawn_streets.MAIN_RANK)
    if len(main) < FEW_NAMES:
        main += drawn_streets.name_beside(canvas, labels, region.rows, size=11, least=1, most=FEW_NAMES - len(main),
                                          but=main)
    counties = _name_counties(canvas, labels, region.frame, region.counties)
    home = _state_around(region.counties, latitude, longitude)
    if home:
        _draw_state(canvas, home, latitude, longitude)
    canvas.marker(marker)
    canvas.scale(region.frame.meters_per_unit)
    state = [f"in {home.name}"] if home else []
    place = "; ".join([*state, *(f"county of {county}" for county in counties)]) or "outside of the counties known"
    streets = f" Main streets: {', '.join(main)}." if main else ""
    return View("Wide view, by region", f"Map of the region, {METERS // 1000} kilometers wide, north up, with a marker on "
                f"the place of capture: {place}.{streets}", canvas.svg(),
                frozenset([CREDIT, *(row.credit for row in region.rows if row.credit)]))


def _atlas() -> outlines.Atlas:
    return outlines.atlas(settings.STATE_OUTLINES_FILE.with_name("counties-10m.json"))


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


def _state_around(counties: Iterable[outlines.Outline], latitude: float, longitude: float) -> outlines.Outline | None:
    here = shapely.Point(longitude, latitude)
    for county in counties:
        if any(shapely.make_valid(shapely.Polygon(ring)).intersects(here) for ring in county.rings):
            return _atlas().state_of(county)
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
