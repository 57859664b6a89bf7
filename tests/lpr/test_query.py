"""A question and its event are one and the same (QRY-9, AUD-1)."""

import json
from datetime import UTC, date, datetime

import pytest

from audit import canonical
from lpr.query import Near, Query

LEAST = Query(
    plate="XYZ1234", state="OH", reason="CRIM", timeframe="30d", captured_from=datetime(2026, 5, 1, 4, tzinfo=UTC),
    captured_until=datetime(2026, 6, 1, 4, tzinfo=UTC), case_reference="Subject name John Doe, case number 12345678",
    for_whom="self")
MOST = Query(
    plate="XYZ1234", state="OH", reason="CRIM", timeframe="custom", captured_from=datetime(2026, 5, 1, 4, tzinfo=UTC),
    captured_until=datetime(2026, 6, 1, 4, tzinfo=UTC), case_reference="María López\nA123456789", for_whom="other",
    offense="21USC841", date_from=date(2026, 5, 1), date_to=date(2026, 5, 31), other_name="Jané Röe", other_unit="HSI Newark",
    geo_state="OH", near=Near(39_961_176, -82_998_794, 1_500, "12 Main St"))


@pytest.mark.req("QRY-9", "AUD-1")
@pytest.mark.parametrize("query", [LEAST, MOST])
def test_a_question_becomes_an_event_and_an_event_the_question(query):
    facts = query.facts()
    columns = {name: facts.pop(name) for name in ("plate", "state", "reason", "on_behalf_of")}
    assert Query.from_event(json.loads(canonical.text({**columns, "details": facts}))) == query


@pytest.mark.req("AUD-1", "QRY-6")
def test_the_event_names_the_place_as_the_store_reads_it():
    assert MOST.details()["near"] == {
        "latitude_e6": 39_961_176, "longitude_e6": -82_998_794, "radius_m": 1_500, "address": "12 Main St"}
    assert LEAST.details()["near"] is None


@pytest.mark.req("QRY-9")
def test_a_question_fills_the_form_again():
    assert MOST.entries()["near_address"] == "12 Main St"
    assert MOST.entries()["near_radius_km"] == "1.5"
    by_coordinates = Query(**{**MOST.__dict__, "near": Near(39_961_176, -82_998_794, 500)}).entries()
    assert (by_coordinates["near_latitude"], by_coordinates["near_longitude"]) == ("39.961176", "-82.998794")
    assert "near_address" not in by_coordinates
    assert {name: LEAST.entries()[name] for name in ("plate", "state", "timeframe", "for_whom")} == {
        "plate": "XYZ1234", "state": "OH", "timeframe": "30d", "for_whom": "self"}
