"""The demo's world is complete, plausible and the same every time."""

import errno
import gzip
import io
import json
import os
import random
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import chain, pairwise

import pytest
from django.core.files.base import ContentFile
from PIL import Image
from shapely.geometry import LineString, Point, Polygon, shape
from tzfpy import get_tz

from config.demo import cameras, fleet, pictures, plate_designs, town
from config.demo.photo_storage import SharingStorage
from lpr import streets
from lpr.formats import native

NOW = datetime(2026, 11, 21, 15, 0, tzinfo=UTC)
FEW = 1_500


@pytest.fixture(scope="module")
def features():
    return town.features()


@pytest.fixture(scope="module")
def all_reads():
    return list(fleet.reads(fleet.SEED, NOW))


def of(features, kind):
    return [feature for feature in features if feature["properties"]["k"] == kind]


# ---- the town ----


def test_the_town_has_all_that_the_map_and_the_address_look_up_need(features):
    count = Counter(feature["properties"]["k"] for feature in features)
    assert 120 <= count["street"] <= 300
    assert count["address"] > 200
    assert count["building"] > 500
    assert count["park"] >= 3
    assert count["water"] >= 1


def test_every_feature_follows_the_schema_of_street_files(features):
    for feature in features:
        properties, geometry = feature["properties"], feature["geometry"]
        assert feature["type"] == "Feature"
        assert shape(geometry).is_valid
        if properties["k"] == "street":
            assert geometry["type"] == "LineString"
            assert properties["n"]
            assert properties["c"]
            for left_from, left_to, right_from, right_to, *_ in properties.get("rng", []):
                assert int(left_from) % 2 == int(left_to) % 2 == 1
                assert int(right_from) % 2 == int(right_to) % 2 == 0
        elif properties["k"] == "address":
            assert geometry["type"] == "Point"
            assert {"h", "s", "z", "y"} <= properties.keys()
        else:
            assert geometry["type"] == "Polygon"


def test_streets_that_cross_share_a_vertex_and_none_stands_alone(features):
    names_at: dict[tuple, set[str]] = {}
    for street in of(features, "street"):
        for point in street["geometry"]["coordinates"]:
            names_at.setdefault(tuple(point), set()).add(street["properties"]["n"])
    crossings = [names for names in names_at.values() if len(names) > 1]
    assert len(crossings) > 100
    assert {"Main St", "Market St"} in crossings
    assert {"Ring Rd", "Mill Rd"} in crossings
    crossing_streets = set().union(*crossings)
    assert crossing_streets == {street["properties"]["n"] for street in of(features, "street")}


def test_the_turnpike_passes_over_main_street_without_a_crossing(features):
    points = {
        name: {
            tuple(p)
            for s in of(features, "street")
            if s["properties"]["n"] == name
            for p in s["geometry"]["coordinates"]
        }
        for name in ("Main St", "Harlow Turnpike")
    }
    assert not points["Main St"] & points["Harlow Turnpike"]


def test_two_bridges_and_no_other_street_cross_the_river(features):
    river = max((Polygon(water["geometry"]["coordinates"][0]) for water in of(features, "water")), key=lambda p: p.area)
    wet = {
        s["properties"]["n"]
        for s in of(features, "street")
        if LineString(s["geometry"]["coordinates"]).intersects(river)
    }
    assert wet == {"Main St", "Ring Rd"}


def test_an_address_stands_on_the_side_of_its_number(features):
    pieces: dict[str, list[dict]] = {}
    for street in of(features, "street"):
        if "rng" in street["properties"]:
            pieces.setdefault(street["properties"]["n"], []).append(street)
    right = 0
    addresses = of(features, "address")
    for address in addresses:
        number, here = int(address["properties"]["h"]), Point(address["geometry"]["coordinates"])
        fitting = [p for p in pieces[address["properties"]["s"]] if _holds(p, number)]
        line = min((p["geometry"]["coordinates"] for p in fitting), key=lambda c: LineString(c).distance(here))
        (ax, ay), (bx, by) = min(pairwise(line), key=lambda pair: LineString(pair).distance(here))
        on_left = (bx - ax) * (here.y - ay) - (by - ay) * (here.x - ax) > 0
        right += on_left == (number % 2 == 1)
    assert right == len(addresses)


