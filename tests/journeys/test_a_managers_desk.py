"""A manager's morning in the back office: the desk, the list of people, a roster that is looked at and discarded."""

import csv
import io

import pytest

from tests.journeys.conftest import look

pytestmark = [pytest.mark.browser, pytest.mark.embedded]
ROSTER = """username,course,completed_on
untrained.ero,system-orientation,2026-01-15
nobody,data-privacy,2026-01-15
untrained.ero,=1+1,2026-01-15
manager.nyc,data-privacy,2026-01-15
"""


@pytest.mark.req("ACC-6", "ACC-7", "ACC-14")
def test_the_desk_the_list_and_a_roster(visit):
    page = visit("manager.nyc")
    page.goto("/admin/")
    look(page, "desk")
    assert page.get_by_role("link", name="Unity Ernst (untrained.ero)").is_visible()
    page.goto("/admin/accounts/user/")
    look(page, "people")
    page.get_by_role("link", name="Missing", exact=True).click()
    with page.expect_download() as export:
        page.get_by_role("link", name="Export as CSV").click()
    rows = list(csv.reader(io.StringIO(export.value.path().read_text("utf-8-sig"))))
    assert [row[0] for row in rows] == ["User name", "untrained.ero"]

    page.goto("/admin/accounts/trainingrecord/")
    page.get_by_role("link", name="Upload a roster").click()
    look(page, "roster")
    page.get_by_label("Roster, as CSV or XLSX").set_input_files(
        {"name": "roster.csv", "mimeType": "text/csv", "buffer": b"name,grade\na,b\n"})
    page.get_by_role("button", name="Compare with the users").click()
    assert page.get_by_text("The file has no column username").is_visible()
    look(page, "roster-refused")
    page.get_by_label("Roster, as CSV or XLSX").set_input_files(
        {"name": "roster.csv", "mimeType": "text/csv", "buffer": ROSTER.encode()})
    page.get_by_role("button", name="Compare with the users").click()
    for words in ("Rows to be corrected: 2", "Rows without user: 1", "Users without training: 1"):
        assert page.get_by_text(words).is_visible(), words
    look(page, "roster-preview")
    page.get_by_role("button", name="Discard the roster").click()
    assert page.get_by_text("Nothing was saved").is_visible()


@pytest.mark.req("ACC-7")
def test_whoever_lacks_training_sees_what_is_missing_and_nothing_else(visit):
    page = visit("untrained.ero")
    page.goto("/queries/new/")
    assert page.get_by_role("heading", name="Your training").is_visible()
    assert page.get_by_text("never completed").count() == 8
    look(page, "training")
