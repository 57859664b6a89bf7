"""Looking at a part of an answer: it only ever shows less, and each look is on record (RES-2, AUD-6, LIM-1)."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError

from audit.events import Kind
from audit.record import record_durably
from lpr.models import Street, StreetDataset
from tests.lpr.stored_reads import HOUR, add_source, store_read
from tests.lpr.test_query_pages import ask, shown
from tests.lpr.test_reads_function import OFFICER, attempt, ids, outcome

pytestmark = pytest.mark.usefixtures("database")
MAY, JUNE = datetime(2026, 5, 20, 16, tzinfo=UTC), datetime(2026, 6, 20, 16, tzinfo=UTC)


@pytest.fixture
def browser(officer, signed_in):
    return signed_in(officer)


def narrow(browser, address, **fields):
    answer = browser.post(address, fields)
    assert answer.status_code == 303, re.findall(r'field__error.*?</div>', answer.content.decode(), re.S)
    return answer["Location"]


def count_of(page):
    return page.count('<li class="read"')


def view(asked, **details):
    return record_durably(Kind.QUERY_VIEWED, actor=OFFICER, query=asked, **details).id


@pytest.mark.req("RES-2", "AUD-6")
def test_dates_kind_and_state_of_capture_show_a_part_and_stand_in_no_address(browser, events):
    add_source("lot", label="Ohio parking lot camera", kind="parking_lot")
    store_read(captured_at=MAY)
    store_read(captured_at=JUNE)
    store_read(captured_at=JUNE, source="lot", place_state="KY", camera="Entry 2")
    address = ask(browser, timeframe="1y")
    for fields, wanted in (({"date_from": "2026-06-01"}, 2), ({"date_to": "2026-05-20"}, 1), ({"source_kind": "parking_lot"}, 1),
                           ({"geo_state": "OH"}, 2),
                           ({"geo_state": "OH", "date_from": "2026-06-20", "date_to": "2026-06-20"}, 1)):
        part = narrow(browser, address, **fields)
        assert re.fullmatch(r"/queries/[0-9a-f-]{36}/\?look=[0-9a-f-]{36}", part)
        page = shown(browser, part)
        assert count_of(page) == wanted, fields
        assert f"{wanted} of 3 reads" in " ".join(page.split())
    assert "in Ohio" in page
    looks = events("query.viewed")[-2:]
    assert looks[0]["details"]["narrowing"]["place_state"] == "OH"
    assert looks[1]["details"]["narrowed_by"] == looks[0]["id"]
    assert count_of(shown(browser, address)) == 3


@pytest.mark.req("RES-2")
def test_a_radius_around_an_address_or_coordinates_shows_a_part(browser):
    data = StreetDataset.objects.create(name="town", loaded_at=MAY)
    Street.objects.create(dataset=data, kind="address", name="Main St", number="100", city="Columbus", zip_code="43215",
                          points=[[-83.0, 39.96]], west=-83, east=-83, south=39.96, north=39.96)
    store_read()
    store_read(latitude=39.99)
    address = ask(browser)
    assert count_of(shown(browser, narrow(browser, address, near_address="100 Main St, Columbus", near_radius_km="1"))) == 1
    assert count_of(shown(browser, narrow(
        browser, address, near_latitude="39.99", near_longitude="-83", near_radius_km="0.5"))) == 1
    assert "No read of this result lies within these limits" in shown(browser, narrow(
        browser, address, near_latitude="10", near_longitude="-83", near_radius_km="0.5"))


@pytest.mark.req("RES-2")
def test_what_is_wrong_is_said_at_its_field_and_the_whole_answer_stays(browser):
    store_read()
    address = ask(browser)
    for fields, field in (({"date_from": "2026-07-02", "date_to": "2026-07-01"}, "date_to"),
                          ({"source_kind": "x"}, "source_kind"), ({"geo_state": "ON"}, "geo_state"),
                          ({"near_latitude": "1", "near_longitude": "1"}, "near_radius_km")):
        answer = browser.post(address, fields)
        assert answer.status_code == 400
        page = answer.content.decode()
        assert f'id="id_{field}_error"' in page
        assert count_of(page) == 1
    assert browser.post(address, {})["Location"] == address


@pytest.mark.req("RES-2")
def test_older_reads_of_a_part_stay_in_the_part(browser, settings):
    settings.READS_PER_PAGE = 2
    add_source("lot", label="Ohio parking lot camera", kind="parking_lot")
    for days in range(1, 6):
        store_read(captured_at=datetime.now(UTC) - timedelta(days=days), source="lot")
        store_read(captured_at=datetime.now(UTC) - timedelta(days=days))
    page = shown(browser, narrow(browser, ask(browser), source_kind="parking_lot"))
    seen = count_of(page)
    while following := re.search(r'href="([^"]*before=[^"]*)"', page):
        page = shown(browser, following[1].replace("&amp;", "&"))
        assert "Ohio toll road camera" not in page[:page.index("How fresh the reads are")]
        seen += count_of(page)
    assert seen == 5


@pytest.mark.req("BEY-3", "LIM-1")
def test_the_store_shows_less_and_never_more_whatever_a_look_says():
    wanted = store_read()
    store_read(plate="OTHER1")
    store_read(captured_at=datetime.now(UTC) - timedelta(days=40))
    asked = attempt(geo_state="OH")
    ever = {"captured_from": "2000-01-01T00:00:00Z", "captured_until": "2100-01-01T00:00:00Z", "plate": "OTHER1", "state": "KY"}
    assert ids(view(asked, narrowing=ever)) == [wanted]
    assert ids(view(asked, narrowing={"place_state": "KY"})) == []
    assert ids(view(asked, narrowing={"place_state": "OH"})) == [wanted]
    # A radius of the question and one of the look hold both.
    near = {"latitude_e6": 39_960_000, "longitude_e6": -83_000_000, "radius_m": 100}
    around = attempt(near=near)
    assert ids(view(around, narrowing={"near": near | {"radius_m": 500_000}})) == [wanted]
    assert ids(view(around, narrowing={"near": near | {"latitude_e6": 30_000_000}})) == []
    assert outcome(view(around, narrowing={"near": near | {"latitude_e6": 30_000_000}})) == (0, 0)


@pytest.mark.req("BEY-3", "LIM-1")
def test_a_look_takes_its_narrowing_from_a_look_of_the_same_query_and_person_alone():
    store_read()
    asked, other = attempt(), attempt()
    narrowed = view(asked, narrowing={"source_kind": "toll_road"})
    assert len(ids(view(asked, narrowed_by=narrowed))) == 1
    foreign = record_durably(Kind.QUERY_VIEWED, actor=OFFICER.__class__(id=8, name="other", aor="NYC"), query=asked,
                             narrowing={"source_kind": "toll_road"}).id
    for look in (view(other, narrowed_by=narrowed), view(asked, narrowed_by=foreign), view(asked, narrowed_by=asked),
                 view(asked, narrowed_by=view(asked))):
        with pytest.raises(DatabaseError, match="no narrowing of its own query"):
            ids(look)


@pytest.mark.req("RES-2", "AUD-12")
def test_a_part_of_anothers_result_is_nobodys(browser, officer2, officer_chi, auditor, signed_in):
    store_read()
    address = ask(browser)
    part = narrow(browser, address, source_kind="toll_road")
    for person in (officer2, officer_chi):
        other = signed_in(person)
        assert other.get(part).status_code == 404
        assert other.post(address, {"source_kind": "toll_road"}).status_code == 404
    audit = signed_in(auditor)
    # The auditor's look is not the officer's; their own is.
    assert audit.get(part).status_code == 404
    assert count_of(shown(audit, narrow(audit, address, source_kind="toll_road"))) == 1


@pytest.mark.req("RES-2")
@pytest.mark.parametrize("look", ["x", "0190a0a0-0000-7000-8000-000000000000"])
def test_an_invented_look_shows_nothing(browser, look):
    store_read()
    answer = browser.get(f"{ask(browser)}?look={look}")
    assert answer.status_code == 404
    assert '<li class="read"' not in answer.content.decode()


@pytest.mark.req("RES-1")
def test_an_address_says_once_that_it_is_approximate(browser):
    store_read(address="about 1150 Hwy 360", address_is_approximate=True)
    store_read(address="9 Elm St", address_is_approximate=True, captured_at=datetime.now(UTC) - HOUR * 2)
    page = shown(browser, ask(browser))
    assert "<dd>about 1150 Hwy 360</dd>" in page
    assert "<dd>9 Elm St (approximate)</dd>" in page


@pytest.mark.req("BEY-7")
def test_the_page_of_corrections_is_a_click_away(browser):
    assert '<a href="/reads/notices/">Corrections</a>' in shown(browser, "/")
