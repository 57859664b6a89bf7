"""A roster of training is compared with the users of an area before anything of it is saved (ACC-7)."""

import io
from datetime import timedelta

import openpyxl
import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts import drafts, roster, tasks
from accounts.models import AOR, Course, RosterDraft, TrainingRecord
from tests.accounts.test_spreadsheets import HOSTILE

pytestmark = pytest.mark.usefixtures("database")
ROSTER = "/admin/accounts/trainingrecord/roster/"
HEADING = "username,course,completed_on"
YEARLY = ("data-security", "data-privacy", "information-assurance", "records-management")


def text(*rows: str, heading: str = HEADING) -> bytes:
    return "\n".join([heading, *rows]).encode()


def upload(client, data: bytes, name: str = "roster.csv"):
    return client.post(ROSTER, {"file": SimpleUploadedFile(name, data)})


def previewed(client, data: bytes) -> tuple[str, str]:
    """The preview's address and its page."""
    answer = upload(client, data)
    assert answer.status_code == 302, answer.content.decode()
    return answer.url, client.get(answer.url).content.decode()


@pytest.fixture
def day(now) -> str:
    return f"{(now - timedelta(days=3)).date()}"


@pytest.mark.req("ACC-7")
def test_nothing_is_saved_before_the_preview_is_confirmed(manager, untrained, signed_in, events, day):
    client = signed_in(manager)
    page, shown = previewed(client, text(
        f"untrained,data-privacy,{day}", f"untrained,Lawful use of license plate reader data,{day}"))
    assert "<strong>2</strong> records to be added" in shown
    assert not TrainingRecord.objects.filter(user=untrained).exists()
    answer = client.post(page, {"confirm": "on"}, follow=True)
    assert "2 training records added" in answer.content.decode()
    records = {record.course.code: record for record in TrainingRecord.objects.filter(user=untrained)}
    assert set(records) == {"data-privacy", "lawful-use"}
    assert records["lawful-use"].valid_until is None
    assert records["data-privacy"].valid_until.year == records["data-privacy"].completed_on.year + 1
    assert [record.history.get().history_user for record in records.values()] == [manager, manager]
    [read], [confirmed] = events("roster.read"), events("roster.confirmed")
    assert (read["actor"], read["details"]["rows"], confirmed["details"]["new"]) == ("manager", 2, 2)
    assert read["details"]["digest"] == confirmed["details"]["digest"]
    assert events("roster.previewed")[0]["details"]["new"] == 2
    assert [event["details"] for event in events("training.recorded")] == [
        {"username": "untrained", "completions": [f"data-privacy {day}", f"lawful-use {day}"],
         "digest": read["details"]["digest"]}]
    assert not RosterDraft.objects.exists()
    assert client.post(page, {"confirm": "on"}).status_code == 404


@pytest.mark.req("ACC-7")
def test_the_preview_names_each_difference(manager, officer, officer2, support, untrained, agent, signed_in, now, day):
    courses = {course.code: course for course in Course.objects.all()}
    ago = now.date() - timedelta(days=400)
    TrainingRecord.objects.filter(user=officer, course__code__in=YEARLY).update(valid_until=now.date())
    TrainingRecord.objects.filter(user=officer2, course=courses["data-privacy"]).update(
        valid_until=now.date() + timedelta(days=20))
    TrainingRecord.objects.filter(user=agent, course=courses["data-privacy"]).update(
        valid_until=now.date() + timedelta(days=31))
    known = TrainingRecord.objects.filter(user=support).first()
    by = manager
    draft = roster.begin(by=by, now=now, data=text(
        f"nobody,data-privacy,{day}", f"OFFICER@agency.example,data-privacy,{day}",
        f"support,{known.course.code},{known.completed_on}", f"officer,records-management,{ago}",
        f"officer,knitting,{day}", "officer,data-security,yesterday", f"manager,data-privacy,{day}"))
    found = roster.preview(draft=draft, by=by, now=now)
    assert [(row.number, row.record.user, row.record.course.code) for row in found.rows.new] == [
        (3, officer, "data-privacy"), (5, officer, "records-management")]
    assert [row.number for row in found.rows.without_user] == [2]
    assert [row.number for row in found.rows.known] == [4]
    assert [(row.number, row.why.split(".")[0]) for row in found.rows.bad] == [
        (6, "There is no course of this name or code"), (7, "The date cannot be read"), (8, "This is you")]
    assert {person.username: {course.code for course, _ in standing.expired} for person, standing in found.expired} == {
        "officer": {"data-security", "information-assurance", "records-management"}}
    assert [(person.username, len(standing.missing)) for person, standing in found.missing] == [("untrained", 8)]
    assert {person.username for person, _ in found.expiring} == {"officer2"}
    page = signed_in(manager).get(f"{ROSTER}{draft}/").content.decode()
    for words in ("Rows without user: 1", "Users without training: 1", "Expired: 1", "Expiring in 30 days: 1", "knitting"):
        assert words in page, words


