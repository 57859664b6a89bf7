"""The page of what is to be renewed: each plate with its hits, decided in one step; refusals at their place and on record."""

from datetime import timedelta

import pytest

from alerts import entries, expiry
from alerts.models import Entry
from tests.factories.alerts import CASE

pytestmark = pytest.mark.usefixtures("database")
PAGE = "/alerts/renewals/"
DAY = timedelta(days=1)


@pytest.fixture
def browser(signed_in, officer):
    return signed_in(officer)


@pytest.fixture
def ending(watch, now):
    return [watch(plate=plate, now=now - 360 * DAY) for plate in ("AAA111", "BBB222")]


@pytest.mark.req("ALR-7", "ALR-9", "ALR-10")
def test_each_plate_is_shown_with_its_hits_and_the_look_is_on_record(browser, ending, watch, load_read, events):
    watch(plate="YOUNG1")
    load_read(plate="AAA111", address="12 Main St")
    text = browser.get(PAGE).content.decode()
    assert ("AAA111" in text, "12 Main St" in text, "never seen" in text, "YOUNG1" in text) == (True, True, True, False)
    viewed = events("list.viewed")[-1]["details"]
    assert (viewed["of"], set(viewed["entries"])) == ("to be renewed", {str(entry.pk) for entry in ending})


@pytest.mark.req("ALR-7", "ALR-9")
def test_the_marked_plates_are_renewed_in_one_step(browser, ending, now, events):
    answer = browser.post(PAGE, {"entry": [entry.pk for entry in ending], "act": "renew", "need_confirmed": "on",
                                 "note": "The case is open."})
    assert (answer.status_code, answer["Location"]) == (303, PAGE)
    assert all(entry.valid_until > now + 364 * DAY for entry in Entry.objects.all())
    assert [event["details"]["note"] for event in events("entry.renewed")] == ["The case is open."] * 2
    assert "No plate of yours is to be renewed now." in browser.get(PAGE).content.decode()


@pytest.mark.req("ALR-10")
def test_the_marked_plates_are_removed_in_one_step(browser, ending, events):
    browser.post(PAGE, {"entry": [ending[0].pk], "act": "remove", "note": "Case closed"})
    assert [entry.plate for entry in Entry.objects.all()] == ["BBB222"]
    assert events("entry.removed")[0]["details"]["note"] == "Case closed"


@pytest.mark.req("ALR-9")
@pytest.mark.parametrize("act", ["remove", "renew"])
@pytest.mark.parametrize("note", ["Case\0closed", "x" * 501])
def test_a_note_that_cannot_be_kept_is_refused_and_nothing_is_done(browser, ending, events, act, note):
    answer = browser.post(PAGE, {"entry": [ending[0].pk], "act": act, "need_confirmed": "on", "note": note})
    assert answer.status_code == 400
    assert list(events("entry.refused")[0]["details"]["errors"]) == ["note"]
    assert not events("entry.removed") and not events("entry.renewed")


@pytest.mark.req("ALR-7", "ALR-9")
@pytest.mark.parametrize(("sent", "said"), [
    ({"note": "The case is open."}, "Confirm that the operational need continues."),
    ({"need_confirmed": "on"}, "Say why the need continues."),
    ({"need_confirmed": "on", "note": "Open.", "entry": []}, "Mark at least one plate."),
])
def test_what_is_missing_is_said_and_on_record(browser, ending, events, sent, said):
    answer = browser.post(PAGE, {"entry": [ending[0].pk], "act": "renew"} | sent)
    text = answer.content.decode()
    assert (answer.status_code, said in text) == (400, True)
    assert (f'id="entry-{ending[0].pk}" checked' in text) == bool(sent.get("entry", True))
    assert events("entry.refused") and not events("entry.renewed")


@pytest.mark.req("ALR-7", "ALR-9")
def test_what_came_too_late_is_said_and_the_rest_is_renewed(browser, ending, officer, now, events):
    entries.remove(entry=ending[0], by=officer, now=now)
    answer = browser.post(PAGE, {"entry": [entry.pk for entry in ending], "act": "renew", "need_confirmed": "on",
                                 "note": "The case is open."})
    assert "1 of the marked plates are renewed; 1 came too late and are gone." in answer.content.decode()
    assert (len(events("entry.renewed")), len(events("entry.refused"))) == (1, 1)


@pytest.mark.req("ALR-7")
def test_ended_entries_of_which_a_read_was_under_way_match_again(browser, watch, load_read, now):
    ended = [watch(plate=plate, now=now - 366 * DAY) for plate in ("AAA111", "BBB222")]
    expiry.age(now=now)
    assert "Ended" in browser.get(PAGE).content.decode()
    browser.post(PAGE, {"entry": [entry.pk for entry in ended], "act": "renew", "need_confirmed": "on", "note": "Open."})
    assert {(entry.status, entry.matched_back_at is not None) for entry in Entry.objects.all()} == {("active", True)}
    load_read(plate="AAA111")
    assert ended[0].hits.count() == 1


def test_another_users_entries_are_neither_shown_nor_renewed(signed_in, officer2, ending, events):
    other = signed_in(officer2)
    assert "AAA111" not in other.get(PAGE).content.decode()
    other.post(PAGE, {"entry": [ending[0].pk], "act": "renew", "need_confirmed": "on", "note": CASE})
    assert not events("entry.renewed")


def test_a_wrong_role_and_a_wrong_id_are_refused(signed_in, auditor, browser):
    assert signed_in(auditor).get(PAGE).status_code == 403
    assert browser.post(PAGE, {"entry": ["sample"], "act": "renew"}).status_code == 404
