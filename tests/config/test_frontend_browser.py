"""The scripts in a real browser, under the policy of production: the map beside its list, the photo viewer, the forms."""

import http.server
import json
import os
import re
import shutil
import threading
import urllib.parse
from collections.abc import Callable, Iterator
from functools import partial

import pytest
from django import forms
from django.conf import settings
from django.template import engines
from playwright.sync_api import Page, expect, sync_playwright

from config import frontend

pytestmark = pytest.mark.browser
STATIC = frontend.ROOT / "config" / "static"
POLICY = "; ".join(
    " ".join([name, *values]) for name, values in settings.CONTENT_SECURITY_POLICY["DIRECTIVES"].items()
)
TOP = """{% extends "base.html" %}{% load static %}{% block title %}Trial{% endblock %}
{% block heading %}Trial{% endblock %}"""
LIST = TOP + """{% block content %}<div class="results"><ol class="results__list readlist" data-map-list>
{% for read in reads %}<li class="read" data-read-id="{{ read.id }}" data-lat="{{ read.lat }}" data-lon="{{ read.lon }}"
  data-label="{{ read.label }}" tabindex="0"><div class="read__head">
  {% include "includes/plate.html" with plate="ABC123" state="NJ" %}</div></li>{% endfor %}</ol>
<div class="results__map"><div class="map" data-map data-streets-url="/map/streets/"
  data-street-tiles="{{ street }}" data-satellite-tiles="{{ satellite }}" data-attribution="Data of a town"></div></div>
</div>{% endblock %}
{% block scripts %}<script type="module" src="{% static 'js/map.js' %}"></script>{% endblock %}"""
PHOTO = TOP + """{% block content %}
<p><a data-photo data-caption="Plate of read 1" href="{% static 'img/mark.svg' %}">Open photo</a></p>{% endblock %}
{% block scripts %}<script type="module" src="{% static 'js/photo.js' %}"></script>{% endblock %}"""
FORM = TOP + """{% block content %}<form class="form panel" method="post" novalidate>
{% include "includes/form_errors.html" %}{% include "includes/field.html" with field=form.plate %}
{% include "includes/field.html" with field=form.state combo=True %}
{% include "includes/field.html" with field=form.timeframe %}
<div data-shown-when="timeframe=custom">{% include "includes/field.html" with field=form.date_from %}</div>
</form>{% endblock %}{% block scripts %}<script type="module" src="{% static 'js/forms.js' %}"></script>{% endblock %}"""
NAV = [{"label": label, "url": "#", "current": label == "Queries"}
       for label in ("New query", "Queries", "Alerts", "Hits", "Audit", "Back office")]
STREET = {"type": "Feature", "properties": {"kind": "street", "name": "Mill Street", "class": "residential"},
          "geometry": {"type": "LineString", "coordinates": [[-74.02, 40.7], [-73.98, 40.7]]}}


class TrialForm(forms.Form):
    plate = forms.CharField(help_text="Letters and digits.")
    state = forms.ChoiceField(choices=[("", ""), ("NJ", "New Jersey"), ("NY", "New York")])
    timeframe = forms.ChoiceField(choices=[("7d", "7 days"), ("custom", "From - to")], widget=forms.RadioSelect)
    date_from = forms.DateField(required=False)


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves the trial's page, our static files and one street, each with the policy."""

    def __init__(self, *args: object, trial: "Trial") -> None:
        self.trial = trial
        super().__init__(*args, directory=str(STATIC.parent))

    def do_GET(self) -> None:
        self.trial.asked.append(self.path)
        if self.path == "/":
            self.answer("text/html; charset=utf-8", self.trial.html.encode())
        elif self.path.startswith("/map/streets/"):
            body = json.dumps({"type": "FeatureCollection", "features": [STREET]})
            self.answer("application/geo+json", body.encode())
        elif self.path.startswith("/map/tiles/"):
            self.answer("image/svg+xml", (STATIC / "img" / "mark.svg").read_bytes())
        else:
            super().do_GET()

    def answer(self, kind: str, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", POLICY)
        super().end_headers()

    def log_message(self, *args: object) -> None:
        pass


class Trial:
    """One page, the addresses it asked for, and what the browser complained of."""

    def __init__(self, page: Page, address: str) -> None:
        self.page, self.address, self.html = page, address, ""
        self.asked: list[str] = []
        self.complaints: list[str] = []
        page.on("console", lambda message: self.complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda problem: self.complaints.append(str(problem)))

    def show(self, template: str, **context: object) -> Page:
        self.html = engines["django"].from_string(template).render({"nav": NAV, "agency_name": "Trial Agency"} | context)
        self.page.goto(self.address)
        return self.page


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    frontend.build()
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=flags)
        yield browser
        browser.close()


@pytest.fixture
def trial(browser) -> Iterator[Trial]:
    yield from on_trial(browser.new_page(viewport={"width": 1280, "height": 900}))


@pytest.fixture
def phone(browser) -> Iterator[Trial]:
    """The same on a screen of fingers."""
    yield from on_trial(browser.new_page(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True))


