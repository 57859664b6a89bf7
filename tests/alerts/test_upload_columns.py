"""The columns of an uploaded file: known by their headings, asked for and remembered, or there without any heading (ALR-1)."""

import pytest

from accounts import spreadsheets
from alerts import upload_rows, uploads
from alerts.models import AlertPolicy, ColumnMapping, Entry, UploadDraft
from tests.alerts.plate_files import HEADING, begun, csv_of, many, row, upload
from tests.factories.alerts import CASE

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def browser(signed_in, officer):
    return signed_in(officer)


@pytest.mark.req("ALR-1")
def test_columns_are_known_by_what_people_call_them():
    from alerts.upload_rows import recognized

    for heading in (["License Plate #", "State/Province", "Reason Code", "Case No."], ["LP", "ST", "Code", "Subject"],
                    ["x", "Tag", "Plate State", "purpose", "Case reference"],
                    ["plate", "state", "reason_code", "case_text"], ["Vehicle Plate", "License State", "Reason", "Case/Subject"],
                    ["LIC", "LIS", "Code", "OCA"]):
        assert set(recognized(heading, {})) >= set(HEADING), heading
    assert recognized(["case", "case_reference", "plate", "state", "reason"], {})["case_reference"] == 1
    assert recognized(["plate", "state", "reason"], {}) == {}


@pytest.mark.req("ALR-1")
def test_unknown_headings_are_asked_for_once_and_remembered(browser, officer, signed_in, officer2):
    data = csv_of(row("ABC123"), heading=["kennzeichen", "wo", "warum", "akte"])
    address = upload(browser, data)["Location"]
    assert "Columns of the file" in browser.get(address).content.decode()
    assert browser.post(address, {"columns": "on", "plate": "0", "state": "1"}).status_code == 400
    named = {"columns": "on", "plate": "0", "state": "1", "reason": "2", "case_reference": "3"}
    assert browser.post(address, named | {"case_reference": "0"}).status_code == 400
    assert browser.post(address, named).status_code == 303
    assert "<strong>1</strong> to be added" in browser.get(address).content.decode()
    assert "kennzeichen" not in str(ColumnMapping.objects.get(owner=officer).columns)
    assert "<strong>1</strong> to be added" in browser.get(upload(browser, data)["Location"]).content.decode()
    assert "Columns of the file" in (other := signed_in(officer2)).get(upload(other, data)["Location"]).content.decode()


@pytest.mark.req("ALR-8")
@pytest.mark.parametrize("heading", [
    row("ABC123", state="ZZ", reason="none"), ["BIGDOG", "nowhere", "none", "Smith drug ring"],
    ["kennzeichen", "wo", "warum", "Subject Jane Roe"],
])
def test_no_heading_is_kept_as_text_whatever_it_was(officer, now, heading):
    draft = begun(officer, now, csv_of(row("ABC124"), heading=heading))
    uploads.name_columns(draft=draft, columns={name: at for at, name in enumerate(HEADING)}, by=officer, now=now)
    kept = str(ColumnMapping.objects.get().columns).lower()
    for cell in heading:
        assert "".join(filter(str.isalnum, cell)).lower() not in kept
    assert "abc123" not in kept


@pytest.mark.req("ALR-2", "ALR-8")
@pytest.mark.parametrize(("cells", "asked"), [
    (row("ABC123"), None), (row("BIGDOG", state="new_jersey", reason="Criminal investigation"), None),
    (row("ABC123", "other", "Jane Roe"), None), (row("ABC123", state="ZZ"), [0, 1, 2, 3]),
    (["OH", "ABC123", "CRIM", CASE], [1, 0, 2, 3]),
])
def test_a_file_without_headings_loses_no_row_and_nothing_of_it_is_remembered(browser, officer, now, cells, asked):
    ColumnMapping.objects.create(owner=officer, columns={"plate": "known"})
    address = upload(browser, csv_of(row("ABC999"), heading=cells))["Location"]
    page = browser.get(address).content.decode()
    if asked:
        assert "Say which column is which" in page
        named = {"columns": "on"} | dict(zip(HEADING, map(str, asked), strict=True))
        assert browser.post(address, named).status_code == 303
        page = browser.get(address).content.decode()
    assert "its first row is read as a plate like the others" in page
    assert ColumnMapping.objects.get().columns == {"plate": "known"}
    [draft] = UploadDraft.objects.values_list("pk", flat=True)
    found = uploads.preview(draft=draft, by=officer, now=now)
    assert sorted([item.number for item in (*found.good, *found.bad)]) == [1, 2]


@pytest.mark.req("ALR-2", "ALR-9")
def test_a_later_row_of_a_file_without_headings_may_say_more_than_the_first(browser, officer, events):
    data = csv_of(row("ABC124", "other", "Agent Jane Roe"), row("ABC125", "self"), heading=row("ABC123"))
    assert browser.post(upload(browser, data)["Location"], {"confirm": "on"}).status_code == 303
    assert {entry.plate: entry.other_name for entry in Entry.objects.all()} == {
        "ABC123": "", "ABC124": "Agent Jane Roe", "ABC125": ""}
    [event] = events("entry.added", plate="ABC124")
    assert event["on_behalf_of"] == "Agent Jane Roe"


@pytest.mark.req("ALR-1")
def test_a_file_of_one_row_without_headings_is_watched_and_one_too_many_is_refused_whole(browser, officer, now):
    page = browser.get(upload(browser, csv_of(heading=row("ABC123")))["Location"]).content.decode()
    assert "<strong>1</strong> to be added" in page
    AlertPolicy.objects.update(max_entries=3)
    assert upload(browser, csv_of(*many(2), heading=row("ABC123"))).status_code == 303
    with pytest.raises(spreadsheets.FileNotReadable, match="more than 3 plates"):
        begun(officer, now, csv_of(*many(3), heading=row("ABC123")))


@pytest.mark.req("ALR-2")
@pytest.mark.parametrize("heading", [["id", "marke", "stadt", "grund"], ["kennzeichen", "in", "or", "akte"], HEADING])
def test_words_that_happen_to_be_states_or_like_plates_are_headings_all_the_same(heading):
    assert not upload_rows.is_data(heading, {"CRIM": "Criminal law"})
