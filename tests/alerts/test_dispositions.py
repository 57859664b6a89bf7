"""What became of a hit is said by those who were told, seen by them, on record, and gone with the hit."""

import re
from datetime import timedelta

import pytest

from alerts import dispositions, entries
from alerts.models import Hit

pytestmark = pytest.mark.usefixtures("database")


@pytest.mark.req("ALR-9", "BEY-9")
def test_what_became_of_a_hit_is_said_and_seen_by_all_who_were_told(watch, load_read, officer2, signed_in, officer, events):
    watch(scope="users", users=[officer2])
    load_read()
    hit = Hit.objects.get()
    colleague = signed_in(officer2)
    address = f"/alerts/hits/{hit.pk}/disposition/"
    assert address in colleague.get("/alerts/hits/").content.decode()
    assert colleague.get(address).status_code == 200
    assert colleague.post(address, {"disposition": "misread", "action_taken": "Compared photos"}).status_code == 303
    page = signed_in(officer).get("/alerts/hits/").content.decode()
    assert "Misread: Compared photos, says officer2" in page
    [event] = events("hit.disposed")
    assert (event["plate"], event["actor"], event["details"]["disposition"], event["details"]["action_taken"]) == (
        "XYZ1234", "officer2", "misread", "Compared photos")


@pytest.mark.req("ALR-9")
@pytest.mark.parametrize("fields", [{}, {"disposition": "arrested"}, {"disposition": "misread", "action_taken": "x" * 301}])
def test_what_is_not_listed_is_refused_and_on_record(watch, load_read, officer, signed_in, fields, events):
    watch()
    load_read()
    answer = signed_in(officer).post(f"/alerts/hits/{Hit.objects.get().pk}/disposition/", fields)
    assert answer.status_code == 400
    assert Hit.objects.get().disposition == ""
    assert events("entry.refused")


@pytest.mark.req("ALR-9", "AUD-12")
def test_who_was_not_told_says_nothing(watch, load_read, officer2, signed_in, now):
    watch()
    load_read()
    hit = Hit.objects.get()
    assert signed_in(officer2).post(f"/alerts/hits/{hit.pk}/disposition/", {"disposition": "misread"}).status_code == 404
    with pytest.raises(dispositions.HitNotFound):
        dispositions.say(hit=hit.pk, by=officer2, disposition="misread", now=now)
    with pytest.raises(dispositions.DispositionRefused):
        dispositions.say(hit=hit.pk, by=hit.owner, disposition="else", now=now)


@pytest.mark.req("BEY-9", "ALR-10")
def test_a_list_says_what_it_brings_and_that_plates_must_be_removed(watch, load_read, officer, signed_in, now):
    entry = watch()
    alert_list = entry.alert_list
    entries.add_to(alert_list=alert_list, plate="NEVER1", state="OH", reason="CRIM", case_reference=entry.case_reference,
                   now=now + timedelta(seconds=1))
    for _ in range(3):
        load_read()
    dispositions.say(hit=Hit.objects.first().pk, by=officer, disposition="confirmed", now=now)
    found = dispositions.yield_of(alert_list=alert_list, now=now + timedelta(seconds=30))
    assert (found.hits, found.days, found.hits_a_day, found.never_hit) == (3, 1, 3, 1)
    assert [row.plate for row in found.oldest] == ["XYZ1234", "NEVER1"]
    assert dict(found.dispositions) == {"Nothing said yet": 2, "Confirmed": 1}
    page = signed_in(officer).get(f"/alerts/{alert_list.pk}/").content.decode()
    assert "<strong>3.0</strong> hits a day" in page
    assert "You must remove a plate as soon as it no longer relates to an open case." in page


@pytest.mark.req("BEY-9")
def test_a_list_shows_its_hits_day_by_day_what_never_hit_and_what_stands_longest(
        watch, load_read, officer, signed_in, now, settings):
    settings.READS_PER_PAGE = 2
    entry = watch()
    for number in range(3):
        entries.add_to(alert_list=entry.alert_list, plate=f"NEVER{number}", state="OH", reason="CRIM",
                       case_reference=entry.case_reference, now=now + timedelta(seconds=number + 1))
    load_read()
    place, browser = f"/alerts/{entry.alert_list_id}/", signed_in(officer)
    page = browser.get(place).content.decode()
    assert "1 hits, 0 confirmed" in page
    assert "Hits a day from" in page
    shown = browser.get(f"{place}?show=never-hit").content.decode()
    assert re.findall(r"Remove (\w+), OH", shown) == ["NEVER2", "NEVER1"]
    following = re.search(r'href="(\?show=never-hit&amp;before=[^"]+)"', shown)[1].replace("&amp;", "&")
    assert re.findall(r"Remove (\w+), OH", browser.get(place + following).content.decode()) == ["NEVER0"]
    oldest = browser.get(f"{place}?show=oldest").content.decode()
    assert re.findall(r"Remove (\w+), OH", oldest) == ["XYZ1234", "NEVER0"]
    following = re.search(r'href="(\?show=oldest&amp;before=[^"]+)"', oldest)[1].replace("&amp;", "&")
    assert re.findall(r"Remove (\w+), OH", browser.get(place + following).content.decode()) == ["NEVER1", "NEVER2"]
    assert re.findall(r"Remove (\w+), OH", browser.get(f"{place}?show=else").content.decode()) == ["NEVER2", "NEVER1"]


@pytest.mark.req("ALR-5", "ALR-9", "BEY-9")
def test_statistics_say_by_list_and_source_what_became_of_ones_own_hits(
        watch, load_read, make_source, officer, officer2, signed_in, now, events):
    first, second = watch(plate="AAA1111", name="Harbor"), watch(plate="BBB2222", name="Airport")
    watch(owner=officer2, plate="CCC3333", name="Not mine")
    lot = make_source("lot", label="Parking lot")
    for plate, read_of in (("AAA1111", None), ("AAA1111", lot), ("BBB2222", lot), ("CCC3333", lot)):
        load_read(plate=plate, **({"source": read_of} if read_of else {}))
    for entry, said in ((first, "misread"), (second, "confirmed")):
        hit = Hit.objects.filter(entry=entry, source="Parking lot").get()
        dispositions.say(hit=hit.pk, by=officer, disposition=said, now=now)
    found = dispositions.statistics(user=officer, days=30, now=now + timedelta(minutes=1))
    assert (found.total.hits, found.total.confirmed, found.total.misread, found.total.unsaid) == (3, 1, 1, 1)
    assert [(row.label, row.hits, row.misread, row.unsaid) for row in found.lists] == [("Harbor", 2, 1, 1), ("Airport", 1, 0, 0)]
    assert [(row.label, row.hits, row.misread_percent) for row in found.sources] == [
        ("Parking lot", 2, 50.0), ("Ohio toll road camera", 1, None)]
    assert dispositions.statistics(user=officer, days=30, now=now + timedelta(days=40)).total.hits == 0
    browser = signed_in(officer)
    page = browser.get("/alerts/statistics/?days=90").content.decode()
    assert "Harbor" in page
    assert "Not mine" not in page
    assert "You must remove a plate" in page
    assert browser.get("/alerts/statistics/?days=-1").status_code == 200
    assert [event["details"] for event in events("list.viewed", actor="officer") if "days" in event["details"]] == [
        {"of": "what became of hits", "days": 90}, {"of": "what became of hits", "days": 30}]


@pytest.mark.req("ACC-10")
def test_a_role_without_alerts_sees_no_statistics(signed_in, manager):
    assert signed_in(manager).get("/alerts/statistics/").status_code == 403
