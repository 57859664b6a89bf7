"""The maps of a report: two views that differ, drawn here, whatever lies around the place (RES-3)."""

import io
import xml.etree.ElementTree as ET
from datetime import UTC, datetime

import pytest
from PIL import Image

from lpr import map_tiles
from lpr.models import Street, StreetDataset
from lpr.report import drawn_streets, maps, region, satellite
from lpr.report.canvas import HEIGHT, WIDTH, Frame
from lpr.report.labels import Labels

PLACE = {"latitude": 39.96, "longitude": -83.0}
pytestmark = pytest.mark.usefixtures("database")
TEXT = "{http://www.w3.org/2000/svg}text"


@pytest.fixture
def add(database):
    """`add(name, points, kind=..., street_class=...)`: a street of the loaded data."""
    data = StreetDataset.objects.create(name="city", attribution="© OpenStreetMap contributors", loaded_at=datetime.now(UTC))

    def one(name, points, *, kind="street", street_class="residential"):
        across, up = [x for x, _ in points], [y for _, y in points]
        return Street.objects.create(dataset=data, kind=kind, name=name, street_class=street_class, points=points,
                                     west=min(across), south=min(up), east=max(across), north=max(up))

    return one


def names(view):
    return {text.text for text in ET.fromstring(view.svg).iter(TEXT)}


def both(**place):
    return maps.near(**place), region.Regions().view(**place)


@pytest.mark.req("RES-3")
def test_the_views_differ_and_each_has_marker_names_and_scale(add):
    add("Main Street", [[-83.02, 39.9601], [-82.98, 39.9601]], street_class="primary")
    add("Elm Street", [[-83.001, 39.955], [-83.001, 39.965]])
    add("Interstate 70", [[-83.1, 39.95], [-82.9, 39.95]], street_class="motorway")
    near, wide = both(**PLACE)
    assert near.svg != wide.svg
    assert {"Main Street", "Elm Street", "200 ft", "100 m", "N"} <= names(near)
    assert "Interstate 70" not in names(near)
    assert {"Interstate 70", "FRANKLIN", "Ohio", "5 km", "2 mi"} <= names(wide)
    assert "Elm Street" not in names(wide)
    for view in (near, wide):
        assert "#a51c1c" in view.svg
        assert "© OpenStreetMap contributors" in view.credits
    assert "Elm Street" in near.alt
    assert "Ohio" in wide.alt
    assert region.CREDIT in wide.credits


@pytest.mark.req("RES-3")
@pytest.mark.parametrize(("latitude", "longitude"), [
    (39.96, -83.0), (61.2, -149.9), (13.47, 144.75), (0.0, 0.0), (51.9, 179.6), (90.0, 0.0), (-90.0, 180.0), (18.2, -66.5)])
def test_a_place_without_street_data_still_has_both_views(latitude, longitude):
    near, wide = both(latitude=latitude, longitude=longitude)
    assert "No street data is loaded for this place." in names(near)
    assert near.svg != wide.svg
    ET.fromstring(wide.svg)


@pytest.mark.req("RES-3")
def test_the_wide_view_names_a_few_streets_even_where_all_of_them_are_short(add):
    for number in range(5):
        longitude = -83.02 + number / 100
        add(f"Harlow Turnpike {number}", [[longitude, 39.955], [longitude, 39.965]], street_class="motorway")
    _, wide = both(**PLACE)
    assert len([name for name in names(wide) if name.startswith("Harlow Turnpike")]) == region.FEW_NAMES


@pytest.mark.req("RES-3")
def test_names_of_streets_are_text_and_nothing_else(add):
    add('"/><script>alert(1)</script>&', [[-83.02, 39.961], [-82.98, 39.961]], street_class="primary")
    near, wide = both(**PLACE)
    assert '"/><script>alert(1)</script>&' in names(near)
    for view in (near, wide):
        assert "<script" not in view.svg


@pytest.mark.req("RES-3")
def test_areas_lie_below_streets_and_empty_names_are_not_written(add):
    add("", [[-83.001, 39.959], [-82.999, 39.959], [-82.999, 39.961], [-83.001, 39.961]], kind="park")
    add("", [[-83.02, 39.9601], [-82.98, 39.9601]])
    svg = maps.near(**PLACE).svg
    assert svg.index(maps.AREAS["park"][0]) < svg.index(drawn_streets.FILLS[1] + '" stroke-width="8')


