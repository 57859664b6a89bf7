"""The form of a query: each bad field refused at its field, on record, with nothing searched and nothing typed lost (QRY-1)."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from tests.lpr.test_query_pages import NEW, WHOLE, ask


@pytest.fixture
def browser(officer, signed_in):
    return signed_in(officer)


def years_ago(years, *, days=0):
    today = datetime.now(UTC).date()
    # Another year may lack a leap day.
    day = 28 if (today.month, today.day) == (2, 29) else today.day
    return today.replace(year=today.year - years, day=day) - timedelta(days=days)


BAD = [
    ({"plate": ""}, "plate"), ({"plate": "XYZ12345678"}, "plate"), ({"plate": "XYZ*"}, "plate"), ({"plate": "X?Z1234"}, "plate"),
    ({"plate": "XYZ%"}, "plate"), ({"plate": "XYZ_234"}, "plate"), ({"plate": "-"}, "plate"), ({"plate": "ABÇ123"}, "plate"),
    ({"plate": "ABC\x00123"}, "plate"), ({"plate": "A" * 3000}, "plate"), ({"plate": "A,B"}, "plate"),
    ({"state": ""}, "state"), ({"state": "ZZ"}, "state"), ({"state": "Ohio"}, "state"),
    ({"reason": ""}, "reason"), ({"reason": "NOPE"}, "reason"), ({"reason": "COMP"}, "reason"), ({"reason": "C\x00"}, "reason"),
    ({"offense": "NOPE"}, "offense"), ({"offense": "21USC841", "reason": "ADMN"}, "offense"),
    ({"timeframe": ""}, "timeframe"), ({"timeframe": "6y"}, "timeframe"), ({"timeframe": "custom"}, "date_from"),
    ({"timeframe": "custom", "date_from": "2026-01-01"}, "date_to"),
    ({"timeframe": "custom", "date_from": "2026-02-01", "date_to": "2026-01-01"}, "date_to"),
    ({"timeframe": "custom", "date_from": "2026-02-30", "date_to": "2026-03-01"}, "date_from"),
    ({"timeframe": "custom", "date_from": "2026-02-01", "date_to": "tomorrow"}, "date_to"),
    ({"timeframe": "custom", "date_from": "2026-01-01", "date_to": "2999-01-01"}, "date_to"),
    ({"timeframe": "custom", "date_from": "2999-01-01", "date_to": "2999-01-02"}, "date_from"),
    ({"timeframe": "custom", "date_from": "0001-01-01", "date_to": "2026-01-02"}, "date_from"),
    ({"timeframe": "30d", "date_from": "2020-01-01"}, "timeframe"),
    ({"case_reference": ""}, "case_reference"), ({"case_reference": "   "}, "case_reference"),
    ({"case_reference": "aaaaaaaa"}, "case_reference"), ({"case_reference": "investigation"}, "case_reference"),
    ({"case_reference": "Smith"}, "case_reference"), ({"case_reference": "Doe 12345\x00"}, "case_reference"),
    ({"case_reference": "John Doe 12345678 " * 40}, "case_reference"),
    ({"for_whom": ""}, "for_whom"), ({"for_whom": "nobody"}, "for_whom"), ({"for_whom": "other"}, "other_name"),
    ({"for_whom": "other", "other_name": "  "}, "other_name"), ({"for_whom": "other", "other_name": "-"}, "other_name"),
    ({"for_whom": "self", "other_name": "Jane Roe"}, "for_whom"), ({"for_whom": "other", "other_name": "J" * 200}, "other_name"),
    ({"geo_state": "ON"}, "geo_state"), ({"near_latitude": "39.9"}, "near_longitude"),
    ({"near_longitude": "-83"}, "near_latitude"),
    ({"near_latitude": "39.9", "near_longitude": "-83"}, "near_radius_km"), ({"near_radius_km": "5"}, "near_latitude"),
    ({"near_latitude": "91", "near_longitude": "-83", "near_radius_km": "5"}, "near_latitude"),
    ({"near_latitude": "nan", "near_longitude": "-83", "near_radius_km": "5"}, "near_latitude"),
    ({"near_latitude": "39.9", "near_longitude": "-83", "near_radius_km": "0"}, "near_radius_km"),
    ({"near_latitude": "39.9", "near_longitude": "-83", "near_radius_km": "1e9"}, "near_radius_km"),
    ({"near_latitude": "39.9", "near_longitude": "-83", "near_radius_km": "-5"}, "near_radius_km"),
    ({"near_address": "1 Main St", "near_latitude": "39.9", "near_longitude": "-83", "near_radius_km": "5"}, "near_address"),
    ({"near_address": "1 Nowhere St, Columbus", "near_radius_km": "5"}, "near_address"),
    ({"near_address": "Main St", "near_radius_km": "5"}, "near_address"),
]


@pytest.mark.req("QRY-1", "QRY-2", "QRY-3", "QRY-4", "QRY-5", "QRY-6", "QRY-8", "LIM-1")
def test_each_bad_field_is_refused_at_its_field_on_record_and_nothing_is_searched(browser, events):
    for number, (changes, field) in enumerate(BAD, 1):
        answer = browser.post(NEW, WHOLE | changes)
        assert answer.status_code == 400, changes
        assert field in answer.context["form"].errors, (changes, answer.context["form"].errors)
        assert f'id="id_{field}_error"' in answer.content.decode(), changes
        refusals = events("query.refused")
        assert len(refusals) == number
        assert field in refusals[-1]["details"]["errors"]
        for name, value in changes.items():
            if sane := value.replace("\x00", "")[:600]:
                assert refusals[-1]["details"]["entered"][name] == sane
    assert events("query.attempted") == []
    assert events("access.refused") == []


@pytest.mark.req("QRY-1")
def test_everything_typed_stays_on_an_error(browser):
    typed = {"plate": "XYZ*", "state": "TX", "reason": "FUGI", "timeframe": "custom", "date_from": "2026-01-02",
             "date_to": "2026-01-03",
             "case_reference": "Lopez A123456789", "for_whom": "other", "other_name": "Jane Roe", "other_unit": "Newark",
             "near_latitude": "39.9", "near_longitude": "-83", "near_radius_km": "5", "geo_state": "OH"}
    page = browser.post(NEW, WHOLE | typed).content.decode()
    for text in ('value="XYZ*"', '<option value="TX" selected>', '<option value="FUGI" selected>',
                 '<option value="custom" selected>', 'value="2026-01-02"', 'value="2026-01-03"', "Lopez A123456789",
                 'value="Jane Roe"', 'value="Newark"', 'value="39.9"',
                 '<option value="OH" selected>', "<details class=\"more\" open>", "data-error-summary"):
        assert text in page, text
    assert re.search(r'value="other"[^>]*checked', page)


@pytest.mark.req("QRY-3")
def test_five_years_and_the_day_of_the_limit_are_allowed_and_a_day_more_is_not(browser, events):
    ask(browser, timeframe="5y")
    today = datetime.now(UTC).date()
    ask(browser, timeframe="custom", date_from=str(years_ago(5, days=-1)), date_to=str(today))
    answer = browser.post(NEW, WHOLE | {"timeframe": "custom", "date_from": str(years_ago(5, days=2)), "date_to": str(today)})
    assert answer.status_code == 400
    assert "5 years at most" in answer.content.decode()
    assert "date_from" in events("query.refused")[0]["details"]["errors"]
