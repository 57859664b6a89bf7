"""Batch upload: nothing is saved before it was seen and affirmed, and no file gets more in than a list may hold."""

import csv
import io
import threading
from datetime import timedelta

import pytest
from django.db import connections

from accounts.spreadsheets import Row
from alerts import deconfliction, drafts, entries, lists, tasks, upload_rows, uploads
from alerts.models import AlertList, AlertPolicy, Entry, Hit, UploadDraft
from audit import record
from tests.alerts.plate_files import HEADING, begun, csv_of, many, row, upload, xlsx_of
from tests.factories.alerts import CASE, loading_held_open, prepared

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def browser(signed_in, officer):
    return signed_in(officer)


@pytest.mark.req("ALR-1", "ALR-2", "ALR-9")
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_file_is_previewed_confirmed_and_watched(browser, officer, load_read, events, kind):
    rows = [row("xyz-1234", "", ""), row("ABC123", "other", "Agent Jane Roe"), row(1234567, "self", "")]
    data = {"csv": csv_of, "xlsx": xlsx_of}[kind](*rows, heading=[*HEADING, "for_whom", "other_name"])
    answer = upload(browser, data, f"plates.{kind}")
    assert answer.status_code == 303
    page = browser.get(answer["Location"])
    assert "no-store" in page["Cache-Control"]
    assert "<strong>3</strong> to be added" in page.content.decode()
    assert not Entry.objects.exists()
    saved = browser.post(answer["Location"], {"confirm": "on"})
    assert (saved.status_code, saved["Location"]) == (303, f"/alerts/{AlertList.objects.get().pk}/")
    assert {(entry.plate, entry.other_name) for entry in Entry.objects.all()} == {
        ("XYZ1234", ""), ("ABC123", "Agent Jane Roe"), ("1234567", "")}
    assert not UploadDraft.objects.exists()
    assert {(event["plate"], event["actor"], event["reason"]) for event in events("entry.added")} == {
        (plate, "officer", "CRIM") for plate in ("XYZ1234", "ABC123", "1234567")}
    assert all(event["details"]["ongoing_investigation"] for event in events("entry.added"))
    [read, previewed, confirmed] = [events(kind)[0] for kind in ("upload.read", "upload.previewed", "upload.confirmed")]
    assert read["details"]["digest"] == confirmed["details"]["digest"]
    assert (previewed["details"]["good"], confirmed["details"]["added"]) == (3, 3)
    load_read()
    assert Hit.objects.count() == 1
    assert browser.get(answer["Location"]).status_code == 404


@pytest.mark.req("ALR-2")
def test_nothing_is_saved_without_the_affirmation(browser, events):
    address = upload(browser, csv_of(row("ABC123")))["Location"]
    answer = browser.post(address, {})
    assert answer.status_code == 400
    assert "ongoing investigation" in answer.content.decode()
    assert not Entry.objects.exists()
    assert events("upload.refused")[0]["details"]["errors"]["confirm"]


@pytest.mark.req("ALR-2")
def test_a_bad_row_is_named_by_its_number_with_its_reasons_and_can_be_downloaded(browser):
    data = csv_of(row("ABC123"), row("BAD%"), [], row("ABC124", state="ZZ", reason="DRUG"), row("ABC125", case="test"),
                  row("=1+1"), row("abc-123"), row("ABC126", case=f"+{CASE}", state="XX"))
    address = upload(browser, data)["Location"]
    page = browser.get(address).content.decode()
    assert "<strong>1</strong> to be added" in page
    assert "<strong>5</strong> to be corrected" in page
    assert "stands in row 2" in page
    answer = browser.get(f"{address}bad-rows.csv")
    assert "no-store" in answer["Cache-Control"]
    found = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert found[0] == ["row", *HEADING, "for_whom", "other_name", "why"]
    assert [line[0] for line in found[1:]] == ["3", "5", "6", "7", "9"]
    assert "listed" in found[2][-1]
    assert "codes that you may give" in found[2][-1]
    assert found[4][1] == "'=1+1"
    assert found[5][4].startswith("'+")