@pytest.mark.req("RES-3")
def test_places_of_one_region_share_its_drawing_and_have_a_marker_each(django_assert_num_queries):
    regions = region.Regions()
    first = regions.view(**PLACE)
    with django_assert_num_queries(0):
        second = regions.view(latitude=39.965, longitude=-82.99)
    assert first.svg != second.svg


@pytest.fixture
def layer(settings, monkeypatch):
    """A satellite layer that answers with one picture; the list of addresses that were asked, or an error put into it."""
    settings.MAP_SATELLITE_TILES = "https://tiles.example/{z}/{y}/{x}"
    settings.MAP_ATTRIBUTION = "USGS"
    asked = []
    file = io.BytesIO()
    Image.new("RGB", (256, 256), (30, 70, 40)).save(file, "JPEG")

    def fetch(address):
        asked.append(address)
        if "down" in asked:
            raise map_tiles.TileNotFetched
        return file.getvalue()

    monkeypatch.setattr(map_tiles, "_fetch", fetch)
    monkeypatch.setattr(map_tiles, "_kept", lambda path: None)
    monkeypatch.setattr(map_tiles, "_keep", lambda path, content: None)
    return asked


@pytest.mark.req("RES-3")
def test_where_a_satellite_layer_is_configured_one_view_is_from_above(add, layer):
    add("Main Street", [[-83.02, 39.961], [-82.98, 39.961]], street_class="primary")
    view = satellite.Satellite().view(**PLACE)
    assert view.caption == "Satellite view"
    assert {"Main Street", "500 ft", "200 m"} <= names(view)
    assert "#a51c1c" in view.svg
    assert view.credits == {"USGS", "© OpenStreetMap contributors"}
    tiles = [(float(tile.get("x")), float(tile.get("y")), float(tile.get("width")), float(tile.get("height")))
             for tile in ET.fromstring(view.svg).iter("{http://www.w3.org/2000/svg}image")]
    assert len(tiles) == len(layer)
    # They cover the sheet, and the place stands where Mercator has it.
    assert min(x for x, *_ in tiles) <= 0
    assert min(y for _, y, *_ in tiles) <= 0
    assert max(x + width for x, _, width, _ in tiles) >= WIDTH
    assert max(y + height for _, y, _, height in tiles) >= HEIGHT
    assert all(address.startswith("https://tiles.example/16/") for address in layer)


@pytest.mark.req("RES-3")
def test_a_satellite_layer_that_fails_is_asked_once_and_the_region_takes_its_place(layer, settings):
    layer.append("down")
    above = satellite.Satellite()
    assert above.view(**PLACE) is None
    count = len(layer)
    assert above.view(**PLACE) is None
    assert len(layer) == count
    assert satellite.Satellite(until=0).view(**PLACE) is None
    settings.MAP_SATELLITE_TILES = ""
    assert satellite.Satellite().view(**PLACE) is None


def test_no_name_is_written_over_another_or_over_the_marker():
    labels = Labels([((WIDTH / 2, HEIGHT / 2), 20.0)])
    street = [[(0.0, 100.0), (float(WIDTH), 100.0)]]
    assert labels.along(street, "Main Street", size=14) is not None
    close = [[(0.0, 104.0), (float(WIDTH), 104.0)]]
    first = labels.along(close, "Elm Street", size=14)
    assert first is None or abs(first[0][0] - WIDTH / 2) > 60
    assert not labels.at((WIDTH / 2, HEIGHT / 2), "Here", size=14)
    assert labels.along([[(10.0, 10.0), (30.0, 10.0)]], "A very long name of a short street", size=14) is None


def test_a_place_on_the_sheet_and_in_degrees_are_one():
    frame = Frame(39.96, -83.0, 1.25)
    assert frame.places([(-83.0, 39.96)])[0] == pytest.approx((WIDTH / 2, HEIGHT / 2))
    west, south, east, north = frame.box
    (left, top), (right, bottom) = frame.places([(west, north), (east, south)])
    assert (left, top, right, bottom) == pytest.approx((0, 0, WIDTH, HEIGHT), abs=1e-6)


def test_a_line_keeps_its_ends_and_loses_what_nobody_sees():
    frame = Frame(39.96, -83.0, 1.0)
    line = [(-83.0 + step / 1e6, 39.96) for step in range(1001)]
    thinned = frame.thinned(line)
    assert len(thinned) < 130
    assert (thinned[0], thinned[-1]) == (frame.places(line)[0], frame.places(line)[-1])
    assert frame.thinned(line[:1]) == frame.places(line[:1])
