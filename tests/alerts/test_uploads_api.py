"""Batch upload through the API: the same preview, affirmation and limits as on the page (ALR-1, ALR-2)."""

from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from alerts.models import AlertList, Entry, UploadDraft
from tests.alerts.plate_files import csv_of, many, row, xlsx_of

pytestmark = pytest.mark.usefixtures("database")
UPLOADS = "/api/v1/alert-uploads/"


@pytest.fixture
def mine(api, officer):
    return api(officer)


def send(client, data, **fields):
    return client.post(UPLOADS, {"name": "Team", "file": SimpleUploadedFile("plates.csv", data)} | fields, format="multipart")


@pytest.mark.req("ALR-1", "ALR-2", "ALR-4", "ALR-6", "ALR-9")
def test_a_file_is_previewed_and_saved_once_it_is_affirmed(mine, watch, officer2, load_read, events):
    watch(owner=officer2, plate="ABC123")
    answer = send(mine, xlsx_of(row("xyz-1234"), row("ABC123"), row("BAD%"), row("XYZ1234")), scope="users", users=["officer2"])
    assert (answer.status_code, answer["Cache-Control"]) == (201, "no-store, private")
    draft = f"{UPLOADS}{answer.json()['id']}/"
    said = answer.json()["preview"]
    assert [(item["row"], item["plate"], item["for_whom"]) for item in said["good"]] == [
        (2, "XYZ1234", "self"), (3, "ABC123", "self")]
    [bad], [again], [watched] = said["bad"], said["repeated"], said["watched_by_others"]
    assert (bad["row"], bad["cells"]["plate"], len(bad["why"])) == (4, "BAD%", 1)
    assert (again["row"], again["first_row"]) == (5, 2)
    assert (watched["row"], watched["users"]) == (3, [{"username": "officer2", "full_name": officer2.full_name}])
    assert mine.get(draft).json()["preview"] == said
    for body in ({}, {"confirm": False}, {"confirm": "no"}, {"confirm": 1}):
        refused = mine.post(draft, body, format="json")
        assert (refused.status_code, list(refused.json()["errors"])) == (400, ["confirm"])
    assert mine.post(draft, "[]", content_type="application/json").status_code == 400
    assert not AlertList.objects.filter(name="Team").exists()
    saved = mine.post(draft, {"confirm": True}, format="json")
    team = AlertList.objects.get(name="Team")
    assert (saved.status_code, saved.json()) == (
        201, {"id": str(team.pk), "name": "Team", "scope": "users", "entry_count": 2})
    assert list(team.users.all()) == [officer2]
    assert {mine.post(draft, {"confirm": True}, format="json").status_code, mine.get(draft).status_code} == {404}
    assert (len(events("upload.previewed")), len(events("upload.confirmed")), len(events("upload.refused"))) == (2, 1, 4)
    load_read()
    assert team.entries.get(plate="XYZ1234").hits.count() == 1


@pytest.mark.req("ALR-1")
def test_a_file_adds_to_a_list_or_replaces_it_and_never_fills_it_beyond_its_limit(mine):
    first = mine.post(f"{UPLOADS}{send(mine, csv_of(*many(2500))).json()['id']}/", {"confirm": True}, format="json").json()
    one_more = send(mine, csv_of(row("ABC123")), mode="add", alert_list=first["id"]).json()
    full = mine.post(f"{UPLOADS}{one_more['id']}/", {"confirm": True}, format="json")
    assert (full.status_code, list(full.json()["errors"])) == (400, ["plate"])
    replacing = send(mine, csv_of(row("ABC123"), *many(2)), mode="replace", alert_list=first["id"]).json()
    assert (len(replacing["preview"]["removed"]), replacing["preview"]["unchanged"]) == (2498, 2)
    assert mine.post(f"{UPLOADS}{replacing['id']}/", {"confirm": "on"}, format="json").json()["entry_count"] == 3
    assert set(Entry.objects.values_list("plate", flat=True)) == {"ABC123", "P000000", "P000001"}


@pytest.mark.req("ALR-1", "ALR-9")
def test_what_is_no_such_file_is_refused_at_its_field_and_on_record(mine, events):
    one = csv_of(row("A1"))
    for data, fields, field in [(csv_of(*many(2501)), {}, "file"), (b"%PDF-1.7", {}, "file"), (one, {"name": ""}, "name"),
                                (one, {"mode": "add"}, "alert_list"), (one, {"mode": "x"}, "mode"),
                                (one, {"mode": "add", "alert_list": str(uuid4())}, "alert_list")]:
        answer = send(mine, data, **fields)
        assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json"), answer.content
        assert list(answer.json()["errors"]) == [field]
    assert len(events("upload.refused")) == 6
    assert list(mine.post(UPLOADS, {"name": "Team", "file": "text"}, format="multipart").json()["errors"]) == ["file"]
    assert mine.post(UPLOADS, {"name": "Team"}, format="json").status_code == 415
    assert not UploadDraft.objects.exists()


@pytest.mark.req("ALR-1")
def test_unknown_headings_are_named_once(mine):
    data = csv_of(row("ABC123"), heading=["kennzeichen", "wo", "warum", "akte"])
    begun = send(mine, data).json()
    assert (begun["heading"][0], begun["columns"], begun["preview"]) == ("kennzeichen", {}, None)
    columns = f"{UPLOADS}{begun['id']}/columns/"
    refused = mine.post(columns, {"plate": 0, "state": 9}, format="json")
    assert (refused.status_code, set(refused.json()["errors"])) == (400, {"state", "reason", "case_reference"})
    named = mine.post(columns, {"plate": 0, "state": 1, "reason": 2, "case_reference": 3}, format="json")
    assert named.json()["preview"]["good"][0]["plate"] == "ABC123"
    assert send(mine, data).json()["preview"]["good"][0]["plate"] == "ABC123"
    unknown = send(mine, csv_of(row("A1"), heading=list("abcd"))).json()["id"]
    assert mine.post(f"{UPLOADS}{unknown}/", {"confirm": True}, format="json").status_code == 400


@pytest.mark.req("ALR-2", "ACC-10")
def test_a_draft_is_its_owners_alone(mine, api, officer2, manager, events):
    draft = f"{UPLOADS}{send(mine, csv_of(row('ABC123'))).json()['id']}/"
    colleague, outsider = api(officer2), api(manager)
    assert {colleague.get(draft).status_code, colleague.delete(draft).status_code,
            colleague.post(draft, {"confirm": True}, format="json").status_code,
            colleague.post(f"{draft}columns/", {"plate": 0}, format="json").status_code} == {404}
    assert {outsider.get(draft).status_code, send(outsider, csv_of(row("A1"))).status_code} == {403}
    assert (len(events("access.refused", actor="officer2")), len(events("access.refused", actor="manager"))) == (4, 2)
    assert UploadDraft.objects.count() == 1
    assert (mine.delete(draft).status_code, mine.delete(draft).status_code) == (204, 404)
    assert not UploadDraft.objects.exists()
