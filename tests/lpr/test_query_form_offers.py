"""What the form of a query offers: timeframes by reason and offense, recent case references, places (QRY-1, QRY-3, QRY-4)."""

import html
import json
import re
from datetime import UTC, datetime

import pytest

from lpr import timeframes
from lpr.models import Offense, ReasonCode, TimeframeLimit
from tests.lpr.test_query_pages import CASE, NEW, WHOLE, ask, shown

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def browser(officer, signed_in):
    return signed_in(officer)


def offered(page, name="timeframe"):
    """What can be chosen, in order of its code for all but timeframes."""
    found = re.findall(r'<option value="(\w+)"', re.search(rf'<select name="{name}".*?</select>', page, re.S)[0])
    return found if name == "timeframe" else sorted(found)


def words(page):
    return html.unescape(re.search(r"data-offered-words>([^<]*)<", page)[1])


def for_script(page):
    said = json.loads(html.unescape(re.search(r'data-offered="([^"]*)"', page)[1]))
    return {pair: said["offers"][number] for pair, number in said["of"].items()}


def offer(browser, **chosen):
    answer = browser.post(NEW, {"offer_timeframes": "on", "plate": "XYZ-1234"} | chosen)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.req("QRY-3", "QRY-4")
def test_the_timeframes_of_the_reason_are_shown_without_a_script_and_nothing_is_asked(browser, events):
    TimeframeLimit.objects.filter(component="ERO").update(max_years=2)
    page = offer(browser, reason="ADMN")
    assert offered(page) == ["7d", "30d", "60d", "90d", "1y", "custom"]
    first = timeframes.years_before(datetime.now(UTC), 2).date()
    assert words(page).startswith("2 years at most for this reason: back to ")
    assert str(first.year) in words(page)
    assert 'value="XYZ-1234"' in page
    assert "field__error" not in page
    assert not events("query.attempted")
    assert not events("query.refused")


@pytest.mark.req("QRY-3")
def test_a_reason_with_a_limit_of_its_own_offers_no_longer_timeframe(browser):
    ReasonCode.objects.filter(code="ADMN").update(max_years=1)
    page = offer(browser, reason="ADMN")
    assert offered(page) == ["7d", "30d", "60d", "90d", "1y", "custom"]
    assert words(page).startswith("1 year at most for this reason: back to ")
    assert for_script(page)["ADMN "][1] == offered(page)


@pytest.mark.req("QRY-4")
def test_an_offense_sets_the_longest_timeframe_of_an_agent(agent, signed_in):
    browser = signed_in(agent)
    Offense.objects.filter(code="18USC922").update(limitation_years=3)
    assert "Choose the offense first" in words(offer(browser, reason="WEAP"))
    page = offer(browser, reason="WEAP", offense="18USC922")
    assert "5y" not in offered(page)
    assert words(page).startswith("3 years at most")
    assert "no statute of limitations" in words(offer(browser, reason="CHLD", offense="18USC2251"))
    offers = for_script(page)
    assert offers["WEAP 18USC922"][1] == offered(page)
    assert "5y" in offers["CHLD 18USC2251"][1]
    assert {pair.split()[1] for pair in offers if pair.startswith("WEAP ") and pair != "WEAP "} == {
        "18USC922", "22USC2778", "18USC545", "18USC554"}
    assert offered(page, "offense") == ["18USC545", "18USC554", "18USC922", "22USC2778"]
    # Asked all the same, it is refused in words.
    refused = browser.post(NEW, WHOLE | {"reason": "WEAP", "offense": "18USC922", "timeframe": "5y"})
    assert "may reach back 3 years at most" in refused.content.decode()
    assert "5y" in offered(refused.content.decode())


@pytest.mark.req("QRY-1", "AUD-1")
def test_recent_case_references_of_ones_own_are_offered_from_the_log_and_each_look_is_on_record(
        browser, officer2, signed_in, events):
    other = signed_in(officer2)
    ask(other, case_reference="Subject name Someone Else, case 99999999")
    for case in (CASE, "Alien number A012345678, John Roe", CASE):
        ask(browser, case_reference=case)
    page = shown(browser, NEW)
    cases = [html.unescape(text) for text in re.findall(r"<option value=\"([^\"]*)\"", re.search(
        r'<select name="recent_case".*?</select>', page, re.S)[0])]
    assert cases == ["", CASE, "Alien number A012345678, John Roe"]
    assert events("query.recalled")[-1]["details"] == {"purpose": "case references"}
    assert "no-store" in browser.get(NEW)["Cache-Control"]
    assert "John Doe" not in re.findall(r'<select name="recent_case".*?</select>', shown(other, NEW), re.S)[0]


@pytest.mark.req("QRY-1")
def test_a_recent_case_reference_counts_where_none_is_typed_and_is_checked_alike(browser, events):
    ask(browser, case_reference="", recent_case=CASE)
    assert events("query.attempted")[-1]["details"]["case_reference"] == CASE
    ask(browser, case_reference="Jane Doe, 7654321", recent_case=CASE)
    assert events("query.attempted")[-1]["details"]["case_reference"] == "Jane Doe, 7654321"
    answer = browser.post(NEW, WHOLE | {"case_reference": "", "recent_case": "test"})
    assert 'id="id_case_reference_error"' in answer.content.decode()
    assert events("query.refused")[-1]["details"]["entered"]["case_reference"] == "test"


@pytest.mark.req("QRY-1")
def test_enter_in_a_field_asks_and_shows_no_timeframes(browser):
    page = shown(browser, NEW)
    form = page[page.index("<form class=\"form panel\""):]
    assert re.search(r'<button[^>]*type="submit"[^>]*>([^<]*)', form)[1] == "Ask"
