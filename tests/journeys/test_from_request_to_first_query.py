"""A new officer, from the public form to the first result: request, approval, key, training, splash, query (ACC-4, 5, 7)."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.journeys import people
from tests.journeys.conftest import Demo, affirm, ask, give_password, look

pytestmark = [pytest.mark.browser, pytest.mark.embedded]


@pytest.mark.req("ACC-1", "ACC-2", "ACC-4", "ACC-5", "ACC-6", "ACC-7", "ACC-8", "QRY-8")
def test_a_new_officer_gets_in_by_request_approval_key_and_training(demo: Demo, visit: Callable[..., Page]) -> None:
    username = people.new_name("nora.field")
    full_name, email = f"Nora Field {username[-4:]}", f"{username}@agency.example"
    stranger = visit()
    stranger.get_by_role("link", name="Request an account").click()
    look(stranger, "access-request")
    fill_request(stranger, full_name, email)
    stranger.get_by_label("Scan of the signed form").set_input_files(
        {"name": "form.pdf", "mimeType": "application/pdf", "buffer": b"MZ this is no PDF"})
    stranger.get_by_role("button", name="Send request").click()
    expect(stranger.locator("#id_form_error")).to_contain_text("not a PDF, PNG or JPEG")
    expect(stranger.locator("[name=full_name]")).to_have_value(full_name)
    look(stranger, "access-request-wrong-scan")
    stranger.get_by_label("Scan of the signed form").set_input_files(
        {"name": "form.png", "mimeType": "image/png", "buffer": people.scan()})
    stranger.get_by_role("button", name="Send request").click()
    expect(stranger).to_have_url(re.compile("/accounts/request/filed/"))
    look(stranger, "access-request-filed")
    demo.mail(email, "has arrived")

    other = visit("manager.chi")
    other.goto("/admin/accounts/accessrequest/")
    expect(other.locator("#content")).not_to_contain_text(full_name)
    manager = visit("manager.nyc")
    manager.goto("/admin/accounts/accessrequest/")
    expect(manager.locator("#result_list")).to_contain_text("Waiting for a decision")
    look(manager, "request-queue")
    manager.get_by_role("row").filter(has_text=full_name).get_by_role("link").first.click()
    look(manager, "request-to-decide")
    with manager.expect_download() as download:
        manager.get_by_role("link", name="Download the scan").click()
    assert download.value.suggested_filename.endswith(".png")
    where = manager.url
    manager.get_by_role("button", name="Approve").click()
    expect(manager.locator(".messagelist")).to_contain_text("is approved")
    expect(manager.locator("#content")).to_contain_text("Approved, key issued")
    look(manager, "request-approved")
    other.goto(where)
    expect(other.locator("body")).not_to_contain_text(full_name)

    address = re.search(r"http://\S+/accounts/register/\S+", demo.mail(email, "/accounts/register/"))[0]
    stranger.goto(address)
    look(stranger, "register")
    people.register(stranger, address, username)
    expect(stranger).to_have_url(re.compile("/accounts/login/"))
    expect(stranger.locator("main")).to_contain_text("Your account is registered")
    used = visit()
    used.goto(address)
    expect(used.locator("h1")).to_be_visible()
    expect(used.locator("[name=username]")).to_have_count(0)
    look(used, "register-key-used")

    give_password(stranger, username, people.PASSWORD)
    affirm(stranger)
    stranger.goto("/queries/new/")
    expect(stranger).to_have_url(re.compile("/accounts/training/"))
    missing = stranger.locator("main li").all_inner_texts()
    record_training(manager, username, [re.sub(r"( \(every|:).*", "", text) for text in missing])
    look(manager, "training-recorded")
    stranger.get_by_role("button", name="Sign out").click()

    give_password(stranger, username, people.PASSWORD)
    expect(stranger).to_have_url(re.compile("/accounts/rules/"))
    affirm(stranger)
    ask(stranger)
    expect(stranger.locator("[data-map-list] li").first).to_contain_text("HBX4172")
    look(stranger, "first-result")
    manager.goto(where)
    expect(manager.locator("#content")).to_contain_text("Account registered")
    expect(manager.locator("#content")).to_contain_text(username)


def fill_request(page: Page, full_name: str, email: str) -> None:
    page.locator("[name=full_name]").fill(full_name)
    page.get_by_label("Work email").fill(email)
    page.get_by_label("Area of responsibility").select_option("NYC")
    page.get_by_label("Component").select_option("ERO")
    page.get_by_label("Job category").select_option("ero_officer")
    page.get_by_label("Why the account is needed").fill("Fugitive operations team")
    page.get_by_label("Supervisor's full name").fill("Sam Vane")
    page.get_by_label("Supervisor's email").fill("sam.vane@agency.example")


def record_training(manager: Page, username: str, courses: list[str]) -> None:
    """One record for each course that the officer's own page names."""
    assert len(courses) >= 8
    for course in courses:
        manager.goto("/admin/accounts/trainingrecord/add/")
        manager.locator("[name=user]").select_option(label=username)
        manager.locator("[name=course]").select_option(label=course)
        manager.locator("[name=completed_on]").fill(people.today())
        manager.get_by_role("button", name="Save", exact=True).click()
        expect(manager.locator(".messagelist")).to_contain_text("was added")
