"""The pages of a query, as an officer meets them (QRY-1 to QRY-9, RES-1 to RES-7, LIM-1)."""

import re
import uuid
from datetime import UTC, date, datetime, timedelta

import pytest
from django.urls import reverse

from lpr.models import Street, StreetDataset
from tests.lpr.stored_reads import HOUR, add_source, mark, store_read

CASE = "Subject name John Doe, case number 12345678"
WHOLE = {"plate": "XYZ-1234", "state": "OH", "reason": "CRIM", "offense": "", "timeframe": "30d", "date_from": "", "date_to": "",
         "case_reference": CASE, "for_whom": "self", "other_name": "", "other_unit": "", "near_latitude": "",
         "near_longitude": "", "near_address": "", "near_radius_km": "", "geo_state": ""}
NEW = "/queries/new/"


@pytest.fixture
def browser(officer, signed_in):
    return signed_in(officer)


def ask(browser, **changes):
    answer = browser.post(NEW, WHOLE | changes)
    assert answer.status_code == 303, re.findall(r'field__error.*?</div>', answer.content.decode(), re.S)
    return answer["Location"]


def shown(browser, address):
    answer = browser.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.req("QRY-1", "QRY-2", "QRY-8", "RES-1")
def test_a_whole_question_leads_to_its_result(browser, events):
    store_read(address="100 Main St, Columbus 43215", captured_at=datetime(2026, 7, 1, 16, 5, 9, tzinfo=UTC))
    store_read(plate="XYZ12345")
    address = ask(browser, timeframe="1y")
    assert re.fullmatch(r"/queries/[0-9a-f-]{36}/", address)
    page = shown(browser, address)
    for text in ("XYZ1234", "Ford", "F-150", "Jul 1, 2026, 12:05:09 PM EDT", "2026-07-01 16:05:09 UTC", "Ohio toll road camera",
                 "Toll road", "Gate 4", "39.960000, -83.000000", "100 Main St, Columbus 43215", "Main St &amp; 1st Ave", "97 %",
                 "1 read found", CASE, "Criminal investigation", "Last year", address.split("/")[2]):
        assert text in page
    assert page.count("?size=thumb") == 2
    assert 'data-lat="39.960000" data-lon="-83.000000"' in page
    assert "data-map " in page
    assert "XYZ12345" not in page
    assert [event["kind"] for event in events() if event["kind"].startswith("query")] == [
        "query.attempted", "query.answered", "query.viewed"]


@pytest.mark.req("RES-5")
def test_every_result_says_that_it_must_be_corroborated_and_why_plates_are_misread(browser):
    page = shown(browser, ask(browser))
    for text in ("Corroborate before any enforcement action", "angle", "snow", "damaged", "obstruction", "weather"):
        assert text in page


@pytest.mark.req("RES-7")
def test_pages_of_queries_are_kept_by_no_cache(browser):
    address = ask(browser)
    for answer in (browser.get(address), browser.get(NEW), browser.get("/queries/"), browser.get("/"), browser.post(NEW, {})):
        assert "no-store" in answer["Cache-Control"]


@pytest.mark.req("QRY-2", "RES-1")
def test_no_reads_are_said_plainly(browser):
    assert "No reads were found." in shown(browser, ask(browser))


@pytest.mark.req("QRY-2")
def test_reads_of_unknown_state_are_a_group_of_their_own(browser):
    store_read()
    store_read(state="")
    page = shown(browser, ask(browser))
    assert page.index('class="readlist"') < page.index("State not read</h3>")
    assert "2 reads found" in page
    assert "state not read" in page
    assert page.index("plate and state exact") < page.index("plate exact, state not read by the source")


@pytest.mark.req("RES-1")
def test_what_the_source_did_not_give_is_said(browser):
    store_read(make="", model="", address="", intersection="", confidence=None)
    store_read(address="about 1150 Hwy 360", address_is_approximate=True, plate_photo_cut=True)
    page = shown(browser, ask(browser))
    for text in ("make not given by source", "model not given by source", "none within 1 mile", "about 1150 Hwy 360",
                 "cut from the vehicle photo"):
        assert text in page


