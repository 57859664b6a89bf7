"""The pages of alerts as a person uses them; each for the right role, a wrong role, another user, repeated, and refused."""

import html
import re
from datetime import timedelta

import pytest

from accounts.models import UserGroup
from alerts import entries, expiry, lists
from alerts.models import AlertList, AlertPolicy, Entry, Hit, Notification
from lpr import search
from lpr.forms.query import QueryForm
from tests.factories.alerts import CASE

pytestmark = pytest.mark.usefixtures("database")
WHOLE = {"plate": "xyz-1234", "state": "OH", "reason": "CRIM", "case_reference": CASE, "scope": "self", "for_whom": "self",
         "ongoing": "on"}
PAGES = ["/alerts/", "/alerts/new/", "/alerts/hits/", "/alerts/search/"]


@pytest.fixture
def browser(signed_in, officer):
    return signed_in(officer)


@pytest.mark.req("ALR-1", "ALR-2")
def test_a_whole_form_adds_the_alert_and_leads_to_its_list(browser, officer, load_read):
    answer = browser.post("/alerts/new/", WHOLE)
    entry = Entry.objects.get()
    assert (answer.status_code, answer["Location"]) == (303, f"/alerts/{entry.alert_list_id}/")
    assert (entry.owner, entry.plate, entry.alert_list.scope) == (officer, "XYZ1234", "self")
    load_read()
    assert Notification.objects.get().recipient == officer


@pytest.mark.req("ALR-4")
def test_users_are_named_and_a_group_is_chosen(browser, officer, officer2, agent):
    browser.post("/alerts/new/", WHOLE | {"scope": "users", "users": "Officer2, agent"})
    assert set(AlertList.objects.get().users.all()) == {officer2, agent}
    group = UserGroup.objects.create(name="Case team", purpose="A case", owner=officer)
    for value in (str(group.pk), "Case team"):
        browser.post("/alerts/new/", WHOLE | {"scope": "group", "group": value})
    assert AlertList.objects.filter(group=group).count() == 2
    browser.post("/alerts/new/", WHOLE | {"scope": "agency"})
    assert AlertList.objects.filter(scope="agency").count() == 1


@pytest.mark.req("ALR-2", "ALR-4", "ALR-9")
@pytest.mark.parametrize(("change", "field"), [
    ({"plate": ""}, "plate"), ({"plate": "XYZ%"}, "plate"), ({"plate": "ABCDEFGH123"}, "plate"),
    ({"state": ""}, "state"), ({"state": "ZZ"}, "state"), ({"reason": ""}, "reason"), ({"reason": "DRUG"}, "reason"),
    ({"case_reference": ""}, "case_reference"), ({"case_reference": "test"}, "case_reference"),
    ({"for_whom": ""}, "for_whom"), ({"for_whom": "other"}, "other_name"),
    ({"for_whom": "other", "other_name": "Roe\nBcc: x"}, "other_name"), ({"ongoing": ""}, "ongoing"),
    ({"scope": "everybody"}, "scope"), ({"scope": "users"}, "users"), ({"scope": "users", "users": "nobody"}, "users"),
    ({"scope": "users", "users": "manager"}, "users"), ({"scope": "group"}, "group"),
    ({"scope": "group", "group": "99"}, "group"),
])
def test_each_error_stands_at_its_field_and_what_was_typed_stays(browser, manager, change, field, events):
    answer = browser.post("/alerts/new/", WHOLE | {"other_name": ""} | change)
    assert answer.status_code == 400
    page = answer.content.decode()
    assert f'id="id_{field}_error"' in page
    assert "12345678" in page or "case_reference" in change
    assert not Entry.objects.exists()
    [event] = events("entry.refused")
    assert list(event["details"]["errors"]) == [field]
    assert event["details"]["entered"].get("plate", "") == (WHOLE | change)["plate"]
    assert not events("access.refused")


@pytest.mark.req("ALR-1", "RES-6")
def test_a_query_fills_the_form_in_and_its_address_holds_no_plate(browser, officer, now, events):
    query = _asked(officer, now)
    answer = browser.get(f"/alerts/new/?query={query}")
    page = answer.content.decode()
    assert 'value="XYZ1234"' in page
    assert '<option value="OH" selected>' in page
    assert CASE in page
    assert events("query.viewed")[-1]["details"]["purpose"] == "alert"


