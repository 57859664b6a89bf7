"""Street files are read feature by feature, in our short schema and in TIGER/Line's."""

import gzip
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lpr import streets
from lpr.streets import AddressRange, BadFeature, Feature

LINE = {"type": "LineString", "coordinates": [[-83.0, 40.0], [-83.001, 40.0]]}
RING = [[-83.0, 40.0], [-83.0, 40.1], [-83.1, 40.1], [-83.0, 40.0]]


def feature(properties, geometry=LINE):
    return {"type": "Feature", "properties": properties, "geometry": geometry}


@pytest.fixture
def read(tmp_path):
    def write_and_read(*features, compress=False, text=None):
        content = (text or json.dumps({"type": "FeatureCollection", "name": "x", "features": features})).encode()
        path = tmp_path / "streets.geojson"
        path.write_bytes(gzip.compress(content) if compress else content)
        return list(streets.read(path))

    return write_and_read


@pytest.mark.req("DAT-6")
@pytest.mark.parametrize("compress", [True, False])
def test_streets_with_house_numbers_are_read_plain_and_compressed(read, compress):
    properties = {"k": "street", "n": "Main St", "c": "S1400", "rng": [["102", "198", "101", "", "43215", ""]]}
    assert read(feature(properties), compress=compress) == [
        Feature(
            kind="street",
            name="Main St",
            klass="S1400",
            geometry=((-83.0, 40.0), (-83.001, 40.0)),
            ranges=(AddressRange(102, 198, 101, None, "43215", ""),),
        )
    ]


def test_addresses_and_areas_are_read(read):
    point = {"type": "Point", "coordinates": [-83.0000004, 40.0, 230.5]}
    areas = [feature({"k": kind}, {"type": "Polygon", "coordinates": [RING]}) for kind in ("building", "park", "water")]
    address, *others = read(
        feature({"k": "address", "h": "12 1/2", "s": "Oak  Ave", "y": "Town", "z": 43215}, point), *areas
    )
    assert address == Feature("address", "Oak Ave", "", ((-83.0, 40.0),), (), "12 1/2", "Town", "43215")
    assert [(area.kind, len(area.geometry)) for area in others] == [("building", 4), ("park", 4), ("water", 4)]


@pytest.mark.req("DAT-6")
def test_tiger_line_names_are_understood(read):
    numbers = {"LFROMHN": "101", "LTOHN": "199", "RFROMHN": "100", "RTOHN": "198", "ZIPL": "59645", "ZIPR": None}
    with_numbers, without, hyphened = read(
        feature({"FULLNAME": "Main St", "ROAD_MTFCC": "S1400", **numbers}),
        feature({"FULLNAME": None, "MTFCC": "S1500"}),
        feature({"FULLNAME": "Rail Rd", "MTFCC": "R1011"}),
        feature({"FULLNAME": "Long Ave", "MTFCC": "S1400", "LFROMHN": "100-12", "LTOHN": "A4"}),
    )
    assert (with_numbers.name, with_numbers.klass) == ("Main St", "S1400")
    assert with_numbers.ranges == (AddressRange(101, 199, 100, 198, "59645", ""),)
    assert (without.name, without.ranges, hyphened.ranges) == ("", (), ())


@pytest.mark.parametrize(
    ("kind", "geometry"),
    [
        ("street", {"type": "MultiLineString", "coordinates": [LINE["coordinates"]] * 2}),
        ("park", {"type": "MultiPolygon", "coordinates": [[RING], [RING]]}),
    ],
)
def test_a_feature_of_several_parts_comes_as_several(read, kind, geometry):
    assert len(read(feature({"k": kind, "n": "X"}, geometry))) == 2


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (5, "not an object"),
        (feature(None), "no properties"),
        (feature({"k": "volcano"}), "kind of the feature"),
        (feature({"name": "Main St"}), "no known schema"),
        (feature({"k": "address", "s": "Main St"}, {"type": "Point", "coordinates": [0, 0]}), "no number"),
        (feature({"k": "street"}, None), "shape"),
        (feature({"k": "street"}, {"type": "Point", "coordinates": [0, 0]}), "shape"),
        (feature({"k": "street"}, {"type": "LineString", "coordinates": [[0, 0]]}), "too few points"),
        (
            feature({"k": "street"}, {"type": "LineString", "coordinates": [[0, 91], [0, 1]]}),
            "not longitude and latitude",
        ),
        (
            feature({"k": "street"}, {"type": "LineString", "coordinates": [["a", 1], [0, 1]]}),
            "not longitude and latitude",
        ),
        (feature({"k": "street"}, {"type": "LineString", "coordinates": 7}), "not in order"),
        (feature({"k": "park"}, {"type": "Polygon", "coordinates": []}), "too few points"),
        (feature({"k": "street", "rng": "1-99"}), "not a list"),
        (feature({"k": "street", "rng": [["1", "99"]]}), "not in sixes"),
    ],
)
def test_a_bad_feature_is_named_with_its_reason_and_the_rest_is_read(read, bad, said):
    good = feature({"k": "street", "n": "Main St"})
    first, second, third = read(good, bad, good)
    assert isinstance(second, BadFeature)
    assert second.index == 1
    assert said in second.reason
    assert first == third


@pytest.mark.parametrize("text", ["", "{}", "not json", '{"features": [{"type"', '{"features": [1'])
def test_a_file_that_is_no_collection_or_breaks_off_is_refused(read, text):
    with pytest.raises(streets.StreetsNotReadable):
        read(text=text or " ")


def test_a_file_that_is_missing_or_damaged_is_refused(tmp_path):
    damaged = tmp_path / "damaged.gz"
    damaged.write_bytes(gzip.compress(b"x" * 999)[:20])
    for path in (damaged, tmp_path / "none.geojson"):
        with pytest.raises(streets.StreetsNotReadable):
            list(streets.read(path))


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=7) | st.dictionaries(st.sampled_from(["k", "n", "type", "FULLNAME"]), inner),
    max_leaves=12,
)
properties = anything | st.fixed_dictionaries(
    {"k": st.sampled_from(["street", "address", "park"])},
    optional={"n": anything, "rng": anything, "h": anything, "s": anything},
)
shapes = st.sampled_from(["LineString", "Polygon", "Point", "MultiPolygon", "MultiPoint"])
geometries = anything | st.fixed_dictionaries({"type": shapes, "coordinates": anything})


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(properties, geometries)
def test_any_feature_is_read_or_left_out_with_a_reason(read, some_properties, geometry):
    for outcome in read(feature(some_properties, geometry)):
        assert isinstance(outcome, Feature | BadFeature)