@pytest.mark.req("ACC-7")
def test_a_roster_may_be_an_excel_file_with_other_words_for_the_columns(manager, untrained, signed_in, now):
    book, file = openpyxl.Workbook(), io.BytesIO()
    for cells in (["Training", "E-mail address", "Completion date"],
                  ["Data privacy", "untrained@agency.example", now.replace(tzinfo=None)],
                  ["=HYPERLINK(1)", "untrained", "01/31/2026"], ["data-security", "untrained", "01/31/2026"]):
        book.active.append(cells)
    book.save(file)
    _, shown = previewed(signed_in(manager), file.getvalue())
    assert "<strong>2</strong> records to be added" in shown
    assert "The cell course holds a formula" in shown


@pytest.mark.req("ACC-7")
@pytest.mark.parametrize(("data", "why"), [
    (text("a,b", heading="name,grade"), "no column username and no column course and no column completed_on"),
    (text("officer,2026-01-01", heading="username,completed_on"), "The file has no column course"),
    (text(*["officer,data-privacy,2026-01-01"] * 100_000), "more than 15,000 training records"),
    (text(*["officer,data-privacy,2026-01-01"] * 15_001), "more than 15,000 training records"),
    (HOSTILE["unpacks to gigabytes"], "unpacks to far more"), (HOSTILE["ratio"], "unpacks to far more"),
    (HOSTILE["macros"], "macros"), (HOSTILE["PDF"], "neither CSV nor XLSX"), (text(), "holds no training records"),
    (b"", "The submitted file is empty"),
], ids=["columns", "a column", "100,000 rows", "one row too many", "bomb", "bomb by ratio", "macros", "PDF", "heading", "empty"])
def test_a_file_that_is_no_roster_is_refused_with_the_reason(data, why, manager, signed_in, events):
    answer = upload(signed_in(manager), data)
    assert answer.status_code == 400
    assert why in answer.content.decode()
    [refused] = events("roster.refused")
    assert why in refused["details"]["why"]
    assert refused["actor"] == "manager"
    assert not RosterDraft.objects.exists()


@pytest.mark.req("ACC-7")
def test_formula_cells_are_named_one_by_one_and_never_start_one(manager, officer, signed_in, day):
    page, shown = previewed(signed_in(manager), text(
        f"=cmd|calc,data-privacy,{day}", f"officer,=1+1,{day}", "officer,data-privacy,=TODAY()", f"@evil,data-privacy,{day}"))
    assert [f"<td>{number}</td>" in shown for number in (2, 3, 4, 5)] == [True] * 4
    assert shown.count("holds a formula") == 3
    assert 'name="confirm"' not in shown
    rows = signed_in(manager).get(f"{page}rows.csv").content.decode()
    assert "'=cmd|calc" in rows and "'@evil" in rows and ",=cmd" not in rows


