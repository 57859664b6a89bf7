"""Asking and looking, in a real browser: by keyboard alone, with a session that ends, in parts, with ten thousand reads."""

import re
import time
from collections.abc import Callable

import psycopg
import pytest
from playwright.sync_api import Page, expect

from config import embedded
from tests.journeys.conftest import Demo, look, sign_in
from tests.journeys.test_an_officers_day import CASE, ask

pytestmark = [pytest.mark.browser, pytest.mark.embedded]
# An average typist, pauses for thought included in the tabs: the keystroke-level model's 0.28 s a key.
SECONDS_A_KEY = 0.28
MANY = "MANY100"

_MANY_READS = """
INSERT INTO store.read (captured_at, received_at, stored_at, record_id, latitude_e6, longitude_e6, source_id, camera_id, place_id,
                        make_id, model_id, confidence, plate_photo_cut, plate, state)
SELECT t.at, t.at + interval '2 seconds', t.at + interval '3 seconds', gen_random_uuid(),
       r.latitude_e6 + (random() * 40000)::int - 20000, r.longitude_e6 + (random() * 40000)::int - 20000, r.source_id,
       r.camera_id, r.place_id, r.make_id, r.model_id, r.confidence, false, %(plate)s, 'NY'
FROM (SELECT now() - n * interval '50 minutes' AS at FROM generate_series(1, 10000) n) t
CROSS JOIN (SELECT * FROM store.read LIMIT 1) r
"""


class Keyboard:
    """Nothing but keys, and how many of them."""

    def __init__(self, page: Page) -> None:
        self.page, self.keys = page, 0

    def press(self, key: str, times: int = 1) -> None:
        for _ in range(times):
            self.page.keyboard.press(key)
            self.keys += 1

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)
        self.keys += len(text)

    def tab_to(self, name: str) -> None:
        """Tab on until the field of this name has the focus."""
        for _ in range(12):
            self.press("Tab")
            if self.page.evaluate("document.activeElement.name || document.activeElement.id || ''") == name:
                return
        raise AssertionError(f"{name} is not reached")


@pytest.mark.req("QRY-1")
def test_the_form_is_filled_in_by_keyboard_alone_in_less_than_twenty_seconds(visit: Callable[..., Page]) -> None:
    page = visit("officer.ero2")
    ask(page)
    page.goto("/queries/new/")
    expect(page.get_by_label("License plate number")).to_be_focused()
    expect(page.locator("[data-missing]")).to_contain_text("Still missing: License plate number, State, Reason")
    keys = Keyboard(page)
    started = time.monotonic()
    keys.type("hbx4172")
    keys.press("Tab")
    keys.type("new yo")
    keys.press("ArrowDown")
    keys.press("Enter")
    keys.tab_to("reason")
    keys.type("Adm")
    keys.tab_to("recent_case")
    keys.press("ArrowDown")
    keys.tab_to("timeframe")
    keys.type("Last 9")
    keys.tab_to("for_whom")
    keys.press("Space")
    expect(page.locator("[data-missing]")).to_have_text("Nothing is missing.")
    expect(page.locator("[name=case_reference]")).to_have_value(CASE)
    keys.tab_to("ask")
    keys.press("Enter")
    page.wait_for_url("**/queries/*-*/")
    seconds = time.monotonic() - started
    print(f"{keys.keys} keys: {keys.keys * SECONDS_A_KEY:.1f} s of an average typist; service and browser {seconds:.1f} s")
    assert keys.keys * SECONDS_A_KEY < 20


@pytest.mark.req("ACC-1", "QRY-1")
def test_a_session_that_ends_while_typing_keeps_the_form(demo: Demo, visit: Callable[..., Page]) -> None:
    page = visit("officer.ero")
    page.goto("/queries/new/")
    page.get_by_label("License plate number").fill("hbx-4172")
    page.locator("[name=case_reference]").fill(CASE)
    page.locator("[name=timeframe]").select_option("90d")
    page.context.clear_cookies(name="session")
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(page.locator("main")).to_contain_text("kept for 10 minutes")
    look(page, "sign-in-again")
    sign_in(page, "officer.ero", demo.password)
    expect(page.get_by_role("heading", name="New query")).to_be_visible()
    expect(page.get_by_label("License plate number")).to_have_value("hbx-4172")
    expect(page.locator("[name=case_reference]")).to_have_value(CASE)
    expect(page.locator("[name=timeframe]")).to_have_value("90d")
    assert page.locator(".field__error").count() == 0


@pytest.mark.req("RES-7", "ACC-1")
def test_back_after_signing_out_shows_nothing(visit: Callable[..., Page]) -> None:
    page = visit("officer.ero")
    ask(page)
    expect(page.locator("main")).to_contain_text("HBX4172")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert "HBX4172" not in page.content()