def test_each_field_of_a_row_is_refused_in_its_own_words_and_in_order():
    columns = {name: at for at, name in enumerate(upload_rows.COLUMNS)}
    good = ["ABC123", "oh", "Criminal", f" {CASE}", "", ""]
    cases = {
        "Enter a license plate number.": {0: ""}, "Choose a state.": {1: ""}, "Enter a reason code.": {2: ""},
        "The reason is not one of the codes that you may give.": {2: "NONE"},
        "The case reference is longer than 500 characters.": {3: "x1" * 300},
        "Enter “self” or “other” for whom you watch.": {4: "them"},
        "Enter the name of the agent or officer for whom you watch.": {4: "other"},
        "You named another person. Choose “Another agent or officer”, or clear the name.": {4: "self", 5: "Jane Roe"},
        "A cell holds a formula. Enter the value itself.": {0: "", 5: "=1+1"},
    }
    rows = [Row(2, good), *(Row(number, [cells.get(at, cell) for at, cell in enumerate(good)])
                            for number, cells in enumerate(cases.values(), start=3)),
            Row(90, ["*", "ZZ", "NONE", "test", "them", ""]), Row(91, ["ABC124", "OH", "CRIM"]), Row(92, [*good[:5], "Jane Roe"])]
    found, bad, repeated = upload_rows.sorted_out(rows, columns, {"CRIM": "Criminal"})
    assert found == [upload_rows.GoodRow(2, "ABC123", "OH", "CRIM", CASE, "self", "")]
    assert found[0].fields() == {"plate": "ABC123", "state": "OH", "reason": "CRIM", "case_reference": CASE, "for_whom": "self",
                                 "other_name": ""}
    assert [row.why for row in bad[:-2]] == [[sentence] for sentence in cases]
    assert [len(row.why) for row in bad[-2:]] == [5, 1]
    assert bad[-1].cells == {"plate": "ABC124", "state": "OH", "reason": "CRIM", "case_reference": "", "for_whom": "",
                             "other_name": ""}
    assert [(again.row.number, again.row.for_whom, again.first) for again in repeated] == [(92, "other", 2)]


@pytest.mark.req("ALR-2", "ALR-9")
def test_what_the_file_said_of_a_plate_stands_in_entry_and_event_as_it_was(officer, now, events):
    """Also where a text holds what separates columns and lines on the way into the database."""
    case = 'Tab\there, line\nbreak, back\\slash \\N "quoted" é 12345678'
    draft = begun(officer, now, csv_of(row("ABC123", "other", "Agent Jané Roe", case=case), row("ABC124"),
                                       heading=[*HEADING, "for_whom", "other_name"]))
    filled = uploads.confirm(draft=draft, by=officer, ongoing=True, now=now)
    entry, other = Entry.objects.order_by("plate")
    assert (entry.case_reference, entry.other_name, entry.other_unit, entry.status) == (case, "Agent Jané Roe", "", "active")
    assert (entry.owner, entry.alert_list, entry.created_at, other.case_reference) == (officer, filled, now, CASE)
    added = {event["plate"]: event for event in events("entry.added")}
    assert added["ABC123"]["details"] | {"oldest_open": 0} == {
        "entry": str(entry.pk), "list": str(filled.pk), "case_reference": case, "for_whom": "other",
        "valid_until": entry.valid_until.isoformat().replace("+00:00", "Z"), "ongoing_investigation": True, "scope": "self",
        "oldest_open": 0}
    assert added["ABC123"]["on_behalf_of"] == "Agent Jané Roe"
    assert entry.activation != other.activation
    assert entry.matched_back_at


