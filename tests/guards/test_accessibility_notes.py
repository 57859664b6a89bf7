"""Every page has a note on its accessibility (docs/accessibility.md), and every note has its page (Section 508)."""

import re
from pathlib import Path

from tests.guards import addresses

NOTES = Path(__file__).resolve().parents[2] / "docs" / "accessibility.md"
# The back office is one row, for its pages are Django's; the API is for programs, but for the page that describes it.
FOR_PROGRAMS = re.compile(r"/api/v1/(?!docs/)|/admin/.")


def noted() -> set[str]:
    """The addresses in the first column of the table of pages."""
    rows = re.findall(r"^\| (`/.*?) \|", NOTES.read_text(), re.M)
    return {address for row in rows for address in re.findall(r"`([^`]+)`", row)}


def pages() -> set[str]:
    return {page for address in addresses.every() if not FOR_PROGRAMS.match(page := f"/{address.route}")}


def test_every_page_has_its_note():
    assert sorted(pages() - noted()) == [], "say in docs/accessibility.md how the page is used by keyboard, by ear and enlarged"


def test_no_note_is_of_a_page_that_is_gone():
    assert sorted(noted() - pages()) == []
