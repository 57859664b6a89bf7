"""The nearest address and intersection, the time zone and the state of a place."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpr import places
from lpr.places import StateOutlines, StreetIndex
from lpr.streets import AddressRange, Feature

LAT, LON = 40.0, -83.0
METER_NORTH = 1 / 111_195
METER_EAST = METER_NORTH / math.cos(math.radians(LAT))


def at(east, north):
    """Longitude and latitude of a place so many meters from the middle of a small made-up town."""
    return LON + east * METER_EAST, LAT + north * METER_NORTH


def street(name, *points, ranges=(), klass="residential"):
    return Feature("street", name, klass, tuple(at(*point) for point in points), ranges)


def address(number, name, point, city="Town"):
    return Feature("address", name, "", (at(*point),), (), number, city, "43215")


def ask(index, what, east, north):
    lon, lat = at(east, north)
    return getattr(index, what)(lat, lon)


EAST = AddressRange(101, 199, 100, 198, "43201", "43202")  # odd numbers on the left


@pytest.fixture
def town():
    return StreetIndex(
        [
            street("Main St", (0, 0), (500, 0), (1000, 0), ranges=(EAST,), klass="primary"),
            street("3rd Ave", (500, -300), (500, 0), (500, 300)),
            street("Bridge Rd", (250, -300), (250, 300)),  # crosses Main St without a shared vertex
            street("", (1000, 0), (1000, 300)),
            address("7", "Oak Ave", (0, 400)),
        ]
    )


@pytest.mark.req("DAT-6")
@pytest.mark.parametrize(
    ("east", "north", "number", "zip_code"),
    [(490, 20, "149", "43201"), (510, -20, "150", "43202"), (0, 9, "101", "43201"), (1000, -9, "198", "43202")],
)
def test_a_house_number_is_counted_along_the_right_side_with_its_parity(town, east, north, number, zip_code):
    found = ask(town, "nearest_address", east, north)
    assert (found.number, found.street, found.zip, found.approximate) == (number, "Main St", zip_code, True)
    assert found.distance_m == pytest.approx(abs(north), abs=0.5)
    assert str(found) == f"about {number} Main St, {zip_code}"


@pytest.mark.req("DAT-6")
def test_a_surveyed_address_within_150_meters_goes_before_a_counted_one(town):
    found = ask(town, "nearest_address", 0, 260)
    assert (found.number, found.street, found.approximate, str(found)) == (
        "7",
        "Oak Ave",
        False,
        "7 Oak Ave, Town 43215",
    )
    assert ask(town, "nearest_address", 0, 120).street == "Main St"
    assert ask(town, "nearest_address", -200, 600).street == "Oak Ave"


def test_an_address_that_is_far_says_so(town):
    assert str(ask(town, "nearest_address", 0, 1400)) == "7 Oak Ave, Town 43215 (0.6 miles away)"


@pytest.mark.parametrize(
    ("ranges", "east", "north", "number"),
    [
        ((AddressRange(199, 101, None, None, "", ""),), 0, 10, "199"),  # numbers that fall in the direction of the line
        ((AddressRange(101, 199, None, None, "", ""),), 490, -10, "149"),  # no numbers on this side: those across
        ((AddressRange(100, 199, None, None, "", ""),), 510, 10, "150"),  # both parities on one side
        ((AddressRange(102, 100, None, None, "", ""), AddressRange(198, 104, None, None, "", "")), 1000, 10, "100"),
        ((AddressRange(7, 7, None, None, "", ""),), 500, 10, "7"),
    ],
)
def test_odd_ranges_still_give_a_number(ranges, east, north, number):
    index = StreetIndex([street("Main St", (0, 0), (1000, 0), ranges=ranges)])
    assert ask(index, "nearest_address", east, north).number == number


def test_a_street_whose_numbers_cannot_be_counted_gives_no_address():
    index = StreetIndex([street("Main St", (0, 0), (1000, 0), ranges=(AddressRange(None, 5, None, None, "", ""),))])
    assert ask(index, "nearest_address", 10, 10) is None


@pytest.mark.req("DAT-6")
def test_the_nearest_intersection_is_a_vertex_that_streets_of_different_names_share(town):
    assert ask(town, "nearest_intersection", 240, 10) == "Main St & 3rd Ave"


@pytest.mark.req("DAT-6")
def test_nothing_beyond_a_mile_is_called_nearest(town):
    assert ask(town, "nearest_intersection", 500, 1600) == "Main St & 3rd Ave"
    assert ask(town, "nearest_intersection", 500, 1620) is None
    assert ask(town, "nearest_address", 0, 2000) is not None
    assert ask(town, "nearest_address", 0, 2020) is None


def test_one_street_under_two_names_does_not_cross_itself():
    line, onward = [(0, 0), (500, 0)], [(500, 0), (900, 0)]
    index = StreetIndex(
        [street("State Hwy 360", *line), street("Oak St", *reversed(line)), street("State Hwy 360", *onward)]
    )
    assert ask(index, "nearest_intersection", 500, 0) is None
    crossed = StreetIndex(
        [street("State Hwy 360", *line), street("Oak St", *line), street("Elm St", (500, 0), (500, 99))]
    )
    assert ask(crossed, "nearest_intersection", 500, 0) == "Elm St & Oak St"


def test_an_area_without_streets_answers_none():
    index = StreetIndex([])
    assert index.nearest_address(LAT, LON) is None
    assert index.nearest_intersection(LAT, LON) is None


@given(st.floats(-90, 90), st.floats(-180, 180))
def test_every_place_on_earth_gets_an_answer(lat, lon):
    index = StreetIndex([street("A St", (0, 0), (9, 0), ranges=(EAST,)), street("B St", (0, 0), (0, 9))])
    assert isinstance(index.nearest_intersection(lat, lon), str | None)
    assert isinstance(index.nearest_address(lat, lon), places.Address | None)


@pytest.mark.req("DAT-6")
@pytest.mark.parametrize(
    ("lat", "lon", "zone"),
    [
        (39.9612, -82.9988, "America/New_York"), (41.8781, -87.6298, "America/Chicago"),
        (33.4484, -112.074, "America/Phoenix"), (21.3069, -157.8583, "Pacific/Honolulu"),
        (18.4655, -66.1057, "America/Puerto_Rico"), (35.0, -50.0, "Etc/GMT+3"),
    ],
)  # fmt: skip
def test_the_time_zone_of_a_place_is_known(lat, lon, zone):
    assert places.zone(lat, lon) == zone


# Two square states that share the meridian 83 W, with a lake in the western one, as TopoJSON in steps of 0.01 degrees.
ARCS = [
    [[100, 0], [0, 100]],  # 0: the shared border, northward
    [[100, 100], [-100, 0], [0, -100], [100, 0]],  # 1: the rest of the western state, from the north of the border
    [[100, 0], [100, 0], [0, 100], [-100, 0]],  # 2: the rest of the eastern state, from the south of the border
    [[40, 40], [20, 0], [0, 20], [-20, 0], [0, -20]],  # 3: the lake
]
TOPOLOGY = {
    "type": "Topology",
    "transform": {"scale": [0.01, 0.01], "translate": [-84.0, 39.0]},
    "arcs": ARCS,
    "objects": {
        "states": {
            "geometries": [
                {"id": "18", "type": "Polygon", "arcs": [[0, 1], [3]]},
                {"id": "39", "type": "MultiPolygon", "arcs": [[[2, ~0]]]},
                {"id": "99", "type": "Polygon", "arcs": [[3]]},
            ]
        }
    },
}


@pytest.fixture
def outlines(tmp_path):
    path = tmp_path / "states.json"
    path.write_text(json.dumps(TOPOLOGY))
    return StateOutlines(path)


@pytest.mark.req("QRY-6")
@pytest.mark.parametrize(
    ("lat", "lon", "state"),
    [
        (39.5, -83.9, "IN"), (39.5, -82.5, "OH"), (39.5, -83.001, "IN"), (39.5, -82.999, "OH"),
        (40.04, -82.5, "OH"), (40.06, -82.5, None), (39.41, -83.5, "IN"), (39.5, -83.5, None), (90.0, 0.0, None),
    ],
)  # fmt: skip
def test_the_state_of_a_place_is_told_with_5_km_of_tolerance_outside_of_all(outlines, lat, lon, state):
    assert outlines.state_at(lat, lon) == state


@pytest.mark.parametrize(
    "content", ["", "{}", "[]", '{"arcs": [[["a"]]], "transform": {"scale": [1, 1], "translate": [0, 0]}}']
)
def test_a_file_without_outlines_is_refused(tmp_path, content):
    path = tmp_path / "states.json"
    path.write_text(content)
    for bad in (path, tmp_path / "missing.json"):
        with pytest.raises(places.OutlinesNotReadable):
            StateOutlines(bad)