@pytest.mark.req("RES-6")
def test_a_result_and_its_query_lead_to_the_form_filled_in(browser, officer, load_read, now):
    load_read()
    page = browser.get(f"/queries/{_asked(officer, now)}/").content.decode()
    addresses = set(re.findall(r"/alerts/new/\?(?:read|query)=[^\"]+", page))
    assert len(addresses) == 2
    for address in addresses:
        assert "XYZ1234" not in address
        assert 'value="XYZ1234"' in browser.get(address).content.decode()


@pytest.mark.req("RES-6", "AUD-12")
def test_another_users_query_fills_nothing_in(signed_in, officer, officer2, now, events):
    query = _asked(officer, now)
    assert signed_in(officer2).get(f"/alerts/new/?query={query}").status_code == 404
    assert events("access.refused", actor="officer2")


@pytest.mark.parametrize("address", ["?query=XYZ1234", "?read=forged", "?query=00000000-0000-7000-8000-000000000000"])
def test_an_address_that_stands_for_nothing_is_not_found(browser, address):
    assert browser.get(f"/alerts/new/{address}").status_code == 404


@pytest.mark.req("RES-6")
def test_a_hit_fills_the_form_in(browser, watch, load_read):
    watch()
    load_read()
    page = browser.get("/alerts/hits/").content.decode()
    [address] = set(re.findall(r"/alerts/new/\?read=[^\"]+", page))
    assert "XYZ1234" not in address
    assert 'value="XYZ1234"' in browser.get(address).content.decode()


@pytest.mark.req("ALR-9")
def test_the_overview_counts_plates_and_hits_and_each_look_is_on_record(browser, watch, load_read, events):
    entry = watch()
    load_read()
    browser.get(f"/alerts/{entry.alert_list_id}/")
    assert events("list.viewed")[0]["details"] == {"list": str(entry.alert_list_id)}
    page = browser.get("/alerts/").content.decode()
    assert re.search(r'data-label="Plates" class="numeric">1<', page)
    assert re.search(r'data-label="Hits" class="numeric">1<', page)
    assert "Hits (1 new)" in page


@pytest.mark.req("ALR-10", "ALR-9")
def test_marked_plates_are_removed_in_one_step(browser, officer, now, events):
    team = lists.create(owner=officer, name="Team", now=now)
    added = [entries.add_to(alert_list=team, plate=f"ABC{number}", state="OH", reason="CRIM", case_reference=CASE, now=now)
             for number in range(3)]
    answer = browser.post(f"/alerts/{team.pk}/", {"delete": [added[0].pk, added[2].pk], "note": "Closed"})
    assert (answer.status_code, answer["Location"]) == (303, f"/alerts/{team.pk}/")
    assert [entry.plate for entry in Entry.objects.all()] == ["ABC1"]
    assert [event["details"]["note"] for event in events("entry.removed")] == ["Closed", "Closed"]
    assert browser.post(f"/alerts/{team.pk}/", {"delete": [added[0].pk]}).status_code == 404


@pytest.mark.req("ALR-8", "ALR-10", "ALR-9")
def test_a_whole_list_is_removed_in_one_step_once_its_owner_says_so(
        browser, signed_in, officer, officer2, load_read, now, events):
    team = lists.create(owner=officer, name="Team", now=now)
    for number in range(3):
        entries.add_to(alert_list=team, plate=f"ABC{number}", state="OH", reason="CRIM", case_reference=CASE, now=now)
    load_read(plate="ABC1")
    address = f"/alerts/{team.pk}/"
    unsure = browser.post(address, {"whole": "on", "note": "Case closed"})
    assert unsure.status_code == 400
    assert "are to be removed" in unsure.content.decode()
    assert 'value="Case closed"' in unsure.content.decode()
    assert events("entry.refused")
    assert signed_in(officer2).post(address, {"whole": "on", "sure": "on"}).status_code == 404
    assert Entry.objects.count() == 3
    answer = browser.post(address, {"whole": "on", "sure": "on", "note": "Case closed"})
    assert (answer.status_code, answer["Location"]) == (303, "/alerts/")
    assert not AlertList.objects.exists()
    assert not Entry.objects.exists()
    assert not Hit.objects.exists()
    assert not Notification.objects.exists()
    assert [event["details"]["note"] for event in events("entry.removed")] == ["Case closed"] * 3
    assert [event["details"]["name"] for event in events("list.deleted")] == ["Team"]
    assert browser.post(address, {"whole": "on", "sure": "on"}).status_code == 404


@pytest.mark.req("ALR-10")
def test_removing_the_one_plate_of_an_alert_leads_back_to_the_lists(browser, watch):
    entry = watch()
    answer = browser.post(f"/alerts/{entry.alert_list_id}/", {"delete": "on"})
    assert answer["Location"] == "/alerts/"
    assert not AlertList.objects.exists()


