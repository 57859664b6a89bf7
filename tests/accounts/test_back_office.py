"""The back office: an Agency Manager keeps the people of their own area, and every step is on the record (ACC-6)."""

from datetime import timedelta

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.test import Client, RequestFactory

from accounts.admin.training import TrainingRecordAdmin
from accounts.models import AOR, Course, Lockout, TrainingRecord, User
from audit.admin_base import AuditedAdmin
from audit.events import Kind
from tests.personas import PASSWORD

pytestmark = pytest.mark.usefixtures("database")
USERS = "/admin/accounts/user/"


def user_page(user: User) -> str:
    return f"{USERS}{user.pk}/change/"


def form_of(user: User, **changed: object) -> dict:
    return {"full_name": user.full_name, "email": user.email, "component": user.component,
            "job_category": user.job_category, "role": user.role, "is_active": "on"} | changed


@pytest.mark.req("ACC-6")
def test_a_manager_changes_a_user_of_their_area_and_the_log_names_fields_never_values(
    manager, officer, signed_in, events,
):
    client = signed_in(manager)
    assert client.get(user_page(officer)).status_code == 200
    answer = client.post(user_page(officer), form_of(officer, full_name="Someone Else", role="support_staff"))
    assert answer.status_code == 302
    officer.refresh_from_db()
    assert (officer.full_name, officer.role) == ("Someone Else", "support_staff")
    [viewed] = events("record.viewed")
    [changed] = events("record.changed")
    assert viewed["details"] == {"model": "accounts.user", "object": str(officer.pk)}
    assert changed["details"] == viewed["details"] | {"fields": ["full_name", "role"]}
    assert (changed["actor"], changed["aor"]) == ("manager", "NYC")
    assert "Someone Else" not in str(events())
    assert officer.history.first().history_user == manager
    assert not LogEntry.objects.exists()


@pytest.mark.req("ACC-6")
def test_a_repeated_change_changes_nothing_more(manager, officer, signed_in, events):
    client = signed_in(manager)
    for _ in range(2):
        assert client.post(user_page(officer), form_of(officer, full_name="Once")).status_code == 302
    assert [event["details"]["fields"] for event in events("record.changed")] == [["full_name"], []]


@pytest.mark.req("ACC-1", "ACC-6")
def test_closing_an_account_ends_its_session_by_the_next_request(manager, officer, signed_in):
    theirs = signed_in(officer)
    form = form_of(officer)
    del form["is_active"]
    assert signed_in(manager).post(user_page(officer), form).status_code == 302
    assert theirs.get("/api/v1/queries/").status_code == 401


@pytest.mark.req("ACC-6")
def test_a_manager_sees_nothing_of_another_area_by_any_door(
    manager, officer_chi, other_manager, officer, signed_in, events, now,
):
    course = Course.objects.first()
    record = TrainingRecord.objects.filter(user=officer_chi).first()
    lock = Lockout.objects.create(username=officer_chi.username, locked_at=now)
    client = signed_in(manager)
    for path in (USERS, "/admin/accounts/trainingrecord/", "/admin/accounts/lockout/", "/admin/accounts/trainingrecord/add/",
                 f"{USERS}?role__exact=officer", f"{USERS}?o=1"):
        page = client.get(path).content.decode()
        assert "officer_chi" not in page, path
        assert "other_manager" not in page, path
    for path in (user_page(officer_chi), user_page(other_manager), f"/admin/accounts/trainingrecord/{record.pk}/change/",
                 f"/admin/accounts/lockout/{lock.pk}/change/", f"{user_page(officer)[:-7]}history/"):
        assert client.get(path).status_code == 404, path
    assert client.post(user_page(officer_chi), form_of(officer_chi, full_name="Taken")).status_code == 404
    answer = client.post("/admin/accounts/trainingrecord/add/",
                         {"user": officer_chi.pk, "course": course.pk, "completed_on": now.date()})
    assert "Select a valid choice" in answer.content.decode()
    client.post("/admin/accounts/lockout/", {"action": "release", "index": 0, "_selected_action": [lock.pk]})
    lock.refresh_from_db()
    assert lock.locked_at
    officer_chi.refresh_from_db()
    assert officer_chi.full_name != "Taken"
    assert len(events("access.refused", actor="manager")) == 6


