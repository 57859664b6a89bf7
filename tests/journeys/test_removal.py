"""Removing a person, end to end, in a real browser: suspended while signed in, deleted on request, found afterwards."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import Demo, look

pytestmark = [pytest.mark.browser, pytest.mark.embedded]


@pytest.mark.req("ACC-11", "ACC-1")
def test_a_suspension_reaches_the_officer_who_is_signed_in_and_is_lifted(demo: Demo, visit: Callable[..., Page]) -> None:
    officer, manager = visit("officer.ero2"), visit("manager.nyc")
    officer.goto("/queries/")
    expect(officer.locator("h1")).to_be_visible()
    manager.goto("/admin/accounts/user/")
    manager.locator("tr", has_text="officer.ero2").locator("input.action-select").check()
    manager.locator("select[name=action]").select_option("sanction")
    manager.locator("button[name=index]").click()
    manager.locator("[name=kind]").select_option("suspension")
    manager.locator("[name=reason]").fill("Asked about a neighbor without a case")
    manager.locator("[name=evidence]").fill("Review 12")
    look(manager, "sanction-form")
    manager.locator("[name=_save]").click()
    expect(manager.locator(".errornote")).to_be_visible()
    expect(manager.locator("[name=reason]")).to_have_value("Asked about a neighbor without a case")
    manager.locator("[name=ends_at_0]").fill("2099-01-01")
    manager.locator("[name=ends_at_1]").fill("00:00:00")
    manager.locator("[name=_save]").click()
    expect(manager.locator(".messagelist")).to_contain_text("suspension of officer.ero2")

    officer.reload()
    expect(officer).to_have_url(re.compile("/accounts/login/"))

    look(manager, "sanctions")
    manager.get_by_role("link", name="officer.ero2").first.click()
    look(manager, "sanction")
    manager.locator("#id_reason").fill("The case was found")
    manager.locator("#id_evidence").fill("Review 13")
    manager.get_by_role("button", name="Lift the sanction").click()
    expect(manager.locator(".messagelist")).to_contain_text("is lifted")
    again = visit("officer.ero2")
    expect(again.locator("h1")).to_be_visible()


@pytest.mark.req("ACC-9", "ACC-5")
def test_a_deletion_from_the_supervisors_word_to_the_operators_deed(demo: Demo, visit: Callable[..., Page]) -> None:
    leaver, supervisor = visit("support.ero"), visit("supervisor.nyc")
    manager, operator = visit("manager.nyc"), visit("operator.ops")
    supervisor.get_by_role("link", name="Deletions").click()
    look(supervisor, "deletions-of-a-supervisor")
    supervisor.locator("[name=account]").select_option(label="Sasha Underwood (support.ero)")
    supervisor.locator("[name=reason]").fill("Moved to another agency")
    supervisor.get_by_role("button", name="Ask the Agency Manager").click()
    expect(supervisor.get_by_text("Asked for by a supervisor")).to_be_visible()

    leaver.goto("/queries/")
    expect(leaver.locator("h1")).to_be_visible()
    manager.goto("/admin/accounts/deletionrequest/")
    manager.get_by_role("link", name="support.ero").click()
    look(manager, "deletion-asked")
    manager.get_by_role("button", name="File the deletion").click()
    expect(manager.get_by_text("In time")).to_be_visible()
    look(manager, "deletion-filed")
    leaver.reload()
    expect(leaver).to_have_url(re.compile("/accounts/login/"))

    operator.goto("/admin/accounts/deletionrequest/")
    look(operator, "deletions-of-operations")
    expect(operator.get_by_text("Sasha Underwood")).to_have_count(0)
    operator.get_by_role("link", name="support.ero").click()
    look(operator, "deletion-of-operations")
    operator.get_by_role("button", name="Delete the account").click()
    expect(operator.locator(".messagelist")).to_contain_text("The account support.ero is deleted.")
    supervisor.reload()
    expect(supervisor.get_by_text("Account deleted")).to_be_visible()
    look(supervisor, "deletions-of-a-supervisor-done")
    assert any("an account is to be deleted" in text for text in demo.mails())
