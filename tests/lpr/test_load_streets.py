"""`load_streets`: files in the short schema and TIGER/Line's, replaced by name, credited to whose data they are."""

import gzip
import io
import json

import pytest
from django.core.management import CommandError, call_command

from config import databases
from lpr.models import Street, StreetDataset


def feature(properties, *points, shape="LineString"):
    coordinates = [list(points)] if shape == "Polygon" else list(points[0]) if shape == "Point" else list(points)
    return {"type": "Feature", "properties": properties, "geometry": {"type": shape, "coordinates": coordinates}}


STREETS = [
    feature({"k": "street", "n": "Main St", "c": "residential", "rng": [[1, 99, 2, 98, "43215", "43215"]]}, [-83.0, 39.96],
            [-82.99, 39.96]),
    feature({"k": "address", "h": "12", "s": "Main St", "z": "43215", "y": "Columbus"}, [-82.995, 39.9601], shape="Point"),
    feature({"k": "park"}, [-83, 39], [-82.9, 39], [-82.9, 39.1], [-83, 39], shape="Polygon"),
    feature({"k": "nonsense"}, [-83, 39]),
]
TIGER = [feature({"FULLNAME": "Hwy 360", "LFROMHN": "1", "LTOHN": "99", "RFROMHN": "2", "RTOHN": "98", "ZIPL": "59645",
                  "ZIPR": "59645", "ROAD_MTFCC": "S1400"}, [-110.9, 46.55], [-110.8, 46.55])]


@pytest.fixture
def load(database, tmp_path):
    def run(features, *, name="town-osm.geojson", zipped=False, **options):
        content = json.dumps({"type": "FeatureCollection", "features": features}).encode()
        path = tmp_path / (f"{name}.gz" if zipped else name)
        path.write_bytes(gzip.compress(content) if zipped else content)
        out = io.StringIO()
        call_command("load_streets", str(path), stdout=out, **options)
        return out.getvalue()

    return run


@pytest.mark.req("DAT-6", "RES-2")
def test_features_are_loaded_with_their_box_and_credit(load):
    said = load(STREETS, zipped=True)
    assert "3 features, 1 left out" in said
    dataset = StreetDataset.objects.get()
    assert (dataset.name, dataset.attribution) == ("town-osm", "© OpenStreetMap contributors")
    street = Street.objects.get(kind="street")
    assert (street.west, street.south, street.east, street.north) == (-83.0, 39.96, -82.99, 39.96)
    assert (street.name, street.street_class, street.ranges) == (
        "Main St", "residential", [[1, 99, 2, 98, "43215", "43215"]])
    address = Street.objects.get(kind="address")
    assert (address.number, address.name, address.city, address.zip_code) == ("12", "Main St", "Columbus", "43215")


@pytest.mark.req("DAT-6")
def test_tiger_line_is_loaded_and_credited_to_the_census_bureau(load):
    load(TIGER, name="meagher-tiger2021-addrfeat.geojson")
    assert StreetDataset.objects.get().attribution == "Source: US Census Bureau, TIGER/Line 2021"
    assert Street.objects.get().name == "Hwy 360"


def test_a_name_loaded_again_replaces_what_was_there(load):
    load(STREETS, name="a.geojson")
    load(STREETS[:1], name="a.geojson", attribution="Ours")
    assert StreetDataset.objects.get().attribution == "Ours"
    assert Street.objects.count() == 1


def test_a_broken_file_changes_nothing(load, tmp_path):
    load(STREETS, name="a.geojson")
    path = tmp_path / "b" / "a.geojson"
    path.parent.mkdir()
    path.write_text((tmp_path / "a.geojson").read_text()[:-200])
    with pytest.raises(CommandError):
        call_command("load_streets", str(path), verbosity=0)
    assert Street.objects.count() == 3


@pytest.mark.req("AUD-1")
def test_loading_streets_is_on_record(load):
    load(STREETS)
    with databases.administrator() as admin:
        kinds = [row[0] for row in admin.execute("SELECT kind FROM audit.event ORDER BY at").fetchall()]
    assert kinds == ["command.run", "record.added"]