def on_trial(page: Page) -> Iterator[Trial]:
    trial = Trial(page, "")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, trial=trial))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    trial.address = f"http://127.0.0.1:{server.server_port}/"
    yield trial
    page.close()
    server.shutdown()
    thread.join()
    server.server_close()
    assert trial.complaints == []


def reads(count: int, *, step: float) -> list[dict]:
    """Reads in rows of 25, `step` degrees apart."""
    return [{"id": f"r{i}", "lat": f"{40.7 + i // 25 * step:.6f}", "lon": f"{-74 + i % 25 * step:.6f}",
             "label": f"<b>Read</b> {i + 1}"} for i in range(count)]


@pytest.mark.req("RES-2")
def test_choosing_in_the_list_marks_the_map_and_the_other_way_round(trial):
    page = trial.show(LIST, reads=reads(3, step=0.002))
    second = page.locator(".read").nth(1)
    second.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".pin--chosen")).to_have_text("2")
    expect(second).to_have_attribute("aria-current", "true")
    page.locator(".pin", has_text="3").press("Enter")
    expect(page.locator(".read").nth(2)).to_have_attribute("aria-current", "true")
    expect(page.locator("[aria-current=true].read")).to_have_count(1)
    expect(page.locator(".pin--chosen")).to_be_focused()
    page.locator(".pin", has_text="1").click()
    expect(page.locator(".read").nth(0)).to_have_class("read is-chosen")


def test_what_data_says_is_shown_as_text(trial):
    page = trial.show(LIST, reads=reads(1, step=0.002))
    expect(page.locator(".pin")).to_have_attribute("aria-label", "1: <b>Read</b> 1")
    assert page.locator(".map b").count() == 0


@pytest.mark.req("RES-2")
def test_without_tiles_the_map_draws_its_own_streets_and_says_that_there_is_no_satellite(trial):
    page = trial.show(LIST, reads=reads(2, step=0.002))
    expect(page.get_by_text("No satellite layer is configured.")).to_be_visible()
    expect(page.get_by_text("Data of a town")).to_be_visible()
    expect(page.locator(".leaflet-streets-pane canvas")).to_be_attached()
    expect(page.locator(".leaflet-control-scale-line").first).to_be_visible()
    assert not [path for path in trial.asked if "/tiles/" in path]


def test_streets_are_asked_for_by_a_box_rounded_to_a_hundredth_of_a_degree_and_for_nothing_else(trial):
    page = trial.show(LIST, reads=reads(2, step=0.002))
    expect(page.locator(".leaflet-streets-pane canvas")).to_be_attached()
    page.wait_for_load_state("networkidle")
    asked = [urllib.parse.urlsplit(path) for path in trial.asked if path.startswith("/map/streets/")]
    assert len(asked) == 1
    query = urllib.parse.parse_qs(asked[0].query)
    assert set(query) == {"bbox", "detail"}
    sides = query["bbox"][0].split(",")
    assert all(len(side.split(".")[1]) == 2 for side in sides)
    west, south, east, north = map(float, sides)
    assert west < -74 < east
    assert south < 40.7 < north


@pytest.mark.req("RES-2")
def test_satellite_and_street_tiles_can_be_switched_when_configured(trial):
    page = trial.show(LIST, reads=reads(2, step=0.002), street="/map/tiles/street/{z}/{y}/{x}",
                      satellite="/map/tiles/satellite/{z}/{y}/{x}")
    expect(page.get_by_label("Street map")).to_be_checked()
    expect(page.locator(".leaflet-tile-loaded").first).to_be_visible()
    page.get_by_label("Satellite").check()
    expect(page.locator(".leaflet-tile-loaded").first).to_be_visible()
    expect(page.get_by_text("No satellite layer is configured.")).to_have_count(0)
    assert any(path.startswith("/map/tiles/satellite/16/") for path in trial.asked)
    assert not any("/17/" in path for path in trial.asked)


def test_five_hundred_reads_are_few_pins_and_reads_of_one_camera_are_chosen_in_turn(trial):
    page = trial.show(LIST, reads=reads(500, step=0.0004))
    expect(page.locator(".pin--group").first).to_be_visible()
    assert page.locator(".pin").count() < 200
    page = trial.show(LIST, reads=reads(4, step=0.0))
    for number in ("1", "2", "3", "4", "1"):
        page.locator(".pin--group").press("Enter")
        expect(page.locator(".pin--chosen")).to_have_text(number)


def test_a_photo_opens_in_a_dialog_that_keys_enlarge_and_close(trial):
    page = trial.show(PHOTO)
    page.get_by_role("link", name="Open photo").click()
    image = page.locator("dialog img")
    expect(page.get_by_role("dialog", name="Plate of read 1")).to_be_visible()
    page.keyboard.press("+")
    assert "scale(1.4)" in image.evaluate("image => image.style.transform")
    page.keyboard.press("0")
    assert "scale(1)" in image.evaluate("image => image.style.transform")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator("dialog img")).to_have_count(0)
    expect(page.get_by_role("link", name="Open photo")).to_be_focused()


