"""The back office as a manager of another area: no door shows a record of New York City (ACC-6, style rule 6).

Each registered ModelAdmin is either walked with a record of New York City (`records` in tests/guards/world.py), or named here as
holding no records of an area.
"""

import re
from datetime import date

import pytest
from django.contrib import admin
from django.test import Client

from accounts.models import Course, TrainingRecord
from tests.guards.world import SECRET, registered

# Texts, policies and sources: the whole installation's, of no area.
OF_NO_AREA = {
    "accounts.rulestext", "accounts.course", "lpr.errorreport", "lpr.reasoncode", "lpr.offense", "lpr.timeframelimit",
    "lpr.reportfooter", "lpr.source", "lpr.sourcekey", "lpr.jurisdiction", "lpr.sourceauthority", "lpr.receipt",
    "lpr.quarantinedrecord", "alerts.alertpolicy", "alerts.deadletter", "audit.reviewpolicy", "audit.retentionpolicy",
    "accounts.aor", "accounts.accountceiling", "accounts.challengequestion", "accounts.ticketpolicy", "accounts.escalationstep",
}


@pytest.fixture
def stranger(other_manager, signed_in) -> Client:
    return signed_in(other_manager)


@pytest.fixture
def own(manager, signed_in) -> Client:
    return signed_in(manager)


def place(label: str) -> str:
    return f"/admin/{label.replace('.', '/')}/"


@pytest.mark.req("ACC-6", "ACC-10")
def test_every_kind_of_record_in_the_back_office_is_walked_or_of_no_area(records):
    assert set(registered()) == set(records) | OF_NO_AREA


@pytest.mark.req("ACC-6", "ACC-10")
def test_lists_show_the_record_to_its_own_manager_alone(records, own, stranger):
    for label in records:
        assert SECRET in own.get(place(label)).content.decode().lower(), label
        answer = stranger.get(place(label))
        assert answer.status_code == 200, label
        assert SECRET not in answer.content.decode().lower(), label


@pytest.mark.req("ACC-6", "ACC-10")
@pytest.mark.parametrize("page", ["change/", "", "history/", "delete/"])
def test_pages_by_id_are_not_there(records, stranger, page):
    for label, record in records.items():
        answer = stranger.get(f"{place(label)}{record.pk}/{page}", follow=True)
        assert answer.status_code in (403, 404), (label, page)
        assert SECRET not in answer.content.decode().lower(), label


@pytest.mark.req("ACC-6", "ACC-10")
def test_a_change_by_id_changes_nothing(records, stranger):
    person = records["accounts.user"]
    for label, record in records.items():
        answer = stranger.post(f"{place(label)}{record.pk}/change/", {
            "full_name": "Taken Over", "email": "taken@over.example", "role": "officer", "is_active": "on",
            "completed_on": "2026-03-04", "_save": "Save"})
        assert answer.status_code in (403, 404), label
        assert stranger.post(f"{place(label)}{record.pk}/delete/", {"post": "yes"}).status_code in (403, 404), label
        assert type(record).objects.filter(pk=record.pk).exists(), label
    person.refresh_from_db()
    assert (person.full_name, person.is_active) == (SECRET.title(), True)


@pytest.mark.req("ACC-6", "ACC-10")
def test_actions_reach_no_record_of_another_area(records, stranger, own):
    for label, record in records.items():
        options = admin.site._registry[registered()[label]]
        names = {"delete_selected"} | {item if isinstance(item, str) else item.__name__ for item in options.actions or ()}
        for name in sorted(names):
            answer = stranger.post(place(label), {"action": name, "_selected_action": [record.pk], "index": 0,
                                                  "select_across": 1, "post": "yes"}, follow=True)
            assert SECRET not in answer.content.decode().lower(), (label, name)
        before = {field.name: getattr(record, field.attname) for field in record._meta.concrete_fields}
        record.refresh_from_db()
        assert before == {field.name: getattr(record, field.attname) for field in record._meta.concrete_fields}, label
    own.post(place("accounts.lockout"), {"action": "release", "_selected_action": [records["accounts.lockout"].pk], "index": 0})
    records["accounts.lockout"].refresh_from_db()
    assert records["accounts.lockout"].locked_at is None, "the action works for the record's own manager"


@pytest.mark.req("ACC-6", "ACC-10")
@pytest.mark.parametrize("asked", [
    f"?q={SECRET}", f"?username={SECRET}", f"?username__startswith={SECRET[:3]}", "?password__startswith=m",
    "?aor__id__exact={aor}", "?user__aor__code=NYC", f"?user__username={SECRET}", "?o=1.2&p=0&all=", "?e=1",
    "?role__exact=officer",
])
def test_no_filter_and_no_address_reveals_the_record(asked, records, stranger):
    for label in records:
        answer = stranger.get(place(label) + asked.format(aor=records["accounts.user"].aor_id), follow=True)
        text = answer.content.decode().lower()
        assert answer.status_code in (200, 400, 403), label
        # What was typed into the address may come back in it; a row or a choice may not.
        shown = re.sub(r"<a[^>]*>|<input[^>]*>", "", text)
        assert SECRET not in shown, (label, asked)


@pytest.mark.req("ACC-6", "ACC-10")
def test_no_choice_of_a_form_offers_a_person_of_another_area(records, stranger, own, officer_chi):
    page = stranger.get("/admin/accounts/trainingrecord/add/").content.decode().lower()
    assert "officer_chi" in page
    assert SECRET not in page
    answer = stranger.post("/admin/accounts/trainingrecord/add/", {
        "user": records["accounts.user"].pk, "course": Course.objects.latest("pk").pk, "completed_on": "2026-03-04"})
    assert answer.status_code == 200
    assert not TrainingRecord.objects.filter(completed_on=date(2026, 3, 4)).exists()
    assert own.post("/admin/accounts/trainingrecord/add/", {
        "user": records["accounts.user"].pk, "course": Course.objects.latest("pk").pk, "completed_on": "2026-03-04"},
    ).status_code == 302


@pytest.mark.req("ACC-6", "ACC-10")
def test_the_sites_own_side_doors_are_shut(records, stranger):
    for label, record in records.items():
        app, model = label.split(".")
        for path in (f"/admin/r/1/{record.pk}/",
                     f"/admin/autocomplete/?term={SECRET}&app_label={app}&model_name={model}&field_name=user"):
            answer = stranger.get(path, follow=True)
            assert answer.status_code in (403, 404), path
            assert SECRET not in answer.content.decode().lower(), path
    assert SECRET not in stranger.get("/admin/").content.decode().lower()


@pytest.mark.req("ACC-6", "ACC-10")
def test_what_is_of_no_area_is_not_changed_by_a_manager(stranger):
    for label in sorted(OF_NO_AREA):
        record = registered()[label].objects.first()
        assert stranger.post(f"{place(label)}add/", {}).status_code == 403, label
        if record is not None:
            assert stranger.post(f"{place(label)}{record.pk}/change/", {}).status_code == 403, label