@pytest.mark.req("ACC-6", "ACC-7")
def test_a_manager_uploads_for_their_own_area_and_never_their_own_training(
    manager, other_manager, officer_chi, untrained, make_user, aor_nyc, signed_in, events, now, day,
):
    """Whoever is of another area is as unknown as nobody; what a manager may not say of themselves, another manager may."""
    page, shown = previewed(signed_in(manager), text(
        f"officer_chi,data-privacy,{day}", f"manager,data-privacy,{day}", f"manager@agency.example,data-security,{day}"))
    assert "Rows without user: 1" in shown
    assert shown.count("Nobody records their own training") == 2
    before = TrainingRecord.objects.count()
    answer = signed_in(manager).post(page, {"confirm": "on"})
    assert answer.status_code == 400
    assert "No row of the file adds a record" in answer.content.decode()
    assert TrainingRecord.objects.count() == before
    assert events("roster.refused")[-1]["details"]["why"] == "No row of the file adds a record."
    second = make_user("manager2", role="agency_manager", aor=aor_nyc)
    page, _ = previewed(signed_in(second), text(f"manager,data-privacy,{day}"))
    assert signed_in(second).post(page, {"confirm": "on"}).status_code == 302
    assert TrainingRecord.objects.filter(user=manager, completed_on=day, course__code="data-privacy").exists()


@pytest.mark.req("ACC-6", "ACC-7")
def test_a_draft_opens_for_its_owner_alone_and_for_an_hour(
    manager, other_manager, make_user, aor_nyc, untrained, signed_in, now, day,
):
    page, _ = previewed(signed_in(manager), text(f"untrained,data-privacy,{day}"))
    assert b"untrained" not in bytes(RosterDraft.objects.get().sealed)
    colleague = make_user("manager2", role="agency_manager", aor=aor_nyc)
    for person in (other_manager, colleague):
        client = signed_in(person)
        assert client.get(page).status_code == client.get(f"{page}rows.csv").status_code == 404
        assert client.post(page, {"confirm": "on"}).status_code == client.post(page, {"discard": "on"}).status_code == 404
    with time_machine.travel(now + timedelta(minutes=61)):
        tasks.erase_ended_drafts()
        assert not RosterDraft.objects.exists()
        with pytest.raises(drafts.DraftNotFound):
            roster.confirm(draft=page.split("/")[-2], by=manager, now=now)


@pytest.mark.req("ACC-7", "ACC-10")
def test_other_roles_upload_nothing_and_the_try_is_recorded(
    appointer, auditor, supervisor, officer, superuser, signed_in, events, now, day,
):
    for person in (appointer, auditor, supervisor, officer, superuser):
        client = signed_in(person)
        assert client.get(ROSTER).status_code == client.get(f"{ROSTER}template.csv").status_code == 403
        assert upload(client, text(f"officer,data-privacy,{day}")).status_code == 403
        with pytest.raises(roster.NotTheManager):
            roster.begin(by=person, data=text(f"officer,data-privacy,{day}"), now=now)
    assert len(events("access.refused")) == 15
    assert not RosterDraft.objects.exists()


@pytest.mark.req("ACC-7")
def test_what_another_manager_recorded_meanwhile_is_not_recorded_twice(manager, untrained, now, day, monkeypatch):
    draft = roster.begin(by=manager, data=text(f"untrained,data-privacy,{day}"), now=now)
    compared = roster._compared

    def overtaken(*said):
        found = compared(*said)
        record = found.rows.new[0].record
        TrainingRecord(user=record.user, course=record.course, completed_on=record.completed_on).save(using="owner")
        return found

    monkeypatch.setattr(roster, "_compared", overtaken)
    with pytest.raises(roster.RecordedMeanwhile):
        roster.confirm(draft=draft, by=manager, now=now)
    monkeypatch.undo()
    assert roster.preview(draft=draft, by=manager, now=now).rows.known
    assert TrainingRecord.objects.filter(user=untrained).count() == 1


@pytest.mark.req("ACC-7")
def test_a_discarded_roster_is_gone(manager, untrained, signed_in, day):
    client = signed_in(manager)
    page, _ = previewed(client, text(f"untrained,data-privacy,{day}"))
    assert client.post(page, {"discard": "on"}).status_code == 302
    assert not RosterDraft.objects.exists()
    assert not TrainingRecord.objects.filter(user=untrained).exists()


@pytest.mark.req("ACC-7")
def test_a_manager_without_an_area_has_no_roster(make_user, now):
    AOR.objects.create(code="X", name="X")
    with pytest.raises(roster.NotTheManager):
        roster.begin(by=make_user("nowhere", role="agency_manager"), data=text("a,b,c"), now=now)