@pytest.mark.req("ALR-1")
def test_a_list_takes_2500_and_a_file_of_2501_is_refused_whole(browser, officer, now, events):
    refused = upload(browser, csv_of(*many(2501)))
    assert refused.status_code == 400
    assert "more than 2,500 plates" in refused.content.decode()
    assert not UploadDraft.objects.exists()
    assert not AlertList.objects.exists()
    assert events("upload.refused")
    assert upload(browser, xlsx_of(*many(2501)), "plates.xlsx").status_code == 400
    address = upload(browser, csv_of(*many(2500)))["Location"]
    assert browser.post(address, {"confirm": "on"}).status_code == 303
    assert Entry.objects.count() == len(events("entry.added")) == 2500
    more = upload(browser, csv_of(row("ABC123")), mode="add", alert_list=AlertList.objects.get().pk)["Location"]
    answer = browser.post(more, {"confirm": "on"})
    assert answer.status_code == 400
    assert "more than 2,500 plates" in answer.content.decode()
    assert Entry.objects.count() == 2500


@pytest.mark.req("ALR-1")
def test_no_list_grows_too_long_in_parallel(officer, now):
    AlertPolicy.objects.update(max_entries=10)
    team = lists.create(owner=officer, name="Team", now=now)
    waiting = [begun(officer, now, csv_of(*many(6, start)), mode="add", alert_list=team.pk) for start in (0, 10, 20)]
    together, refused = threading.Barrier(3), []

    def add(draft):
        try:
            together.wait(10)
            uploads.confirm(draft=draft, by=officer, ongoing=True, now=now)
        except entries.ListFull as refusal:
            refused.append(refusal)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=add, args=[draft]) for draft in waiting]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert (Entry.objects.count(), len(refused)) == (6, 2)


@pytest.mark.req("ALR-1")
def test_a_draft_is_confirmed_once_however_often_it_is_sent(officer, now):
    draft = begun(officer, now, csv_of(*many(20)))
    together, outcomes = threading.Barrier(2), []

    def confirm():
        together.wait(10)
        try:
            uploads.confirm(draft=draft, by=officer, ongoing=True, now=now)
            outcomes.append("saved")
        except drafts.DraftNotFound:
            outcomes.append("gone")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=confirm) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(outcomes) == ["gone", "saved"]
    assert (AlertList.objects.count(), Entry.objects.count()) == (1, 20)


@pytest.mark.req("ALR-1", "ALR-9")
def test_adding_keeps_what_is_there_and_replacing_removes_what_is_not_in_the_file(officer, now, events):
    team = lists.create(owner=officer, name="Team", now=now)
    for plate in ("AAA1", "BBB2", "CCC3"):
        entries.add_to(alert_list=team, plate=plate, state="OH", reason="CRIM", case_reference=CASE, now=now)
    uploads.confirm(draft=begun(officer, now, csv_of(row("AAA1"), row("DDD4")), mode="add", alert_list=team.pk), by=officer,
                    ongoing=True, now=now)
    assert set(team.entries.values_list("plate", flat=True)) == {"AAA1", "BBB2", "CCC3", "DDD4"}
    kept = team.entries.get(plate="AAA1").pk
    data = csv_of(row("AAA1"), row("CCC3", case="Case number 87654321"), row("EEE5"))
    draft = begun(officer, now, data, mode="replace", alert_list=team.pk)
    found = uploads.preview(draft=draft, by=officer, now=now)
    assert (found.unchanged, {entry.plate for entry in found.removed}) == (1, {"BBB2", "CCC3", "DDD4"})
    uploads.confirm(draft=draft, by=officer, ongoing=True, now=now)
    assert set(team.entries.values_list("plate", "case_reference")) == {
        ("AAA1", CASE), ("CCC3", "Case number 87654321"), ("EEE5", CASE)}
    assert team.entries.get(plate="AAA1").pk == kept
    assert {event["plate"] for event in events("entry.removed")} == {"BBB2", "CCC3", "DDD4"}


