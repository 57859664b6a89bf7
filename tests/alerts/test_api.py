"""The API of alerts: the same rules as on the pages, errors as problem details by field."""

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from alerts.models import AlertList, Entry, Notification
from tests.factories.alerts import CASE

pytestmark = pytest.mark.usefixtures("database")
WHOLE = {"plate": "xyz-1234", "state": "OH", "reason": "CRIM", "case_reference": CASE, "for_whom": "self", "ongoing": True}
LISTS = "/api/v1/alert-lists/"


@pytest.fixture
def mine(api, officer):
    return api(officer)


@pytest.mark.req("ALR-1", "ALR-4")
def test_a_whole_alert_is_made(mine, officer2, load_read):
    answer = mine.post(LISTS, WHOLE | {"scope": "users", "users": ["officer2"]}, format="json")
    assert answer.status_code == 201, answer.content
    said = answer.json()
    [entry] = said["entries"]
    assert (said["scope"], entry["plate"], entry["state"]) == ("users", "XYZ1234", "OH")
    assert Entry.objects.get().pk.hex == entry["id"].replace("-", "")
    load_read()
    assert Notification.objects.filter(recipient=officer2).count() == 1


@pytest.mark.req("ALR-1")
def test_a_named_list_is_made_and_filled(mine, events):
    made = mine.post(LISTS, {"name": "Team"}, format="json").json()
    added = mine.post(f"{LISTS}{made['id']}/entries/", WHOLE, format="json")
    assert added.status_code == 201
    assert AlertList.objects.get(pk=made["id"]).entries.count() == 1
    again = mine.post(f"{LISTS}{made['id']}/entries/", WHOLE, format="json")
    assert (again.status_code, list(again.json()["errors"])) == (400, ["plate"])
    assert len(events("entry.refused")) == 1
    [shown] = mine.get(LISTS).json()["results"]
    assert (shown["name"], shown["entry_count"], shown["hit_count"]) == ("Team", 1, 0)


@pytest.mark.req("ALR-2", "ALR-9")
@pytest.mark.parametrize(("change", "field"), [
    ({"plate": None}, "plate"), ({"plate": "XYZ_"}, "plate"), ({"state": "ZZ"}, "state"), ({"ongoing": False}, "ongoing"),
    ({"case_reference": "testing"}, "case_reference"), ({"for_whom": "other"}, "other_name"), ({"reason": ["CRIM"]}, "reason"),
    ({"scope": "users", "users": ["nobody"]}, "users"), ({"plate": {"a": 1}}, "plate"),
    ({"scope": "group", "group": [1]}, "group"), ({"scope": "group", "group": "\0"}, "group"),
    ({"scope": "group", "group": "\ud800"}, "group"), ({"scope": "users", "users": ["a\0"]}, "users"),
    ({"scope": "users", "users": ["\ud800"]}, "users"),
])
def test_refusals_name_the_field_and_are_on_record(mine, change, field, events):
    answer = mine.post(LISTS, json.dumps(WHOLE | change), content_type="application/json")
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert list(answer.json()["errors"]) == [field]
    assert len(events("entry.refused")) == 1
    assert not Entry.objects.exists()


@pytest.mark.parametrize("body", ["[]", '"text"', "[[1]]", "{", "null"])
def test_a_body_that_is_no_object_is_refused(mine, body):
    assert mine.post(LISTS, body, content_type="application/json").status_code == 400


@pytest.mark.req("ALR-10")
def test_an_entry_is_removed_once(mine, watch, events):
    entry = watch()
    assert mine.delete(f"/api/v1/alert-entries/{entry.pk}/").status_code == 204
    assert mine.delete(f"/api/v1/alert-entries/{entry.pk}/").status_code == 404
    assert len(events("entry.removed")) == 1


@pytest.mark.req("ALR-7")
def test_an_entry_is_renewed_with_affirmation_and_note(mine, watch, now):
    entry = watch(now=now - timedelta(days=100))
    address = f"/api/v1/alert-entries/{entry.pk}/renew/"
    assert list(mine.post(address, {"note": "Goes on"}, format="json").json()["errors"]) == ["need_confirmed"]
    answer = mine.post(address, {"need_confirmed": True, "note": "Goes on"}, format="json")
    assert answer.status_code == 200
    entry.refresh_from_db()
    assert entry.valid_until > timezone.now() + timedelta(days=364)


@pytest.mark.req("ALR-5")
def test_hits_come_newest_first_with_addresses_of_their_photos(mine, watch, load_read, settings):
    settings.READS_PER_PAGE = 1
    watch()
    load_read(make="Ford")
    load_read(make="Chevrolet")
    first = mine.get("/api/v1/hits/")
    assert "no-store" in first["Cache-Control"]
    [hit] = first.json()["results"]
    assert (hit["plate"], hit["make"], hit["source"], hit["is_new"]) == ("XYZ1234", "Chevrolet", "Ohio toll road camera", True)
    assert [mine.get(photo).status_code for photo in hit["photos"]] == [200, 200]
    [older] = mine.get(first.json()["next"]).json()["results"]
    assert older["make"] == "Ford"
    assert list(mine.get("/api/v1/hits/?before=x").json()["errors"]) == ["before"]


@pytest.mark.req("ALR-9", "AUD-1")
def test_another_users_alerts_are_not_found(api, officer2, watch, events):
    entry = watch()
    other = api(officer2)
    answers = [
        other.post(f"{LISTS}{entry.alert_list_id}/entries/", WHOLE, format="json"),
        other.delete(f"/api/v1/alert-entries/{entry.pk}/"),
        other.post(f"/api/v1/alert-entries/{entry.pk}/renew/", {"need_confirmed": True, "note": "x"}, format="json"),
        other.delete(f"/api/v1/alert-entries/{uuid4()}/"),
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert other.get(LISTS).json() == {"results": [], "next": None}
    assert other.get("/api/v1/hits/").json() == {"results": [], "next": None}
    assert len(events("access.refused", actor="officer2")) == 4
    assert Entry.objects.exists()


@pytest.mark.req("ACC-10")
def test_a_role_without_alerts_is_refused(api, manager, events):
    client = api(manager)
    assert {client.get(LISTS).status_code, client.post(LISTS, WHOLE, format="json").status_code,
            client.get("/api/v1/hits/").status_code} == {403}
    assert len(events("access.refused", actor="manager")) == 3


@pytest.mark.req("ALR-1")
def test_owner_status_and_end_are_not_the_clients_to_set(mine, officer, officer2):
    mine.post(LISTS, WHOLE | {"owner": officer2.pk, "valid_until": "2099-01-01T00:00:00Z", "status": "expired"}, format="json")
    entry = Entry.objects.get()
    assert (entry.owner, entry.status) == (officer, "active")
    assert entry.valid_until < timezone.now() + timedelta(days=366)