@pytest.mark.req("ACC-6")
@pytest.mark.parametrize("query", ["password__startswith=md5", "aor__code=CHI", "email__contains=a", "training_records__id=1"])
def test_no_address_asks_about_a_column_that_is_no_filter(manager, signed_in, query):
    answer = signed_in(manager).get(f"{USERS}?{query}")
    assert answer.status_code in {302, 400}
    assert answer.status_code == 400 or answer.url.endswith("?e=1")


@pytest.mark.req("ACC-10")
def test_nobody_edits_their_own_record_or_raises_anyone(manager, officer, supervisor, signed_in):
    client = signed_in(manager)
    assert client.post(user_page(manager), form_of(manager, role="opr_auditor")).status_code == 403
    client.post(user_page(officer), form_of(officer, role="agency_manager"))
    client.post(user_page(supervisor), form_of(supervisor, role="agency_manager"))
    client.post(user_page(officer), form_of(officer, is_superuser="on", aor="", username="renamed", password="x"))
    assert list(User.objects.order_by("username").values_list("username", "role", "is_superuser", "aor__code")) == [
        ("manager", "agency_manager", False, "NYC"), ("officer", "officer", False, "NYC"),
        ("supervisor", "supervisor", False, "NYC")]


@pytest.mark.req("ACC-10")
def test_every_other_role_finds_the_back_office_closed_and_the_try_is_recorded(
    officer, support, supervisor, quality, signed_in, events,
):
    for user in (officer, support, supervisor):
        client = signed_in(user)
        assert client.get("/admin/").status_code == 403
        assert client.get(USERS).status_code == 403
    assert signed_in(quality).get(USERS).status_code == 403
    assert len(events("access.refused")) == 7


@pytest.mark.req("ACC-4", "ACC-10")
def test_nobody_makes_or_deletes_an_account_here_and_no_page_shows_a_password(superuser, officer, auditor, signed_in):
    client = signed_in(superuser)
    assert client.get(f"{USERS}add/").status_code == 403
    assert client.post(f"{USERS}{officer.pk}/delete/", {"post": "yes"}).status_code == 403
    assert "delete_selected" not in client.get(USERS).content.decode()
    page = client.get(user_page(officer)).content.decode()
    assert officer.password not in page
    assert 'name="password"' not in page
    assert client.get(f"{USERS}{officer.pk}/password/").status_code in {302, 404}
    assert signed_in(auditor).post(user_page(officer), form_of(officer, full_name="X")).status_code == 403


@pytest.mark.req("ACC-7")
def test_a_manager_records_training_of_their_people_and_never_their_own(manager, untrained, signed_in, events, now):
    client = signed_in(manager)
    add = "/admin/accounts/trainingrecord/add/"
    course = Course.objects.get(code="data-privacy")
    form = {"user": untrained.pk, "course": course.pk, "completed_on": "2026-01-31"}
    assert client.post(add, form).status_code == 302
    record = TrainingRecord.objects.get(user=untrained)
    assert str(record.valid_until) == "2027-01-31"
    [event] = events("record.added")
    assert event["details"] == {"model": "accounts.trainingrecord", "object": str(record.pk)}
    assert "already exists" in client.post(add, form).content.decode()
    assert "Select a valid choice" in client.post(add, form | {"user": manager.pk}).content.decode()
    tomorrow = (now + timedelta(days=1)).date()
    assert "in the future" in client.post(add, form | {"completed_on": tomorrow}).content.decode()
    assert client.post(f"/admin/accounts/trainingrecord/{record.pk}/change/", form).status_code == 403
    assert TrainingRecord.objects.filter(user=untrained).count() == 1


