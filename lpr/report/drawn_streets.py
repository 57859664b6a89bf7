"""Streets on a map: how they are found, how they look, and where their names stand; the map on the screen has the same colors."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db.models import QuerySet

from lpr.models import Street
from lpr.report.canvas import HEIGHT, WIDTH, Canvas, Frame, Point
from lpr.report.labels import Labels

MOST_ROWS = 6_000
LONGEST_ROW = 0.5
"""Degrees: no street, park or building is taken to be longer, so that the index of boxes serves the look-up."""

DARK, LIGHT = "#1b1b1b", "#ffffff"
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

LEGEND = [((x, HEIGHT - 28.0), 26.0) for x in range(10, 191, 20)] + [((WIDTH - 26.0, 34.0), 22.0)]
"""Circles (middle and radius) that names leave free: scale and arrow."""


@dataclass(frozen=True)
class Row:
    """A street, park, piece of water or building on the sheet."""

    kind: str
    name: str
    rank: int
    points: list[Point]
    credit: str


def around(marker: Point) -> list[tuple[Point, float]]:
    """Circles that names leave free for a marker whose tip stands at a place."""
    x, y = marker
    return [((x, y - 30), 24.0), ((x, y - 6), 12.0)]


def rows(frame: Frame, streets: QuerySet[Street]) -> list[Row]:
    """Those of `streets` that lie in the frame."""
    west, south, east, north = frame.box
    found = streets.filter(south__range=(south - LONGEST_ROW, north), north__gte=south, west__lte=east, east__gte=west)
    columns = found.order_by("pk").values_list("kind", "name", "street_class", "points", "dataset__attribution")[:MOST_ROWS]
    return [Row(kind, name, RANKS.get(street_class.removesuffix("_link"), 1), frame.thinned(points), credit)
            for kind, name, street_class, points, credit in columns]


def draw(canvas: Canvas, rows: Collection[Row], widths: tuple[float, ...], *, edge: float) -> None:
    """First the edges of all streets, then their surfaces: crossings look open."""
    by_rank: dict[int, list[list[Point]]] = defaultdict(list)
    for row in rows:
        if row.kind == "street":
            by_rank[row.rank].append(row.points)
    surfaces = Canvas()
    for rank in sorted(by_rank):
        paths = canvas.path(by_rank[rank])
        canvas.stroke(paths, color=EDGES[rank], width=widths[rank] + edge)
        surfaces.stroke(paths, color=FILLS[rank], width=widths[rank])
    canvas.parts.extend(surfaces.parts)


def name(
    canvas: Canvas, labels: Labels, rows: Iterable[Row], *, sizes: tuple[float, ...], least: int = 0,
    light: bool = False,
) -> list[str]:
    """Write each street's name once, larger streets first; return the names that found a place."""
    written = []
    for name, pieces in _by_name(rows, least):
        rank = max(row.rank for row in pieces)
        found = labels.along([row.points for row in pieces], name, size=sizes[rank])
        if found:
            canvas.text(name, found[0], size=sizes[rank], angle=found[1], weight=600 if rank >= MAIN_RANK else 400,
                        color=LIGHT if light else DARK, halo=DARK if light else LIGHT)
            written.append(name)
    return written


def name_beside(
    canvas: Canvas, labels: Labels, rows: Iterable[Row], *, size: float, least: int, most: int, but: Collection[str]
) -> list[str]:
    """Write names level beside their streets, for a map on which these are too short to be written along: so many at most, and
    none of those in `but`."""
    written: list[str] = []
    for name, pieces in _by_name(rows, least):
        if len(written) < most and name not in but and (place := labels.beside([row.points for row in pieces], name, size=size)):
            canvas.text(name, place, size=size, weight=600)
            written.append(name)
    return written


def _by_name(rows: Iterable[Row], least: int) -> list[tuple[str, list[Row]]]:
    """The streets of a rank or more that have a name, larger ones first."""
    by_name: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row.kind == "street" and row.name and row.rank >= least:
            by_name[row.name].append(row)
    return sorted(by_name.items(), key=lambda item: (-max(row.rank for row in item[1]), item[0]))