@pytest.mark.req("BEY-8")
def test_a_result_says_how_fresh_each_source_is_and_which_is_silent(browser, load_read):
    add_source("lot", label="Ohio parking lot camera")
    captured = datetime.now(UTC) - timedelta(minutes=5)
    load_read(captured_at=captured, now=captured + timedelta(seconds=12))
    page = shown(browser, ask(browser))
    fresh = " ".join(page[page.index("How fresh the reads are"):].split())
    assert "1 source is silent" in fresh
    assert "<dt>Ohio parking lot camera</dt><dd>no reads yet <span class=\"status status--warn\">silent" in fresh
    assert "12 seconds on its way" in fresh


@pytest.mark.req("QRY-2")
@pytest.mark.parametrize("typed", ["xyz1234", " xyz 1234 ", "X.Y.Z-1234", "ｘｙｚ１２３４"])
def test_spellings_of_one_plate_are_one_plate(browser, typed, events):
    ask(browser, plate=typed)
    assert events("query.attempted")[0]["plate"] == "XYZ1234"


@pytest.mark.req("QRY-5", "AUD-1")
def test_the_person_named_is_in_the_record_and_on_the_page(browser, events):
    page = shown(browser, ask(browser, for_whom="other", other_name=" Jane   Roe ", other_unit="HSI Newark"))
    [attempt] = events("query.attempted")
    assert (attempt["on_behalf_of"], attempt["details"]["other_unit"]) == ("Jane Roe", "HSI Newark")
    assert "Jane Roe, HSI Newark" in page


@pytest.mark.req("QRY-6", "AUD-1")
def test_a_place_narrows_the_result_and_is_in_the_record(browser, events):
    store_read(latitude=39.96, longitude=-83.0, address="near one")
    store_read(latitude=40.96, longitude=-83.0, address="far one")
    page = shown(browser, ask(browser, near_latitude="39.9601234567", near_longitude="-83.0", near_radius_km="2.5"))
    assert "near one" in page
    assert "far one" not in page
    assert "within 2.5 km of 39.960123, -83.000000" in page
    assert events("query.attempted")[0]["details"]["near"] == {
        "latitude_e6": 39960123, "longitude_e6": -83000000, "radius_m": 2500}
    ask(browser, geo_state="KY")
    assert events("query.answered")[-1]["details"].get("count", 0) == 0


@pytest.mark.req("QRY-6")
def test_an_address_is_found_in_the_loaded_streets(browser, events):
    dataset = StreetDataset.objects.create(name="test", attribution="Somebody's streets", loaded_at=datetime.now(UTC))
    box = {"west": -83, "south": 39, "east": -82, "north": 40}
    Street.objects.create(dataset=dataset, kind="address", name="7th Street", number="1612", city="Columbus", zip_code="43215",
                          points=[[-83.0, 39.96]], **box)
    Street.objects.create(dataset=dataset, kind="street", name="Main Avenue", points=[[-83.0, 39.0], [-82.0, 39.0]],
                          ranges=[[100, 198, 101, 199, "43215", "43215"]], **box)
    page = shown(browser, ask(browser, near_address="1612 7th St, Columbus", near_radius_km="1"))
    assert "1612 7th St, Columbus" in page
    assert "Somebody&#x27;s streets" in page or "No reads" in page
    ask(browser, near_address="149 main ave, 43215", near_radius_km="1")
    first, second = events("query.attempted")
    assert first["details"]["near"]["latitude_e6"] == 39_960_000
    assert second["details"]["near"]["longitude_e6"] == pytest.approx(-82_510_000, abs=20_000)
    for elsewhere in ("1612 7th St, Cleveland", "148 Main Ave, 44101", "300 Main Ave"):
        assert browser.post(NEW, WHOLE | {"near_address": elsewhere, "near_radius_km": "1"}).status_code == 400


@pytest.mark.req("QRY-9")
def test_another_persons_query_is_not_found_and_the_try_is_on_record(browser, officer2, signed_in, events):
    address = ask(browser)
    stranger = signed_in(officer2)
    assert stranger.get(address).status_code == 404
    assert stranger.post(f"{address}again/").status_code == 404
    assert stranger.get(f"/queries/{uuid.uuid4()}/").status_code == 404
    refused = events("access.refused", actor="officer2")
    assert [event["details"]["status"] for event in refused] == [404, 404, 404]
    assert events("query.viewed") == []


