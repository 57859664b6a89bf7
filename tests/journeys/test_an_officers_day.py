"""The main job, end to end, in a real browser against the running demo: from signing in to the mail about a new read."""

import base64
import json
import re
import time
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

from config.demo import fleet, pictures
from tests.journeys.conftest import CASE, Demo, ask, look

pytestmark = [pytest.mark.browser, pytest.mark.embedded]


def post_read_of(demo: Demo, plate: str, state: str) -> None:
    """A new read of the plate, now, through the real API with a source's key."""
    rng = pictures.dice(f"journey {time.time_ns()}")
    read = next(read for read in iter(lambda: fleet.next_read(rng, datetime.now(UTC)), None)
                if (read.plate, read.state) == (plate, state))
    photos = [{"kind": kind, "jpeg": base64.b64encode(jpeg).decode()}
              for kind, jpeg in zip(("plate", "vehicle"), pictures.pictures_for(read), strict=True)]
    key = json.loads((demo.data_dir / "demo-source-keys.json").read_text())[read.source]
    request = urllib.request.Request(
        f"{demo.address}/api/v1/reads/", data=json.dumps({"reads": [read.native() | {"photos": photos}]}).encode(),
        headers={"Content-Type": "application/json", "Authorization": f"Source {key}"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert json.load(answer) == {"stored": 1, "duplicates": 0, "hits": 1, "refused": []}


@pytest.mark.req("QRY-1", "QRY-8", "RES-1", "RES-2", "RES-5", "ALR-1", "ALR-5", "ACC-8")
def test_from_signing_in_to_the_mail_about_a_new_read(demo: Demo, visit: Callable[..., Page]) -> None:
    page = visit()
    look(page, "login")
    page.get_by_label("Username").fill("officer.ero")
    page.get_by_label("Password", exact=False).first.fill(demo.password)
    page.get_by_role("button", name="Sign in").click()
    look(page, "rules")
    page.goto("/queries/new/")
    expect(page).to_have_url(re.compile("/accounts/rules/"))
    page.locator("[name=agree]").check()
    page.locator("main button[type=submit]").click()
    expect(page).to_have_url(f"{demo.address}/queries/new/")
    look(page, "query-form")

    ask(page)
    expect(page.locator("[data-map-list] li").first).to_contain_text("HBX4172")
    expect(page.locator("[data-map] canvas").first).to_be_visible()
    for picture in page.locator("[data-map-list] li").first.locator("img").all():
        picture.scroll_into_view_if_needed()
        expect(picture).to_have_js_property("complete", True)
        assert picture.evaluate("image => image.naturalWidth") > 100
    look(page, "results-top")
    page.set_viewport_size({"width": 1280, "height": 900})
    page.locator(".results").evaluate("element => element.scrollIntoView()")
    look(page, "results")
    page.locator("a[data-photo]").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")

    page.set_viewport_size({"width": 1280, "height": 900})
    page.get_by_role("link", name="Add to alert list").first.click()
    expect(page.get_by_label("License plate number")).to_have_value("HBX4172")
    page.locator("[name=ongoing]").check()
    look(page, "alert-form")
    page.get_by_role("button", name="Add alert").click()
    expect(page.locator("main")).to_contain_text("HBX4172")
    look(page, "alert-list")

    before = len(demo.mails())
    post_read_of(demo, *fleet.WATCHED)
    deadline = time.monotonic() + 20
    while len(demo.mails()) == before:
        assert time.monotonic() < deadline, demo.log.read_text()
        time.sleep(0.1)
    mail = demo.mails()[-1]
    assert "officer.ero@agency.example" in mail
    assert "HBX4172" in mail
    page.goto("/alerts/hits/")
    expect(page.locator("main")).to_contain_text("HBX4172")
    look(page, "hits")
    page.goto("/")
    look(page, "home")
    page.goto("/queries/")
    expect(page.locator("main")).to_contain_text(CASE)
    look(page, "queries")

    page.get_by_role("button", name="Sign out").click()
    page.go_back()
    page.reload()
    expect(page).to_have_url(re.compile("/accounts/login/"))


@pytest.mark.req("AUD-1", "AUD-3", "AUD-12")
def test_the_auditor_finds_every_step_of_it(demo: Demo, visit: Callable[..., Page]) -> None:
    ask(visit("officer.ero2"))
    page = visit("auditor.opr")
    page.goto("/audit/")
    look(page, "audit-search")
    page.set_viewport_size({"width": 1280, "height": 900})
    page.locator("[name=user]").fill("officer.ero2")
    page.locator("[name=user]").press("Enter")
    page.wait_for_url("**/audit/searches/*/")
    for step in ("Signed in", "Rules of behavior affirmed", "Query asked", "Query answered", "Query result viewed"):
        expect(page.locator("main")).to_contain_text(step)
    expect(page.locator("main")).to_contain_text(CASE)
    assert "HBX" not in page.url
    look(page, "audit-results")


@pytest.mark.req("ACC-6")
def test_a_manager_sees_their_own_people_in_the_back_office(visit: Callable[..., Page]) -> None:
    page = visit("manager.nyc")
    page.goto("/admin/")
    look(page, "back-office")
    page.goto("/admin/accounts/user/")
    expect(page.locator("#result_list")).to_contain_text("officer.ero")
    expect(page.locator("#result_list")).not_to_contain_text("officer.chi")


@pytest.mark.req("ACC-7")
def test_without_training_only_what_is_missing_is_shown(visit: Callable[..., Page]) -> None:
    page = visit("untrained.ero")
    page.goto("/queries/new/")
    expect(page).to_have_url(re.compile("/accounts/training/"))
    look(page, "training")


@pytest.mark.req("QRY-1", "QRY-3")
def test_what_is_wrong_is_said_at_its_field_and_nothing_typed_is_lost(visit: Callable[..., Page]) -> None:
    page = visit("officer.hsi", java_script_enabled=False)
    page.goto("/queries/new/")
    page.locator("[name=plate]").fill("ABC*")
    page.locator("[name=state]").select_option("PA")
    page.locator("[name=case_reference]").fill("test")
    page.get_by_role("button", name="Ask", exact=True).click()
    assert page.url.endswith("/queries/new/")
    expect(page.locator("#id_plate_error")).to_be_visible()
    expect(page.locator("#id_case_reference_error")).to_be_visible()
    expect(page.locator("#id_timeframe_error")).to_be_visible()
    expect(page.locator("[name=plate]")).to_have_value("ABC*")
    expect(page.locator("[name=state]")).to_have_value("PA")
    expect(page.locator("[name=case_reference]")).to_have_value("test")
