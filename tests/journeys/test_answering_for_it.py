"""Those who answer for the use: a review with a question and its answer, an incident to its closure, a delivery of the log."""

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

from tests.factories.certificates import make_identity
from tests.journeys.conftest import Demo, ask, look

pytestmark = [pytest.mark.browser, pytest.mark.embedded]
QUESTION = "Which case is this for? The number is of another office."
ANSWER = "A joint case with that office; its letter is in the file."


@pytest.mark.req("AUD-8", "QRY-10")
def test_a_manager_reviews_a_query_asks_its_officer_and_signs_off(demo: Demo, visit: Callable[..., Page]) -> None:
    officer = visit("officer.ero")
    ask(officer)
    manager = visit("manager.nyc")
    manager.goto("/audit/reviews/new/")
    manager.locator("[name=until]").fill(f"{datetime.now(UTC):%Y-%m-%d}")
    manager.get_by_role("button", name="Open and draw").click()
    look(manager, "review")
    address = manager.url
    # Others of the area may have asked as well.
    manager.get_by_role("row").filter(has_text=re.compile(r"officer\.ero(?!2)")).get_by_role("link").first.click()
    manager.locator("[name=question]").fill(QUESTION)
    look(manager, "review-query")
    manager.get_by_role("button", name="Ask", exact=True).click()
    expect(manager.get_by_text("Asked, no answer yet")).to_be_visible()
    demo.mail("officer.ero@", "A reviewer asks you about a query")

    officer.goto("/audit/questions/")
    expect(officer.get_by_text(QUESTION)).to_be_visible()
    look(officer, "questions")
    officer.locator("[name=answer]").first.fill(ANSWER)
    officer.get_by_role("button", name="Answer", exact=True).first.click()
    expect(officer.get_by_text("Answered").first).to_be_visible()

    manager.reload()
    expect(manager.get_by_text(ANSWER)).to_be_visible()
    manager.get_by_role("link", name="Replay its result").click()
    expect(manager.get_by_role("heading", name="The replay and the record")).to_be_visible()
    expect(manager.get_by_text("The same", exact=True)).to_be_visible()
    look(manager, "replay")
    manager.goto(address)
    for link in [row.get_attribute("href") for row in manager.get_by_role("link", name=re.compile(r"^Query \d+$")).all()]:
        manager.goto(link)
        manager.locator("[name=verdict][value=justified]").check()
        manager.locator("[name=note]").fill("The letter is in the file")
        manager.get_by_role("button", name="Record the verdict").click()
    manager.goto(address)
    manager.locator("[name=note]").fill("Every query had its case")
    manager.locator("[name=confirm]").check()
    manager.get_by_role("button", name="Sign off").click()
    expect(manager.get_by_text("Signed off").first).to_be_visible()
    look(manager, "review-signed")
    with manager.expect_download() as report:
        manager.get_by_role("link", name="Report (PDF)").click()
    assert report.value.path().read_bytes().startswith(b"%PDF")


@pytest.mark.req("AUD-9")
def test_an_incident_is_opened_reported_inquired_into_and_closed(demo: Demo, visit: Callable[..., Page]) -> None:
    page = visit("appointer.cor")
    page.goto("/audit/incidents/")
    page.get_by_role("link", name="Open an incident").click()
    page.get_by_label("Audit trail").check()
    page.get_by_label("Users affected").fill("Two of New York City")
    page.get_by_role("button", name="Record it").click()
    expect(page.locator("[aria-invalid=true], .usa-error-message").first).to_be_visible()
    assert page.get_by_label("Users affected").input_value() == "Two of New York City"
    look(page, "incident-refused")
    page.get_by_label("What happened").fill("A printed report was left in a taxi")
    page.get_by_role("button", name="Record it").click()
    expect(page.get_by_text("59 min left", exact=True)).to_be_visible()
    look(page, "incident")
    page.get_by_role("button", name="Send the first report").click()
    assert "A printed report was left in a taxi" in demo.mail("appointer.cor@", "A printed report was left in a taxi")
    for label in ("Cause, as far", "Data and users", "What was done to", "What will be done", "Who answers"):
        page.get_by_label(label).fill("As the inquiry says")
    page.get_by_role("button", name="Send the written report").click()
    expect(page.get_by_text("Sent in time")).to_have_count(2)
    for step in ("Inquiry", "Remediation"):
        page.locator(f"[name=kind][value={step.lower()}]").check()
        page.locator("form:has([value=note]) textarea").fill(f"{step} is done")
        page.get_by_role("button", name="Note it").click()
        expect(page.get_by_role("cell", name=f"{step} is done")).to_be_visible()
    page.locator("form:has([value=close]) textarea").fill("The report was found and shredded")
    page.get_by_role("button", name="Close it").click()
    expect(page.get_by_text("Closed", exact=True).first).to_be_visible()
    look(page, "incident-closed")


@pytest.mark.req("AUD-13", "AUD-10")
def test_the_pages_of_deliveries_and_of_the_contracts_end(demo: Demo, visit: Callable[..., Page]) -> None:
    page = visit("appointer.cor")
    page.goto("/audit/deliveries/new/")
    look(page, "delivery-new")
    page.get_by_label("Your certificate").set_input_files(
        {"name": "me.pem", "mimeType": "application/x-pem-file", "buffer": make_identity().certificate})
    page.locator("main form button.usa-button").click()
    expect(page.get_by_role("heading", name=re.compile("^Delivery"))).to_be_visible()
    for _ in range(60):
        if page.get_by_role("link", name="Download the encrypted file").count():
            break
        page.wait_for_timeout(500)
        page.reload()
    look(page, "delivery-ready")
    demo.mail("appointer.cor@", "encrypted and lies ready")
    page.goto("/audit/deliveries/")
    look(page, "deliveries")
    page.goto("/audit/contract-end/")
    look(page, "contract-end-new")
    page.get_by_label("To whom the data go").fill("Records office, Washington")
    page.get_by_label("Last day of the contract").fill(f"{datetime.now(UTC):%Y-%m-%d}")
    page.get_by_role("button", name="Open the end of the contract").click()
    expect(page.get_by_role("heading", name="Where it stands")).to_be_visible()
    look(page, "contract-end")
    page.get_by_label("The contract goes on", exact=False).check()
    page.get_by_role("button", name="Withdraw the end of the contract").click()