@pytest.mark.req("RES-2", "RES-1")
def test_a_part_of_the_result_the_sliders_and_list_and_map_go_together(visit: Callable[..., Page]) -> None:
    page = visit("officer.ero")
    ask(page)
    reads = page.locator("[data-map-list] > li")
    all_of_them = reads.count()
    assert all_of_them > 2
    page.get_by_label("From", exact=True).focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("[data-map-list] > li:visible")).to_have_count(all_of_them - 1)
    expect(page.locator(".map__time output")).to_contain_text(f"{all_of_them - 1} of the {all_of_them} reads")
    page.get_by_label("To", exact=True).focus()
    page.keyboard.press("Home")
    page.keyboard.press("End")
    reads.first.focus()
    page.keyboard.press("Enter")
    expect(reads.first).to_have_class(re.compile("is-chosen"))
    expect(page.locator(".pin--chosen")).to_have_count(1)
    page.locator(".pin:not(.pin--chosen)").first.focus()
    page.keyboard.press("Enter")
    look(page, "results-chosen")
    page.set_viewport_size({"width": 1280, "height": 900})
    page.locator("a[data-photo]").first.click()
    image = page.locator(".viewer__stage img")
    page.keyboard.press("+")
    expect(image).to_have_attribute("style", re.compile(r"scale\(1\.4\)"))
    page.keyboard.press("0")
    page.keyboard.press("Escape")
    page.get_by_text("Show a part of the result").click()
    page.get_by_label("Kind of source").select_option("toll_road")
    page.get_by_label("State of capture").select_option("NY")
    page.get_by_role("button", name="Show this part").click()
    page.wait_for_url("**/?look=*")
    expect(page.locator(".notice").nth(1)).to_contain_text("Only a part of the result is shown")
    look(page, "results-part")
    assert "toll" not in page.url
    assert "NY" not in page.url


@pytest.mark.req("QRY-6")
def test_a_place_is_chosen_on_the_map_by_mouse_and_by_keyboard(visit: Callable[..., Page]) -> None:
    page = visit("officer.ero")
    page.goto("/queries/new/")
    page.get_by_text("Limit to a place").click()
    chooser = page.locator("[data-map-pick]")
    expect(chooser.locator("canvas").first).to_be_visible()
    chooser.click(position={"x": 200, "y": 150})
    latitude = page.locator("[name=near_latitude]")
    expect(latitude).to_have_value(re.compile(r"^-?\d+\.\d{6}$"))
    expect(page.locator("[name=near_radius_km]")).to_have_value("5")
    before = latitude.input_value()
    chooser.focus()
    page.keyboard.press("Enter")
    expect(latitude).not_to_have_value(before)
    look(page, "query-form-place")


@pytest.mark.req("QRY-1", "RES-4", "BEY-6", "BEY-7")
def test_the_pages_around_a_result_are_for_everybody(visit: Callable[..., Page]) -> None:
    page = visit("officer.hsi")
    page.goto("/queries/new/")
    page.get_by_role("button", name="Ask", exact=True).click()
    look(page, "query-form-refused")
    page = visit("officer.ero")
    ask(page)
    page.get_by_role("link", name="Report as wrong").first.click()
    look(page, "error-report")
    compare = page.url.replace("/error/", "/compare/")
    page.goto(compare)
    look(page, "compare")
    page.goto("/reads/notices/")
    look(page, "corrections")


@pytest.mark.req("RES-3")
def test_the_print_view_prints_on_whole_pages(demo: Demo, visit: Callable[..., Page]) -> None:
    page = visit("officer.ero")
    ask(page)
    for box in page.locator("input[name=read]").all()[:2]:
        box.check()
    page.get_by_role("button", name="Print view").first.click()
    expect(page.locator("section.report__page")).to_have_count(3)
    look(page, "report")
    pdf = page.pdf(prefer_css_page_size=True)
    (demo.data_dir / "print-view.pdf").write_bytes(pdf)
    assert len(re.findall(rb"/Type\s*/Page[^s]", pdf)) == 3


@pytest.mark.req("RES-2")
def test_ten_thousand_reads_of_one_plate_stay_usable(demo: Demo, visit: Callable[..., Page]) -> None:
    entry = embedded.connection_settings(demo.data_dir, "postgres")
    with psycopg.connect(host=entry["HOST"], port=entry["PORT"], user="postgres", dbname=entry["NAME"],
                         passfile=entry["OPTIONS"]["passfile"]) as administrator:
        administrator.execute("DELETE FROM store.read WHERE plate = %s", [MANY])
        administrator.execute(_MANY_READS, {"plate": MANY})
    page = visit("officer.ero")
    page.goto("/queries/new/")
    page.get_by_label("License plate number").fill(MANY)
    page.locator("input.usa-combo-box__input").fill("New York")
    page.keyboard.press("Enter")
    page.locator("[name=reason]").select_option(index=1)
    page.locator("[name=case_reference]").fill(CASE)
    page.locator("[name=timeframe]").select_option("5y")
    page.locator("[name=for_whom][value=self]").check()
    started = time.monotonic()
    page.get_by_role("button", name="Ask", exact=True).click()
    page.wait_for_url("**/queries/*-*/")
    expect(page.get_by_role("heading", name="10000 reads found")).to_be_visible()
    expect(page.locator(".pin").first).to_be_visible()
    first = time.monotonic() - started
    assert page.locator("[data-map-list] > li").count() == 50
    look(page, "ten-thousand")
    page.set_viewport_size({"width": 1280, "height": 900})
    started = time.monotonic()
    page.get_by_role("link", name="Older reads").click()
    expect(page.locator("h2", has_text="page 2")).to_be_visible()
    older = time.monotonic() - started
    page.get_by_text("Show a part of the result").click()
    page.get_by_label("Captured from").fill("2026-03-01")
    page.get_by_label("Captured to").fill("2026-03-02")
    started = time.monotonic()
    page.get_by_role("button", name="Show this part").click()
    expect(page.locator("h2", has_text="of 10000 reads shown")).to_be_visible()
    part = time.monotonic() - started
    print(f"first page {first:.2f} s, older {older:.2f} s, two days {part:.2f} s")
    assert max(first, older, part) < 10