@pytest.mark.req("ALR-1", "ALR-8")
def test_replacing_keeps_what_a_bad_row_names_and_says_so(browser, officer, now, events):
    team = lists.create(owner=officer, name="Team", now=now)
    for plate, state in (("AAA1", "OH"), ("BBB2", "OH"), ("BBB2", "NJ"), ("CCC3", "OH"), ("DDD4", "OH")):
        entries.add_to(alert_list=team, plate=plate, state=state, reason="CRIM", case_reference=CASE, now=now)
    data = csv_of(row("AAA1", case="testing"), row("BBB2", state="Ohoi"), row("DDD4", case="Case number 87654321"),
                  row("ddd-4", case=""), row("EEE5"))
    draft = begun(officer, now, data, mode="replace", alert_list=team.pk)
    found = uploads.preview(draft=draft, by=officer, now=now)
    assert {(entry.plate, entry.state) for entry in found.kept} == {("AAA1", "OH"), ("BBB2", "OH"), ("BBB2", "NJ")}
    assert {entry.plate for entry in found.removed} == {"CCC3", "DDD4"}
    page = browser.get(f"/alerts/upload/{draft}/").content.decode()
    assert "The plates that they name stay on the list as they are" in page
    uploads.confirm(draft=draft, by=officer, ongoing=True, now=now)
    assert set(team.entries.values_list("plate", "state")) == {
        ("AAA1", "OH"), ("BBB2", "OH"), ("BBB2", "NJ"), ("DDD4", "OH"), ("EEE5", "OH")}
    assert events("upload.confirmed")[0]["details"]["kept"] == 3


@pytest.mark.req("ALR-1", "ALR-8", "ALR-9")
@pytest.mark.parametrize("data", [csv_of(row("ZZZ9", case="testing")), csv_of(row("AAA1", case="")), csv_of(row("??"))])
def test_a_file_without_a_good_row_replaces_nothing(browser, officer, now, load_read, events, data):
    team = lists.create(owner=officer, name="Team", now=now)
    for plate in ("AAA1", "BBB2"):
        entries.add_to(alert_list=team, plate=plate, state="OH", reason="CRIM", case_reference=CASE, now=now)
    load_read(plate="BBB2")
    address = f"/alerts/upload/{begun(officer, now, data, mode='replace', alert_list=team.pk)}/"
    page = browser.get(address).content.decode()
    for untrue in ("Replace the plates of the list", "whose other plates it replaces", "left out when you confirm"):
        assert untrue not in page
    answer = browser.post(address, {"confirm": "on"})
    assert (answer.status_code, "so the plates of the list are not replaced" in answer.content.decode()) == (400, True)
    assert (team.entries.count(), Hit.objects.count()) == (2, 1)
    assert events("upload.refused") and not events("entry.removed")


@pytest.mark.req("ALR-2")
@pytest.mark.parametrize("other", [{"case": "Case number 87654321"}, {"reason": "SAFE"}])
def test_a_row_that_says_something_else_of_a_listed_plate_is_not_left_out_in_silence(browser, officer, now, other):
    team = lists.create(owner=officer, name="Team", now=now)
    for plate in ("AAA1", "BBB2"):
        entries.add_to(alert_list=team, plate=plate, state="OH", reason="CRIM", case_reference=CASE, now=now)
    data = csv_of(row("AAA1", **other), row("BBB2"), row("CCC3"), row("CCC3", **other), row("CCC3"))
    draft = begun(officer, now, data, mode="add", alert_list=team.pk)
    found = uploads.preview(draft=draft, by=officer, now=now)
    assert {(item.row.number, item.first, item.differs) for item in found.repeated} == {
        (2, None, True), (3, None, False), (5, 4, True), (6, 4, False)}
    page = browser.get(f"/alerts/upload/{draft}/").content.decode()
    assert page.count("with another reason, case or person</li>") == 2
    assert "To watch its plate as the row says" in page


@pytest.mark.req("ALR-6")
def test_the_preview_names_who_watches_the_same_for_the_same_reason(browser, watch, officer2):
    watch(owner=officer2, plate="ABC123")
    watch(owner=officer2, plate="ABC124", reason="SAFE")
    page = browser.get(upload(browser, csv_of(row("ABC123"), row("ABC124")))["Location"]).content.decode()
    assert page.count("(officer2)") == 1
    assert "12345678" in page  # one's own case, in one's own row
    assert "John Doe" in page


