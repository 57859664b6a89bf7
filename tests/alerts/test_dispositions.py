"""What became of a hit is said by those who were told, seen by them, on record, and gone with the hit."""

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