@pytest.mark.req("AUD-12", "QRY-9")
def test_audit_roles_of_the_area_replay_it_and_may_not_ask_again(browser, manager, auditor, other_manager, signed_in, events):
    store_read()
    address = ask(browser)
    for reader in (manager, auditor):
        page = shown(signed_in(reader), address)
        assert "1 read found" in page
        assert "Ask again" not in page
        assert "Add to alert list" not in page
    assert signed_in(other_manager).get(address).status_code == 404
    assert signed_in(manager).post(f"{address}again/").status_code == 403
    assert len(events("query.replayed")) == 2


@pytest.mark.req("ACC-10")
def test_roles_that_may_not_query_are_refused(manager, auditor, operator, signed_in, events):
    for person in (manager, auditor, operator):
        client = signed_in(person)
        for answer in (client.get(NEW), client.post(NEW, WHOLE), client.get("/queries/"), client.post("/queries/", {})):
            assert answer.status_code == 403
    assert len(events("access.refused")) == 12
    assert events("query.attempted") == []


@pytest.mark.req("RES-1", "AUD-6")
def test_pages_of_a_result_are_complete_and_carry_no_plate_in_their_address(browser, settings, events):
    settings.READS_PER_PAGE = 4
    moment = datetime.now(UTC) - HOUR
    stored = {str(store_read(captured_at=moment)) for _ in range(9)}
    stored |= {str(store_read(captured_at=moment, state="")) for _ in range(2)}
    address = first = ask(browser)
    seen = []
    while address:
        assert "XYZ" not in address
        page = shown(browser, address)
        seen += re.findall(r'data-read-id="([^"]+)"', page)
        following = re.search(r'href="([^"]+\?before=[^"]+)"', page)
        address = following and following[1]
    assert len(seen) == 11
    assert set(seen) == stored
    assert [event["details"]["page"] for event in events("query.viewed")] == [1, 2, 3]
    assert browser.get(f"{first}?before=forged").status_code == 404


@pytest.mark.req("QRY-10", "DAT-8")
def test_reads_that_are_gone_since_are_explained(browser):
    gone = store_read()
    address = ask(browser)
    mark(gone)
    assert "1 was found when the question was asked" in shown(browser, address)


@pytest.mark.req("QRY-9")
def test_own_queries_are_recalled_narrowed_by_post_and_asked_again(browser, events):
    ask(browser, plate="AAA111", case_reference="Lopez A123456789", for_whom="other", other_name="Jane Roe", timeframe="90d")
    ask(browser, plate="BBB222")
    page = shown(browser, "/queries/")
    assert page.index("BBB222") < page.index("AAA111")
    page = browser.post("/queries/", {"plate": "aaa-111"}).content.decode()
    assert "AAA111" in page
    assert "BBB222" not in page
    page = browser.post("/queries/", {"case": "lopez"}).content.decode()
    assert "BBB222" not in page
    assert browser.post("/queries/", {"plate": "A*"}).status_code == 400
    [address] = set(re.findall(r'action="(/queries/[0-9a-f-]+/again/)"', page))
    page = browser.post(address).content.decode()
    for text in ('value="AAA111"', '<option value="90d" selected>', "Lopez A123456789", 'value="Jane Roe"'):
        assert text in page
    assert events("query.viewed")[-1]["details"]["purpose"] == "again"
    assert len(events("query.attempted")) == 2


@pytest.mark.req("QRY-9")
def test_the_list_of_own_queries_is_paged_by_post(browser, settings):
    settings.READS_PER_PAGE = 2
    for plate in ("AAA1", "BBB2", "CCC3"):
        ask(browser, plate=plate)
    page = shown(browser, "/queries/")
    assert "CCC3" in page
    assert "AAA1" not in page
    before = re.search(r'name="before" value="([^"]+)"', page)[1]
    page = browser.post("/queries/", {"before": before}).content.decode()
    assert "AAA1" in page
    assert "CCC3" not in page
    assert browser.post("/queries/", {"before": "forged"}).status_code == 400
    page = browser.post("/queries/", {"case": "John", "asked_from": "2026-01-01"}).content.decode()
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert '<input type="hidden" name="asked_from" value="2026-01-01">' in page


