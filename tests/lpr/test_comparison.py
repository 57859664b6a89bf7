"""Look before use: what is printed, exported or watched was compared with its photos, by the one who uses it (BEY-6)."""

import re

import pytest

from accounts.models import UserGroup
from tests.lpr.stored_reads import mark, store_read
from tests.lpr.test_query_pages import ask, shown

ALIKE = ("same_plate", "same_state", "same_vehicle")


@pytest.fixture(autouse=True)
def _required(settings):
    settings.LOOK_BEFORE_USE = True


@pytest.fixture
def browser(officer, signed_in):
    return signed_in(officer)


def ticked(*reads, fields=ALIKE):
    return {"read": [str(read) for read in reads]} | {field: [str(read) for read in reads] for field in fields}


def alert_link(browser, address):
    return re.search(r"/alerts/new/\?read=[^\"]+", shown(browser, address))[0]


@pytest.mark.req("BEY-6")
@pytest.mark.parametrize("report", ["report/", "report.pdf"])
def test_a_report_holds_only_reads_that_were_compared(browser, events, report):
    read = store_read()
    address = ask(browser)
    for answer in (browser.get(f"{address}{report}", {"read": str(read)}),
                   browser.post(f"{address}{report}", {"read": str(read)}),
                   browser.post(f"{address}{report}", ticked(read, fields=ALIKE[:2]))):
        assert answer.status_code == 400
        assert "not compared yet" in answer.content.decode()
    assert not events("report.printed")
    assert browser.post(f"{address}{report}", ticked(read)).status_code == 200
    compared = events("read.compared")[-1]
    assert compared["query"] == address.split("/")[2]
    assert compared["details"] == {"read": str(read), "same_plate": True, "same_state": True, "same_vehicle": True}
    assert browser.get(f"{address}{report}", {"read": str(read)}).status_code == 200, "compared once is compared"


@pytest.mark.req("BEY-6")
def test_each_read_of_a_report_is_compared_by_the_one_who_prints(browser, agent, officer, signed_in, events):
    first, second = store_read(), store_read(model="Focus")
    address = ask(browser)
    answer = browser.post(f"{address}report/", ticked(first) | {"read": [str(first), str(second)]})
    assert answer.status_code == 400
    assert "One of the chosen reads" in answer.content.decode()
    other = ask(browser)
    assert browser.get(f"{other}report/", {"read": str(first)}).status_code == 400, "of another query"


@pytest.mark.req("BEY-6", "RES-3")
def test_the_step_before_printing_shows_the_photos_and_keeps_selection_and_ticks(browser, load_read, events):
    first, second = load_read(), load_read(source_record_id="r-2")
    address = ask(browser)
    both = {"read": [str(first), str(second)]}
    answer = browser.post(f"{address}report.pdf", ticked(first) | both | {"same_state": [str(second)]})
    page = answer.content.decode()
    assert answer.status_code == 400
    assert page.count("Photo of the plate") == 2, "neither was found alike in everything"
    assert f'name="same_state" value="{second}" checked' in page
    assert f'name="same_plate" value="{second}">' in page
    photo = re.search(r'href="(/reads/[^"]+/photos/1/)"', page)[1]
    assert browser.get(photo).content.startswith(b"\xff\xd8\xff")
    answer = browser.post(f"{address}report.pdf", ticked(first) | both)
    page = answer.content.decode()
    assert f'<input type="hidden" name="read" value="{first}">' in page, "what was compared goes along"
    assert page.count("Photo of the plate") == 1
    assert events("report.printed") == []
    assert browser.post(f"{address}report.pdf", ticked(second) | both).status_code == 200
    assert events("report.printed")[0]["details"]["reads"] == [str(first), str(second)]


@pytest.mark.req("BEY-6", "QRY-9")
def test_a_member_of_the_group_compares_for_themselves(browser, officer, officer_chi, signed_in, events):
    read = store_read()
    address = ask(browser)
    group = UserGroup.objects.create(name="Task force", purpose="Joint case", owner=officer)
    group.members.add(officer_chi)
    browser.post(f"{address}share/", {"group": group.pk})
    browser.post(f"{address}report/", ticked(read))
    member = signed_in(officer_chi)
    assert 'name="same_plate"' in shown(member, address)
    assert member.post(f"{address}report/", {"read": str(read)}).status_code == 400, "the asker's ticks are the asker's"
    assert member.post(f"{address}report/", ticked(read)).status_code == 200
    assert [event["actor"] for event in events("read.compared")] == ["officer", "officer_chi"]