@pytest.mark.req("ALR-2", "ALR-8")
def test_a_draft_is_sealed_and_gone_after_an_hour(officer, officer2, now, events):
    draft = begun(officer, now, csv_of(row("ABC123")))
    assert b"ABC123" not in bytes(UploadDraft.objects.get().sealed)
    with pytest.raises(drafts.DraftNotFound):
        uploads.preview(draft=draft, by=officer2, now=now)
    with pytest.raises(drafts.DraftNotFound):
        uploads.confirm(draft=draft, by=officer, ongoing=True, now=now + timedelta(hours=1))
    tasks.erase_ended_drafts()
    assert UploadDraft.objects.exists()
    assert drafts.erase_ended(now=now + timedelta(hours=1)) == 1
    assert [event["details"] for event in events("drafts.erased")] == [{"count": 1, "drafts": "alerts.uploaddraft"}]


@pytest.mark.req("ALR-2")
def test_another_users_draft_is_not_found(browser, signed_in, officer2, events):
    address = upload(browser, csv_of(row("ABC123")))["Location"]
    colleague = signed_in(officer2)
    assert colleague.get(address).status_code == 404
    assert colleague.post(address, {"confirm": "on"}).status_code == 404
    assert colleague.post(address, {"discard": "on"}).status_code == 404
    assert colleague.get(f"{address}bad-rows.csv").status_code == 404
    assert len(events("access.refused", actor="officer2")) == 4
    assert browser.post(address, {"discard": "on"})["Location"] == "/alerts/upload/"
    assert not UploadDraft.objects.exists()


@pytest.mark.req("ALR-4")
def test_the_uploaded_list_tells_whom_the_form_named(browser, officer2, events):
    address = upload(browser, csv_of(row("ABC123")), scope="users", users="officer2")["Location"]
    browser.post(address, {"confirm": "on"})
    assert list(AlertList.objects.get().users.all()) == [officer2]
    for change, field in [({"name": ""}, "name"), ({"scope": "users", "users": ""}, "users"),
                          ({"mode": "add"}, "alert_list"), ({"file": "no file"}, "file")]:
        answer = upload(browser, csv_of(row("ABC123")), **change)
        if answer.status_code == 303:
            answer = browser.post(answer["Location"], {"confirm": "on"})
        assert answer.status_code == 400, change
        assert field in events("upload.refused")[-1]["details"]["errors"]
    assert AlertList.objects.count() == 1


@pytest.mark.req("DAT-4", "ALR-5")
def test_a_list_confirmed_while_a_loading_is_under_way_misses_nothing(officer, now, source):
    draft = begun(officer, now, csv_of(row("XYZ1234"), row("ABC123")))
    with loading_held_open(source, prepared(), prepared(plate="ABC123")) as go_on:
        threading.Timer(0.5, go_on).start()
        uploads.confirm(draft=draft, by=officer, ongoing=True, now=now)
    assert Hit.objects.count() == 2


@pytest.mark.req("ALR-9", "AUD-1")
def test_without_the_log_nothing_is_saved(officer, now, monkeypatch):
    draft = begun(officer, now, csv_of(row("ABC123")))
    monkeypatch.setattr(record.canonical, "text", lambda facts: "{")
    with pytest.raises(record.AuditUnavailable):
        uploads.confirm(draft=draft, by=officer, ongoing=True, now=now)
    assert not Entry.objects.exists()
    assert UploadDraft.objects.exists()


@pytest.mark.req("ALR-6")
def test_looking_for_colleagues_of_2500_plates_is_one_look(officer, officer2, watch, now, django_assert_num_queries):
    watch(owner=officer2, plate="P000007")
    with django_assert_num_queries(1):
        found = deconfliction.colleagues(owner=officer, now=now, watched=[(plate, "OH", "CRIM") for plate, *_ in many(2500)])
    assert [key[0] for key in found] == ["P000007"]


@pytest.mark.req("ACC-10")
def test_only_those_who_may_ask_upload(signed_in, manager, browser):
    assert signed_in(manager).get("/alerts/upload/").status_code == 403
    template = browser.get("/alerts/upload/template.csv")
    assert template.content.decode("utf-8-sig").strip() == "plate,state,reason,case_reference,for_whom,other_name"