@pytest.mark.req("ACC-4", "ACC-7")
def test_the_appointer_records_the_training_of_the_appointed_alone(appointer, manager, auditor, officer, rf):
    request = rf.get("/")
    request.user = appointer
    model_admin = TrainingRecordAdmin(TrainingRecord, admin.site)
    choices = model_admin.formfield_for_foreignkey(TrainingRecord._meta.get_field("user"), request).queryset
    assert set(choices) == {manager, auditor}


@pytest.mark.req("ACC-12")
def test_a_manager_releases_a_locked_account_in_the_back_office(manager, officer, signed_in, events, now):
    lock = Lockout.objects.create(username="officer", locked_at=now, attempts=[now] * 5)
    client = signed_in(manager)
    page = client.post("/admin/accounts/lockout/", {"action": "release", "index": 0, "_selected_action": [lock.pk]}, follow=True)
    assert "officer may sign in again" in page.content.decode()
    assert [event["actor"] for event in events("account.released")] == ["manager"]
    assert Client().post("/accounts/login/", {"username": "officer", "password": PASSWORD}).status_code == 302


@pytest.mark.req("ACC-12")
def test_others_see_no_release(superuser, officer, signed_in, now):
    Lockout.objects.create(username="officer", locked_at=now)
    assert 'value="release"' not in signed_in(superuser).get("/admin/accounts/lockout/").content.decode()


@pytest.mark.req("ACC-7", "ACC-10")
def test_operations_keeps_the_courses_and_the_appointer_the_areas(operator, appointer, officer, signed_in, events):
    course = Course.objects.get(code="lawful-use")
    client = signed_in(operator)
    page = f"/admin/accounts/course/{course.pk}/change/"
    assert client.post(page, {"name": "Lawful use", "interval_months": 24, "roles": ["officer"]}).status_code == 302
    course.refresh_from_db()
    assert (course.code, course.interval_months, course.roles) == ("lawful-use", 24, ["officer"])
    assert client.get(USERS).status_code == 403
    areas = signed_in(appointer)
    form = {"code": "BOS", "name": "Boston", "time_zone": "America/New_York"}
    assert areas.post("/admin/accounts/aor/add/", form).status_code == 302
    boston = AOR.objects.get(code="BOS")
    areas.post(f"/admin/accounts/aor/{boston.pk}/change/", form | {"code": "XXX", "name": "Greater Boston"})
    boston.refresh_from_db()
    assert (boston.code, boston.name) == ("BOS", "Greater Boston")
    assert [event["details"]["model"] for event in events("record.added")] == ["accounts.aor"]


@pytest.mark.req("AUD-1")
def test_the_start_page_shows_no_log_of_djangos_and_its_side_doors_are_the_sites_own(manager, signed_in):
    client = signed_in(manager)
    page = client.get("/admin/").content.decode()
    assert "Recent actions" not in page
    assert "Users" in page
    assert client.get("/admin/login/").url.startswith("/accounts/login/")
    assert client.get("/admin/password_change/").url == "/accounts/password/"
    assert client.post("/admin/logout/").url == "/accounts/login/"
    assert client.get("/admin/").status_code == 302


def test_every_registered_admin_is_audited_and_has_no_search_box():
    assert len(admin.site._registry) >= 6
    for model_admin in admin.site._registry.values():
        assert isinstance(model_admin, AuditedAdmin), model_admin
        assert not model_admin.search_fields
        assert not model_admin.autocomplete_fields


def test_a_deletion_would_be_an_event_too(officer, events):
    """No page deletes; the admin's own hook is on the record all the same."""
    AuditedAdmin(User, admin.site).log_deletions(RequestFactory().get("/"), User.objects.filter(pk=officer.pk))
    assert events(Kind.RECORD_DELETED)[0]["details"]["object"] == str(officer.pk)