def _holds(piece, number):
    left_from, left_to, right_from, right_to, *_ = (int(n) for n in piece["properties"]["rng"][0])
    return (left_from <= number <= left_to) if number % 2 else (right_from <= number <= right_to)


def test_the_town_lies_in_the_time_zone_of_its_state():
    latitude, longitude = town.CENTER
    assert get_tz(longitude, latitude) == str(fleet.ZONE)


def test_writes_the_same_file_each_time(tmp_path):
    one, two = tmp_path / "a.geojson.gz", tmp_path / "b.geojson.gz"
    assert town.write(one) == town.write(two) == len(town.features())
    assert one.read_bytes() == two.read_bytes()
    assert json.loads(gzip.decompress(one.read_bytes()))["type"] == "FeatureCollection"


# ---- cameras and vehicles ----


def test_cameras_of_the_four_kinds_stand_in_the_town():
    every = cameras.cameras()
    assert len({camera.code for camera in every}) == len({camera.name for camera in every}) == len(every) >= 20
    assert {camera.source for camera in every} == {"demo-toll", "demo-parking", "demo-repossession", "demo-police"}
    for camera in every:
        assert abs(camera.spot.latitude - town.CENTER[0]) < 0.03
        assert abs(camera.spot.longitude - town.CENTER[1]) < 0.04
        assert 0 <= camera.spot.heading < 360


def test_the_fleet_is_mixed_and_no_two_vehicles_share_a_plate_and_state():
    vehicles = fleet.fleet()
    states = Counter(vehicle.state for vehicle in vehicles)
    assert len(vehicles) == fleet.SIZE == len({(v.plate, v.state) for v in vehicles})
    assert states.most_common(1)[0][0] == "NY"
    assert len(states) >= 10
    assert {"sedan", "suv", "pickup", "van"} <= {vehicle.body for vehicle in vehicles}
    assert (vehicles[0].plate, vehicles[0].state) == fleet.WATCHED


def test_plates_fit_their_state_and_spell_nothing():
    for vehicle in fleet.fleet():
        pattern = plate_designs.DESIGNS[vehicle.state].pattern
        assert re.fullmatch(r"[A-Z0-9]{1,10}", vehicle.plate)
        assert re.sub(r"[A-Z]", "L", re.sub(r"\d", "0", vehicle.number)) == pattern
        assert not set(vehicle.plate) & set("AEIOUY")


# ---- reads ----


def test_reads_are_as_many_as_asked_within_five_years_and_oldest_first(all_reads):
    times = [read.captured_at for read in all_reads]
    assert len(all_reads) == 20_000
    assert times == sorted(times)
    assert NOW - timedelta(days=5 * 365) <= times[0] < NOW - timedelta(days=4 * 365)
    assert NOW - timedelta(days=2) < times[-1] <= NOW
    assert all(time.utcoffset() == timedelta(0) for time in times)
    assert sum(time > NOW - timedelta(days=365) for time in times) > 8_000


def test_every_read_has_a_record_id_of_its_own(all_reads):
    assert len({(read.source, read.source_record_id) for read in all_reads}) == len(all_reads)


def test_a_few_vehicles_are_seen_very_often_and_some_once(all_reads):
    seen = Counter(read.vehicle for read in all_reads)
    assert len(seen) == fleet.SIZE
    assert seen[0] == seen[1] == 400
    assert sum(count == 1 for count in seen.values()) >= 20


def test_about_one_read_in_fifty_comes_without_a_state(all_reads):
    without = sum(read.state == "" for read in all_reads)
    assert 250 < without < 550
    vehicles = fleet.fleet()
    assert all(read.state in ("", vehicles[read.vehicle].state) for read in all_reads)


def test_toll_reads_crowd_in_rush_hours_and_repossession_reads_at_night(all_reads):
    hours = {kind: Counter() for kind in cameras.SOURCES}
    for read in all_reads:
        hours[read.camera.kind][read.captured_at.astimezone(fleet.ZONE).hour] += 1
    toll, repossession = hours[cameras.TOLL], hours[cameras.REPOSSESSION]
    assert sum(toll[h] for h in (7, 8, 16, 17)) > toll.total() / 2
    assert sum(repossession[h] for h in (21, 22, 23, 0, 1, 2, 3, 4)) > repossession.total() / 2


def test_the_same_seed_gives_the_same_reads_and_another_seed_others():
    one = list(fleet.reads(1, NOW, count=FEW))
    assert one == list(fleet.reads(1, NOW, count=FEW))
    assert one != list(fleet.reads(2, NOW, count=FEW))
    assert len(one) == FEW


