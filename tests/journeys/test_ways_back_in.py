"""A forgotten password, and a suspension in the middle of the work (ACC-1, ACC-3, ACC-11)."""

import re
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from config.demo.people import ANSWER
from tests.journeys import people
from tests.journeys.conftest import Demo, affirm, ask, give_password, look

pytestmark = [pytest.mark.browser, pytest.mark.embedded]
# Nobody whom another journey deletes.
FORGETFUL, SUSPENDED = "officer.ero", "officer.ero2"


@pytest.mark.req("ACC-1", "ACC-2", "ACC-3", "QRY-1")
def test_a_forgotten_password_is_recovered_by_link_question_and_temporary_password(
    demo: Demo, visit: Callable[..., Page],
) -> None:
    email, page = f"{FORGETFUL}@agency.example", visit()
    page.get_by_role("link", name="I forgot my password").click()
    look(page, "recover")
    page.get_by_label("Username").fill("nobody.at.all")
    page.get_by_role("button", name="Send the link").click()
    said_to_nobody = page.locator("main").inner_text()
    page.goto("/accounts/recover/")
    page.get_by_label("Username").fill(FORGETFUL)
    page.get_by_role("button", name="Send the link").click()
    assert page.locator("main").inner_text() == said_to_nobody
    look(page, "recover-asked")

    link = re.search(r"http://\S+/accounts/recover/\S+/", demo.mail(email, "/accounts/recover/"))[0]
    page.goto(link)
    look(page, "recover-question")
    page.get_by_label("Your answer").fill(f"  {ANSWER.upper()} ")
    page.get_by_role("button", name="Answer").click()
    look(page, "recover-answered")
    temporary = re.search(r"^(\S{4}(-\S{4}){5})$", demo.mail(email, "temporary password"), re.M)[1]
    page.goto(link)
    expect(page.locator("h1")).to_have_text("This link is not good")
    look(page, "recover-link-used")

    page.goto("/accounts/login/")
    give_password(page, FORGETFUL, temporary)
    page.goto("/queries/new/")
    expect(page).to_have_url(re.compile("/accounts/password/"))
    look(page, "recover-new-password")
    page.locator("[name=new_password1]").fill(people.PASSWORD)
    page.locator("[name=new_password2]").fill(people.PASSWORD)
    page.get_by_role("button", name="Set the password").click()
    affirm(page)
    ask(page)
    page.get_by_role("button", name="Sign out").click()
    for refused in (temporary, demo.password):
        give_password(page, FORGETFUL, refused)
        expect(page.locator("main")).to_contain_text("do not match")
    # As the demo has it, for whoever comes next.
    give_password(page, FORGETFUL, people.PASSWORD)
    affirm(page)
    change_password(page, people.PASSWORD, demo.password)


def change_password(page: Page, old: str, new: str) -> None:
    page.goto("/accounts/password/")
    page.locator("[name=old_password]").fill(old)
    page.locator("[name=new_password1]").fill(new)
    page.locator("[name=new_password2]").fill(new)
    page.locator("main button[type=submit]").click()


@pytest.mark.req("ACC-1", "ACC-11", "QRY-8")
def test_who_is_suspended_while_signed_in_is_out_by_the_next_request(demo: Demo, visit: Callable[..., Page]) -> None:
    officer, manager = visit(SUSPENDED), visit("manager.nyc")
    ask(officer)
    result = officer.url
    set_open(manager, SUSPENDED, False)
    suspended_at = time.monotonic()
    officer.goto(result)
    expect(officer).to_have_url(re.compile("/accounts/login/"))
    assert time.monotonic() - suspended_at < 60
    expect(officer.locator("body")).not_to_contain_text("HBX4172")
    assert officer.request.get("/api/v1/queries/").status == 401
    give_password(officer, SUSPENDED, demo.password)
    expect(officer.locator("main")).to_contain_text("do not match, or the account is locked")
    look(officer, "suspended")
    set_open(manager, SUSPENDED, True)
    give_password(officer, SUSPENDED, demo.password)
    affirm(officer)
    ask(officer)


def set_open(manager: Page, username: str, is_open: bool) -> None:
    """Close or open the account on its page of the back office."""
    manager.goto("/admin/accounts/user/")
    manager.locator("#result_list").get_by_role("link", name=username, exact=True).click()
    look(manager, "person")
    manager.locator("[name=is_active]").set_checked(is_open)
    manager.get_by_role("button", name="Save", exact=True).click()
    expect(manager.locator(".messagelist")).to_contain_text("was changed")