@pytest.mark.req("ALR-8", "ALR-9", "ALR-10")
@pytest.mark.parametrize("sent", [{}, {"note": "Closed"}, {"act": "sample"}])
def test_a_form_that_names_no_plate_removes_none_and_the_refusal_is_on_record(browser, watch, load_read, events, sent):
    entry = watch()
    load_read()
    answer = browser.post(f"/alerts/{entry.alert_list_id}/", sent)
    assert (answer.status_code, "Mark at least one plate." in answer.content.decode()) == (400, True)
    assert (Entry.objects.count(), Hit.objects.count()) == (1, 1)
    [refused] = events("entry.refused")
    assert refused["details"]["errors"] == {"__all__": ["Mark at least one plate."]}
    assert not events("entry.removed")


@pytest.mark.req("ALR-9")
@pytest.mark.parametrize("note", ["Case\0closed", "x" * 501])
def test_a_note_that_cannot_be_kept_removes_nothing_and_is_refused_at_its_field(browser, watch, events, note):
    entry = watch()
    answer = browser.post(f"/alerts/{entry.alert_list_id}/", {"delete": entry.pk, "note": note})
    text = answer.content.decode()
    assert (answer.status_code, 'href="#removal-note"' in text) == (400, True)
    assert f'id="delete-{entry.pk}" checked' in text
    assert list(events("entry.refused")[0]["details"]["errors"]) == ["note"]
    assert Entry.objects.exists()


@pytest.mark.req("ALR-7", "ALR-10")
def test_a_refused_removal_or_renewal_shows_the_page_on_which_it_stood_with_its_marks(browser, officer, now, settings, events):
    settings.READS_PER_PAGE = 1
    team = lists.create(owner=officer, name="Team", now=now)
    for days, plate in enumerate(("LOT1", "LOT2", "LOT3")):
        entries.add_to(alert_list=team, plate=plate, state="OH", reason="CRIM", case_reference=CASE,
                       now=now - timedelta(days=9 - days))
    address = f"/alerts/{team.pk}/"
    first = browser.get(f"{address}?show=oldest&plate=ABC123").content.decode()
    assert "ABC123" not in first
    second = browser.get(address + html.unescape(re.search(r'href="(\?show=oldest[^"]+)"', first)[1])).content.decode()
    entry = Entry.objects.get(plate="LOT2")
    action = html.unescape(re.search(r'<form id="removal" method="post" action="([^"]+)"', second)[1])
    refused = browser.post(action, {"delete": entry.pk, "note": "x" * 501})
    assert (refused.status_code, f'id="delete-{entry.pk}" checked' in refused.content.decode()) == (400, True)
    refused = browser.post(action, {"renew": entry.pk, "note": "Trial goes on"})
    assert (refused.status_code, 'value="Trial goes on"' in refused.content.decode()) == (400, True)
    assert len(events("entry.refused")) == 2


@pytest.mark.req("ALR-7")
def test_the_pages_say_for_how_long_policy_watches_a_plate(browser, watch, now):
    AlertPolicy.objects.update(validity_months=6)
    entry = watch(now=now - timedelta(days=180))
    for page, said in ((f"/alerts/{entry.alert_list_id}/", "Renew for 6 months"), ("/alerts/new/", "valid for 6 months"),
                       ("/alerts/renewals/", "Renew for 6 months"), ("/alerts/renewals/", "watched for 6 months")):
        shown = browser.get(page).content.decode()
        assert (said in shown, "a year" in shown, "one year" in shown) == (True, False, False), page
    for months, words in ((1, "a month"), (12, "a year"), (24, "2 years"), (18, "18 months")):
        assert AlertPolicy(validity_months=months).validity == words


@pytest.mark.req("ALR-7")
def test_a_renewal_on_the_page(browser, watch, events):
    entry = watch()
    address = f"/alerts/{entry.alert_list_id}/"
    refused = browser.post(address, {"renew": entry.pk, "note": "Trial goes on"})
    assert refused.status_code == 400
    assert 'value="Trial goes on"' in refused.content.decode()
    assert "Confirm that the operational need continues." in refused.content.decode()
    assert events("entry.refused")[0]["plate"] == "XYZ1234"
    assert browser.post(address, {"renew": entry.pk, "need_confirmed": "on", "note": "Trial goes on"}).status_code == 303
    assert len(events("entry.renewed")) == 1