def test_the_readers_of_the_service_take_reads_and_streets_as_they_are(tmp_path):
    sent = [read.native() for read in fleet.reads(1, NOW, count=FEW)]
    taken = native.read({"reads": json.loads(json.dumps(sent))})
    assert [one.source_record_id for one in taken] == [one["source_record_id"] for one in sent]
    assert {one.confidence for one in taken} <= set(range(62, 100))
    town.write(tmp_path / "town.geojson.gz")
    assert not [one for one in streets.read(tmp_path / "town.geojson.gz") if isinstance(one, streets.BadFeature)]


def test_live_traffic_brings_the_watched_plate_often_and_never_from_the_future():
    rng = random.Random(5)
    live = [fleet.next_read(rng, NOW + timedelta(seconds=3 * i)) for i in range(300)]
    watched = [read for read in live if (read.plate, read.state) == fleet.WATCHED]
    assert 30 < len(watched) < 100
    assert len({read.source_record_id for read in live}) == len(live)
    assert all(read.captured_at < NOW + timedelta(seconds=3 * i) for i, read in enumerate(live))


# ---- pictures ----


def test_every_kind_of_read_has_a_plate_and_a_vehicle_picture_large_enough():
    wanted = {kind: [] for kind in cameras.SOURCES}
    for read in fleet.reads(1, NOW, count=FEW):
        if len(wanted[read.camera.kind]) < 4:
            wanted[read.camera.kind].append(read)
    for read in chain(*wanted.values()):
        plate, vehicle = (Image.open(io.BytesIO(jpeg)) for jpeg in pictures.pictures_for(read, seed=1))
        for picture in (plate, vehicle):
            picture.load()
            assert picture.format == "JPEG"
        assert min(plate.width / 300, plate.height / 150) >= 1
        assert min(vehicle.width / 640, vehicle.height / 400) >= 1


def test_pictures_are_shared_by_day_and_night_and_the_same_each_time():
    reads = [read for read in fleet.reads(1, NOW, count=FEW) if read.vehicle == 0]
    drawn = {pictures.pictures_for(read, seed=1) for read in reads}
    assert 1 < len(drawn) <= 8
    vehicle = fleet.fleet(1)[0]
    assert pictures.plate_picture(vehicle, rng=random.Random(3)) == pictures.plate_picture(
        vehicle, rng=random.Random(3)
    )


def test_a_live_read_gets_a_picture_of_its_own():
    read = fleet.next_read(random.Random(1), NOW)
    later = fleet.next_read(random.Random(1), NOW + timedelta(seconds=9))
    one = pictures.fresh_pictures_for(read, rng=random.Random(1))
    two = pictures.fresh_pictures_for(later, rng=random.Random(1))
    assert one[1] != two[1]


def test_plates_of_different_states_look_different():
    by_state = {}
    for vehicle in fleet.fleet():
        by_state.setdefault(vehicle.state, vehicle)
    grounds = set()
    for vehicle in by_state.values():
        picture = Image.open(io.BytesIO(pictures.plate_picture(vehicle, rng=random.Random(1))))
        grounds.add(picture.resize((3, 5)).tobytes())
    assert len(grounds) == len(by_state)


# ---- the photo store ----


def test_equal_photos_are_one_file_and_each_name_goes_by_itself(tmp_path, monkeypatch):
    store = SharingStorage(location=tmp_path)

    def save(number, picture=b"a"):
        return store.save(f"reads/{number}/x.jpg", ContentFile(picture))

    def no_link(*paths):
        raise OSError(errno.EMLINK, "too many links")

    with SharingStorage.sharing():
        names = [save(0), save(1), save(2, b"b")]
        files = [(tmp_path / name).stat().st_ino for name in names]
        assert (files[0] == files[1], files[0] == files[2]) == (True, False)
        assert save(0) != names[0]
        store.delete(names[0])
        assert store.open(names[1]).read() == b"a"
        # The first of them is gone, then the file system makes no more links: it is written out.
        written = [save(3)]
        monkeypatch.setattr(os, "link", no_link)
        written.append(save(4))
        monkeypatch.undo()
    written.append(save(5))
    assert [(store.open(name).read(), (tmp_path / name).stat().st_nlink) for name in written] == [(b"a", 1)] * 3
