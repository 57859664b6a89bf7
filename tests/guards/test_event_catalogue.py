"""The catalogue of events is neither empty promise nor half list: each kind is recorded somewhere, and proven by a test."""

import re
from pathlib import Path

import pytest

from accounts.roles import ASKERS, AUDIT_READERS, Role
from audit import access, people, two_sides
from audit.events import Kind

ROOT = Path(__file__).resolve().parent.parent.parent
CATALOGUE = ROOT / "audit" / "events.py"
ROOMS = ("audit", "accounts", "lpr", "alerts", "config")
# A table of what jobs may leave: it proves no kind.
NOT_PROVEN = {CATALOGUE, Path(__file__).resolve(), ROOT / "tests" / "guards" / "test_events.py"}


def _texts(*folders: str) -> list[str]:
    files = [file for folder in folders for suffix in ("py", "sql") for file in (ROOT / folder).rglob(f"*.{suffix}")]
    return [file.read_text() for file in files if file not in NOT_PROVEN]


def _unnamed(texts: list[str]) -> list[str]:
    """The kinds that none of the texts names, by its name in the catalogue or its value in quotes."""
    named = {word for text in texts for word in re.findall(r"\bKind\.(\w+)|['\"]([a-z_.]+)['\"]", text) for word in word if word}
    return [kind.value for kind in Kind if not {kind.name, kind.value} & named]


@pytest.mark.req("AUD-1")
def test_every_kind_of_event_is_recorded_somewhere():
    source = [text for text in _texts(*ROOMS) if "record" in text or "audit.append" in text]
    assert _unnamed(source) == []


@pytest.mark.req("AUD-1")
def test_every_kind_of_event_is_named_in_a_test():
    assert _unnamed(_texts("tests")) == []


@pytest.mark.req("AUD-12")
def test_the_audit_room_knows_the_reading_roles_by_their_right_names():
    assert access.READER_ROLES == AUDIT_READERS
    assert access.SEES_EVERY_AOR == Role.OPR_AUDITOR
    assert people.AGENCY_ROLES == AUDIT_READERS | ASKERS
    assert (two_sides.AGENCY, two_sides.OPERATOR) == (Role.AGENCY_APPOINTER, Role.OPERATIONS)
    assert (people.MANAGER, people.OPERATIONS) == (Role.AGENCY_MANAGER, Role.OPERATIONS)
    doors = (ROOT / "audit" / "sql" / "events_page.sql").read_text()
    assert set(re.findall(r"'(\w+)'", " ".join(re.findall(r"said->>'role'[^;]*?THEN", doors)))) - {"role"} == access.READER_ROLES