@pytest.mark.req("ALR-9", "AUD-1")
def test_another_users_list_is_not_found_and_the_attempt_is_on_record(signed_in, officer2, watch, events):
    entry = watch()
    colleague = signed_in(officer2)
    address = f"/alerts/{entry.alert_list_id}/"
    assert colleague.get(address).status_code == 404
    assert colleague.post(address, {"delete": entry.pk}).status_code == 404
    assert colleague.post(address, {"renew": entry.pk, "need_confirmed": "on", "note": "x"}).status_code == 404
    assert Entry.objects.exists()
    assert len(events("access.refused", actor="officer2")) == 3


@pytest.mark.req("ALR-3")
def test_the_search_finds_ones_own_plate_and_takes_it_in_the_body(browser, watch, officer2, events):
    watch()
    watch(owner=officer2, reason="SAFE")
    page = browser.post("/alerts/search/", {"plate": "xyz 1234"}).content.decode()
    assert page.count('data-label="Case reference"') == 1
    assert events("entries.searched")[0]["details"]["count"] == 1
    assert browser.post("/alerts/search/", {"plate": "XYZ*"}).status_code == 400
    assert browser.get("/alerts/search/?plate=XYZ1234").content.decode().count("XYZ1234") == 0


@pytest.mark.req("ACC-10")
@pytest.mark.parametrize("page", PAGES)
def test_only_those_who_may_ask_enter(signed_in, manager, supervisor, page, events):
    assert signed_in(manager).get(page).status_code == 403
    assert events("access.refused", actor="manager")
    assert signed_in(supervisor).get(page).status_code == 200


@pytest.mark.req("ACC-1")
@pytest.mark.parametrize("page", PAGES)
def test_nobody_enters_without_signing_in(client, page):
    assert client.get(page)["Location"].startswith("/accounts/login/")


@pytest.mark.req("RES-7")
@pytest.mark.parametrize("page", PAGES)
def test_no_page_is_kept_by_a_cache(browser, watch, page):
    answer = browser.get(page)
    assert "no-store" in answer["Cache-Control"]
    assert answer.content.decode().count("<h1") == 1


def test_what_a_source_or_a_person_wrote_is_text_and_never_markup(browser, watch, load_read, make_source):
    script = "<script>alert(1)</script>"
    entry = watch(name=f"List {script}", case_reference=f"Subject John Doe {script} 12345678", for_whom="other",
                  other_name=f"Jane Roe {script}")
    load_read(camera=script, make=script, address=script)
    for page in ("/alerts/", "/alerts/hits/", f"/alerts/{entry.alert_list_id}/"):
        text = browser.get(page).content.decode()
        assert script not in text
        assert "&lt;script&gt;" in text


def test_pages_ask_the_database_no_more_often_for_more_rows(browser, watch, load_read, django_assert_max_num_queries):
    entry = watch(scope="agency")
    for _ in range(10):
        load_read()
    for page in ("/alerts/", "/alerts/hits/", f"/alerts/{entry.alert_list_id}/"):
        with django_assert_max_num_queries(34):
            assert browser.get(page).status_code == 200


def _asked(asker, now):
    from audit import context

    form = QueryForm({"plate": "XYZ1234", "state": "OH", "reason": "ADMN", "timeframe": "30d", "case_reference": CASE,
                      "for_whom": "self"}, user=asker, now=now)
    assert form.is_valid(), form.errors
    with context.acting(context.actor_of(asker)):
        return search.run_query(query=form.query()).id


@pytest.mark.req("ALR-7", "ALR-9")
@pytest.mark.parametrize("way", ["page", "api"])
def test_a_renewal_that_an_erasure_overtook_is_on_record_beside_it(browser, api, officer, watch, monkeypatch, events, now, way):
    entry, renew = watch(now=now - timedelta(days=370)), entries.renew

    def overtaken(**said):
        assert expiry.age(now=now + timedelta(days=3)).erased == 1
        return renew(**said)

    monkeypatch.setattr(entries, "renew", overtaken)
    said = {"need_confirmed": "on", "note": "Still open."}
    if way == "page":
        answer = browser.post(f"/alerts/{entry.alert_list_id}/", {"renew": entry.pk, **said})
    else:
        answer = api(officer).post(f"/api/v1/alert-entries/{entry.pk}/renew/", said, format="json")
    assert answer.status_code == 404
    [refused], [erased] = events("entry.refused"), events("entry.erased")
    assert (refused["actor"], refused["plate"], refused["details"]["entered"]["note"]) == ("officer", "XYZ1234", "Still open.")
    assert erased["plate"] == "XYZ1234"
    assert not events("entry.renewed")