@pytest.mark.req("QRY-8")
def test_text_from_people_and_sources_is_inert(browser):
    attack = '<script>alert(1)</script>"><img src=x onerror=alert(1)>'
    add_source("evil", label=attack)
    store_read(source="evil", make=attack, model=attack, camera=attack, address=attack, intersection=attack)
    page = shown(browser, ask(browser, case_reference=f"John Doe 12345678 {attack}", for_whom="other",
                              other_name=f"Jane {attack}"))
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "&lt;script&gt;alert(1)" in page
    page = browser.post(NEW, WHOLE | {"plate": attack}).content.decode()
    assert "<script>alert" not in page


@pytest.mark.req("LIM-1")
def test_no_parameter_turns_a_query_into_a_search(browser, events):
    store_read()
    store_read(plate="ABC1")
    for plate in ("*", "%", "_______", "XYZ123?", "XYZ[0-9]*", ".*", "XYZ1234' OR '1'='1", "XYZ1234,ABC1", "XYZ1234\nABC1",
                  "~XYZ"):
        answer = browser.post(NEW, WHOLE | {"plate": plate})
        assert answer.status_code == 400 or events("query.attempted")[-1]["plate"] == "XYZ1234ABC1", plate
    # What is beside the fields of the form changes nothing.
    page = shown(browser, ask(browser, plate__startswith="A", limit="100000", captured_from="1970-01-01", wildcard="1"))
    assert "ABC1" not in page
    address = ask(browser, plate="NONE999")
    for extra in ("?plate=XYZ1234", "?plate=*&state=OH", "?captured_from=1970-01-01", "?limit=500"):
        assert "No reads were found." in shown(browser, address + extra)


@pytest.mark.req("AUD-1")
def test_without_an_audit_record_there_is_a_503_and_no_read(browser):
    from config import databases

    store_read(address="77 Secret Lane")
    address = ask(browser)
    with databases.administrator() as administrator:
        administrator.execute("REVOKE EXECUTE ON FUNCTION audit.append(text, text) FROM lpr_app")
    for answer in (browser.post(NEW, WHOLE), browser.get(address), browser.get("/queries/")):
        assert answer.status_code == 503
        assert "Secret" not in answer.content.decode()


def test_a_store_that_fails_answers_503_and_the_query_says_so_afterwards(browser, events):
    from config import databases

    with databases.administrator() as administrator:
        administrator.execute("REVOKE EXECUTE ON FUNCTION store.reads_outcome(uuid) FROM lpr_app")
    assert browser.post(NEW, WHOLE).status_code == 503
    [attempt] = events("query.attempted")
    assert "was not answered" in shown(browser, reverse("lpr:query", args=[attempt["id"]]))


@pytest.mark.req("QRY-9")
def test_home_shows_recent_queries_to_those_who_ask_and_doors_to_others(browser, auditor, signed_in):
    ask(browser)
    assert "XYZ1234" in shown(browser, "/")
    page = shown(signed_in(auditor), "/")
    assert "Recent queries" not in page
    assert "/audit/" in page


def test_the_date_is_a_calendar_day_of_the_askers_area(browser, events):
    ask(browser, timeframe="custom", date_from="2026-03-01", date_to="2026-03-01")
    details = events("query.attempted")[0]["details"]
    assert (details["captured_from"], details["captured_until"]) == ("2026-03-01T05:00:00Z", "2026-03-02T05:00:00Z")
    assert (date.fromisoformat(details["date_from"]), details["timeframe"]) == (date(2026, 3, 1), "custom")


@pytest.mark.req("RES-6")
def test_a_result_and_each_of_its_reads_lead_to_the_alert_form_without_a_plate_in_the_address(browser):
    store_read()
    address = ask(browser)
    page = shown(browser, address)
    assert f'href="/alerts/new/?query={address.split("/")[2]}"' in page
    assert re.search(r'href="/alerts/new/\?read=[\w:-]+"', page)
    assert "XYZ" not in "".join(re.findall(r'(?:href|src|action)="([^"]*)"', page))


@pytest.mark.req("BEY-8", "ALR-7")
def test_home_shows_hits_lists_what_is_to_be_renewed_and_how_fresh_the_reads_are(browser, load_read):
    load_read()
    page = shown(browser, "/")
    for text in ("Newest hits", "Alert lists", "How fresh the reads are", "Ohio toll road camera", "newest read"):
        assert text in page


@pytest.mark.req("RES-3")
def test_each_read_can_be_selected_for_the_report(browser):
    record_id = store_read()
    page = shown(browser, ask(browser))
    assert f'name="read" value="{record_id}" form="report"' in page
    assert '<form id="report"' in page