@pytest.mark.req("BEY-6")
def test_reads_that_are_shown_no_more_are_left_out_of_the_step(browser, events):
    kept, gone = store_read(), store_read(model="Focus")
    address = ask(browser)
    browser.post(f"{address}report/", ticked(kept))
    mark(gone)
    page = browser.post(f"{address}report/", {"read": [str(kept), str(gone)]}).content.decode()
    assert "not shown any more" in page
    assert str(kept) in page
    assert str(gone) not in page
    assert browser.post(f"{address}report/", {"read": [str(gone)]}).status_code == 404


@pytest.mark.req("BEY-6", "AUD-12")
def test_an_audit_role_judges_the_query_and_compares_nothing(browser, auditor, signed_in):
    read = store_read()
    address = ask(browser)
    assert signed_in(auditor).get(f"{address}report.pdf", {"read": str(read)}).status_code == 200


@pytest.mark.req("BEY-6")
def test_an_alert_from_a_result_leads_past_the_photos(browser, events, load_read):
    load_read()
    link = alert_link(browser, ask(browser))
    answer = browser.get(link)
    assert answer.status_code == 303
    page = answer["Location"]
    assert page.endswith("/compare/")
    text = browser.get(page).content.decode()
    for said in ("XYZ1234", "Photo of the plate", "Photo of the vehicle"):
        assert said in text
    refused = browser.post(page, {"same_plate": "on", "same_state": "on"})
    assert refused.status_code == 400
    assert "Report it as wrong" in refused.content.decode()
    assert browser.get(link).status_code == 303
    assert browser.post(page, dict.fromkeys(ALIKE, "on"))["Location"] == link
    form = browser.get(link)
    assert form.status_code == 200
    assert "XYZ1234" in form.content.decode()
    assert [event["details"]["same_vehicle"] for event in events("read.compared")] == [False, True]


@pytest.mark.req("BEY-6")
def test_the_form_of_an_alert_from_a_read_is_not_taken_before_the_photos_were_looked_at(browser, events, load_read):
    load_read()
    link = alert_link(browser, ask(browser))
    token = link.partition("read=")[2]
    entry = {"plate": "XYZ1234", "state": "OH", "reason": "CRIM", "for_whom": "self", "scope": "self", "ongoing": "on",
             "case_reference": "Subject name John Doe, case number 12345678", "read": token}
    answer = browser.post("/alerts/new/", entry)
    assert answer.status_code == 303
    assert answer["Location"].endswith("/compare/")
    assert not events("entry.added")
    assert "not compared" in events("entry.refused")[0]["details"]["errors"]["read"][0]
    browser.post(answer["Location"], dict.fromkeys(ALIKE, "on"))
    assert f'name="read" value="{token}"' in browser.get(link).content.decode()
    browser.post("/alerts/new/", entry)
    assert len(events("entry.added")) == 1


@pytest.mark.req("BEY-6")
def test_an_alert_from_a_hit_leads_past_the_photos(browser, load_read, watch):
    watch()
    load_read()
    link = alert_link(browser, "/alerts/hits/")
    page = browser.get(link)["Location"]
    assert browser.post(page, dict.fromkeys(ALIKE, "on")).status_code == 303
    assert browser.get(link).status_code == 200


@pytest.mark.req("BEY-6")
def test_the_address_of_a_comparison_is_worth_nothing_to_anybody_else(browser, officer2, signed_in, load_read):
    load_read()
    page = browser.get(alert_link(browser, ask(browser)))["Location"]
    assert signed_in(officer2).get(page).status_code == 404


@pytest.mark.req("BEY-6")
def test_where_it_is_not_required_ticks_are_recorded_all_the_same(browser, settings, events):
    settings.LOOK_BEFORE_USE = False
    read = store_read()
    address = ask(browser)
    assert browser.get(f"{address}report/", {"read": str(read)}).status_code == 200
    assert not events("read.compared")
    assert browser.post(f"{address}report/", ticked(read, fields=ALIKE[:1]) | {"same_state": "no id"}).status_code == 200
    assert events("read.compared")[0]["details"]["same_state"] is False
