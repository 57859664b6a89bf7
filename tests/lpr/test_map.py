"""The map's own streets, and tiles through our own cache: who may look, how much comes, and what is never fetched."""

import io
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from PIL import Image

from lpr import map_streets
from lpr.models import Street, StreetDataset


@pytest.fixture
def streets(database, now):
    dataset = StreetDataset.objects.create(name="town", loaded_at=now)

    def add(kind, name, points, street_class=""):
        Street.objects.create(dataset=dataset, kind=kind, name=name, street_class=street_class, points=points,
                              west=min(p[0] for p in points), east=max(p[0] for p in points),
                              south=min(p[1] for p in points), north=max(p[1] for p in points))

    add("street", "Main St", [[-83.0, 39.96], [-82.99, 39.96]], "residential")
    add("street", "I 70", [[-83.2, 39.95], [-82.8, 39.95]], "motorway")
    add("park", "Park", [[-83.0, 39.96], [-82.995, 39.96], [-82.995, 39.965], [-83.0, 39.96]])
    add("building", "", [[-83.0, 39.96], [-82.999, 39.96], [-82.999, 39.961], [-83.0, 39.96]])
    add("address", "Main St", [[-82.995, 39.9601]])
    add("street", "Elsewhere St", [[-70.0, 40.0], [-70.01, 40.0]])
    return add


@pytest.fixture
def browser(officer, signed_in):
    return signed_in(officer)


def names(answer):
    return {(feature["properties"]["kind"], feature["properties"]["name"]) for feature in answer.json()["features"]}


@pytest.mark.req("RES-2")
def test_a_box_answers_its_streets_and_areas(browser, streets):
    answer = browser.get("/map/streets/?bbox=-83.01,39.94,-82.98,39.97")
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "private, max-age=3600"
    assert names(answer) == {("street", "Main St"), ("street", "I 70"), ("park", "Park"), ("building", "")}
    shapes = {feature["properties"]["kind"]: feature["geometry"]["type"] for feature in answer.json()["features"]}
    assert shapes == {"street": "LineString", "park": "Polygon", "building": "Polygon"}


@pytest.mark.req("RES-2")
@pytest.mark.parametrize("question", ["bbox=-83.01,39.94,-82.98,39.97&detail=main", "bbox=-83.2,39.8,-82.8,40.1"])
def test_from_afar_only_the_larger_streets_come(browser, streets, question):
    assert names(browser.get(f"/map/streets/?{question}")) == {("street", "I 70"), ("park", "Park")}


def test_no_box_brings_more_than_a_browser_can_draw(browser, streets, monkeypatch):
    monkeypatch.setattr(map_streets, "MOST", {"street": 1})
    answer = browser.get("/map/streets/?bbox=-83.01,39.94,-82.98,39.97").json()
    assert ([f["properties"]["name"] for f in answer["features"]], answer["truncated"]) == (["I 70"], True)
    assert browser.get("/map/streets/?bbox=-125,24,-66,50").json()["features"] == []


@pytest.mark.req("RES-2")
def test_each_credit_stands_under_the_map_once(browser, settings, now):
    for name, credit in (("a", "© OpenStreetMap contributors"), ("b", "© OpenStreetMap contributors · City of Columbus"),
                         ("c", "© OpenStreetMap contributors"), ("d", "")):
        StreetDataset.objects.create(name=name, attribution=credit, loaded_at=now)
    settings.MAP_STREET_TILES, settings.MAP_ATTRIBUTION = "https://tiles.example/{z}/{y}/{x}", "© OpenStreetMap contributors"
    page = browser.get("/queries/new/").content.decode()
    assert 'data-attribution="© OpenStreetMap contributors · City of Columbus"' in page


@pytest.mark.parametrize("box", ["", "1,2,3", "a,b,c,d", "1,2,0,3", "-200,0,0,1", "nan,0,1,1", "0,0,inf,1"])
def test_a_bad_box_is_400(browser, box):
    assert browser.get(f"/map/streets/?bbox={box}").status_code == 400


@pytest.mark.req("ACC-10")
def test_maps_are_for_those_who_see_results(client, signed_in, operator, auditor, streets):
    address = "/map/streets/?bbox=-83.01,39.94,-82.98,39.97"
    assert client.get(address).status_code == 302
    assert signed_in(operator).get(address).status_code == 403
    assert signed_in(auditor).get(address).status_code == 200


# --- Tiles --------------------------------------------------------------------------------------------------------------
def picture(form="PNG"):
    file = io.BytesIO()
    Image.new("RGB", (256, 256), (10, 90, 10)).save(file, form)
    return file.getvalue()


@pytest.fixture
def tile_server(settings, tmp_path):
    """A tile server on this machine; it answers what `content` holds and notes what it is asked."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.server.asked.append((self.path, dict(self.headers)))
            if self.server.redirect:
                self.send_response(302)
                self.send_header("Location", self.server.redirect)
            else:
                self.send_response(200)
            self.end_headers()
            self.wfile.write(self.server.content)

        def log_message(self, *args):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        server.content, server.asked, server.redirect = picture(), [], ""
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        settings.MAP_TILE_CACHE = tmp_path / "tiles"
        settings.MAP_SATELLITE_TILES = f"http://127.0.0.1:{server.server_port}/tile/{{z}}/{{y}}/{{x}}"
        yield server
        server.shutdown()


@pytest.mark.req("RES-2")
def test_a_tile_is_fetched_once_and_nothing_of_the_officer_goes_along(browser, tile_server):
    for _ in range(2):
        answer = browser.get("/map/tiles/satellite/14/6174/4411")
        assert (answer.status_code, answer["Content-Type"], answer.content) == (200, "image/png", picture())
    ((path, headers),) = tile_server.asked
    assert path == "/tile/14/6174/4411"
    assert set(headers) <= {"Host", "User-Agent", "Accept-Encoding", "Connection"}


@pytest.mark.req("RES-2")
@pytest.mark.parametrize("path", ["street/14/6174/4411", "other/1/0/0", "satellite/17/0/0", "satellite/2/4/0",
                                  "satellite/2/0/4", "DATA_DIR/1/0/0"])
def test_what_is_not_configured_or_no_tile_is_404(browser, tile_server, path):
    assert browser.get(f"/map/tiles/{path}").status_code == 404
    assert tile_server.asked == []


def test_what_is_no_picture_is_not_passed_on(browser, tile_server):
    tile_server.content = b"<html><script>alert(1)</script></html>"
    assert browser.get("/map/tiles/satellite/14/6174/4411").status_code == 502
    tile_server.content = picture("JPEG")
    assert browser.get("/map/tiles/satellite/14/6174/4411")["Content-Type"] == "image/jpeg"


def test_a_redirect_leads_nowhere(browser, tile_server):
    tile_server.redirect = f"http://127.0.0.1:{tile_server.server_port}/secret"
    assert browser.get("/map/tiles/satellite/14/6174/4411").status_code == 502
    assert len(tile_server.asked) == 1


def test_a_tile_server_that_is_away_is_502(browser, tile_server, settings):
    settings.MAP_SATELLITE_TILES = "http://127.0.0.1:1/{z}/{y}/{x}"
    assert browser.get("/map/tiles/satellite/14/6174/4411").status_code == 502
