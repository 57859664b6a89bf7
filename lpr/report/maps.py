"""The near view of a read's place, drawn by ourselves from the streets that the operator loaded (RES-3).

A map asked of anybody else would tell them where an officer looks. The wide view is `region`, the view from above `satellite`.
"""

from dataclasses import dataclass

from lpr.models import Street
from lpr.report import drawn_streets
from lpr.report.canvas import HEIGHT, MIDDLE, WIDTH, Canvas, Frame
from lpr.report.labels import Labels

METERS = 560
"""Meters from edge to edge: a few blocks."""

GROUND = "#f5f2eb"
AREAS = {"water": ("#bcd5e8", "#a7c5dd"), "park": ("#d3e5c6", "#c3d8b4"), "building": ("#e2dccf", "#cfc7b5")}
WIDTHS = (3.0, 8.0, 10.0, 12.0, 14.0)


@dataclass(frozen=True)
class View:
    """A drawn map: its caption and its description in words, for who cannot see it; the credits it owes."""

    caption: str
    alt: str
    svg: str
    credits: frozenset[str]


def near(*, latitude: float, longitude: float) -> View:
    """The streets around a place with their names (RES-3).

    Args:
        latitude, longitude: degrees north and east.
    """
    frame = Frame(latitude, longitude, METERS / WIDTH)
    rows = drawn_streets.rows(frame, Street.objects.filter(kind__in=["street", *AREAS]))
    canvas = Canvas()
    canvas.fill_all(GROUND)
    for kind, (fill, edge) in AREAS.items():
        canvas.areas([row.points for row in rows if row.kind == kind], fill=fill, edge=edge)
    drawn_streets.draw(canvas, rows, WIDTHS, edge=2.0)
    labels = Labels([*drawn_streets.around(MIDDLE), *drawn_streets.LEGEND])
    named = drawn_streets.name(canvas, labels, rows, sizes=(11.5, 12.5, 13, 14, 14.5))
    if not any(row.kind == "street" for row in rows):
        canvas.text("No street data is loaded for this place.", (WIDTH / 2, HEIGHT / 2 + 34), size=16)
    canvas.marker()
    canvas.scale(frame.meters_per_unit)
    streets = f"Named streets: {', '.join(named)}." if named else "No named street is in view."
    return View("Near view, by streets", f"Street map, {METERS} meters wide, north up, with a marker on the place of "
                f"capture. {streets}", canvas.svg(), frozenset(row.credit for row in rows if row.credit))