def placed(page: Page) -> tuple[float, float, float]:
    """How far the open photo is moved, and how many times it is enlarged."""
    said = page.locator("dialog img").evaluate("image => image.style.transform")
    x, y, scale = re.fullmatch(r"translate\((.+)px, (.+)px\) scale\((.+)\)", said).groups()
    return float(x), float(y), float(scale)


def test_an_enlarged_photo_is_moved_by_arrows_to_its_edge_and_no_farther(trial):
    page = trial.show(PHOTO)
    page.get_by_role("link", name="Open photo").press("Enter")
    page.keyboard.press("ArrowRight")
    assert placed(page) == (0, 0, 1)
    for _ in range(3):
        page.keyboard.press("+")
    x, y, scale = placed(page)
    assert scale == pytest.approx(1.4**3)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    assert placed(page)[:2] == pytest.approx((x - 60, y - 60))
    for _ in range(60):
        page.keyboard.press("ArrowLeft")
    assert placed(page)[0] == 0
    page.keyboard.press("Tab")
    page.get_by_role("button", name="Close photo").press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_two_fingers_enlarge_a_photo_and_one_moves_it(phone):
    page = phone.show(PHOTO)
    page.get_by_role("link", name="Open photo").tap()
    stage = page.locator(".viewer__stage").bounding_box()
    middle = (stage["x"] + stage["width"] / 2, stage["y"] + stage["height"] / 2)
    fingers = page.context.new_cdp_session(page)

    def touch(kind: str, *at: tuple[float, float]) -> None:
        points = [{"x": middle[0] + x, "y": middle[1] + y, "id": number} for number, (x, y) in enumerate(at)]
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        # A move reaches the page with the next picture.
        page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    touch("touchStart", (-40, 0), (40, 0))
    for reach in (60, 90, 120):
        touch("touchMove", (-reach, 0), (reach, 0))
    assert placed(page)[2] == pytest.approx(3)
    x, y, _ = placed(page)
    touch("touchMove", (-100, 30), (140, 30))
    assert placed(page) == pytest.approx((x + 20, y + 30, 3), abs=2)
    touch("touchEnd")
    x, y, _ = placed(page)
    touch("touchStart", (0, 0))
    touch("touchMove", (25, -35))
    touch("touchEnd")
    assert placed(page) == pytest.approx((x + 25, y - 35, 3), abs=0.5)
    touch("touchStart", (-120, 0), (120, 0))
    touch("touchMove", (-10, 0), (10, 0))
    touch("touchEnd")
    assert placed(page) == (0, 0, 1)
    # The page behind stayed where it was.
    assert page.evaluate("[window.visualViewport.scale, window.scrollY]") == [1, 0]
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_dates_are_asked_for_only_with_a_timeframe_of_ones_own(trial):
    page = trial.show(FORM, form=TrialForm())
    page.get_by_label("7 days").check()
    expect(page.get_by_label("Date from")).to_be_hidden()
    assert page.locator("[name=date_from]").is_disabled()
    page.get_by_label("From - to").check()
    expect(page.get_by_label("Date from")).to_be_enabled()


def test_a_refused_form_starts_at_what_has_to_be_corrected(trial):
    page = trial.show(FORM, form=TrialForm(data={"timeframe": "7d"}))
    expect(page.locator("[data-error-summary]")).to_be_focused()
    page.locator("[data-error-summary] a", has_text="Plate").click()
    expect(page.get_by_label("Plate")).to_be_focused()


def test_a_state_is_found_by_typing(trial):
    page = trial.show(FORM, form=TrialForm())
    page.get_by_role("combobox", name="State").fill("york")
    page.get_by_role("option", name="New York").click()
    assert page.locator("select[name=state]").evaluate("select => select.value") == "NY"


def _axe_violations(page: Page) -> list[str]:
    page.evaluate((frontend.ROOT / frontend.VENDOR / "axe" / "axe.min.js").read_text("utf-8") + "\n;0")
    return page.evaluate("axe.run().then(result => result.violations.map(found => `${found.impact} ${found.id}`))")


@pytest.mark.parametrize("width", [320, 768, 1280])
@pytest.mark.parametrize("made", [
    pytest.param(lambda trial: trial.show(LIST, reads=reads(6, step=0.002)), id="results"),
    pytest.param(lambda trial: trial.show(FORM, form=TrialForm(data={})), id="form"),
    pytest.param(lambda trial: trial.show('{% extends "503.html" %}'), id="error page"),
])
def test_pages_fit_every_width_and_pass_axe(trial: Trial, made: Callable[[Trial], Page], width: int):
    trial.page.set_viewport_size({"width": width, "height": 800})
    page = made(trial)
    page.wait_for_load_state("networkidle")
    root = "document.documentElement"
    assert page.evaluate(f"{root}.scrollWidth <= {root}.clientWidth")
    assert _axe_violations(page) == []


def test_the_menu_of_a_phone_opens_and_closes(trial):
    trial.page.set_viewport_size({"width": 320, "height": 700})
    page = trial.show(PHOTO)
    expect(page.get_by_role("link", name="Alerts")).to_be_hidden()
    page.get_by_role("button", name="Menu").click()
    expect(page.get_by_role("link", name="Alerts")).to_be_visible()
