"""The manager's desk and user list: what waits in their area, and nothing of another (ACC-6, ACC-14)."""

import csv
import io
from datetime import timedelta

import openpyxl
import pytest

from accounts import deletions, desk, sanctions, tickets, user_list
from accounts.models import AccountNeed, Idleness, Lockout, Notice, TrainingRecord, User
from tests.accounts.applicants import filed

pytestmark = pytest.mark.usefixtures("database")
USERS = "/admin/accounts/user/"


def names(page: str) -> set[str]:
    """Who stands in the list of a page."""
    return {name for name in User.objects.values_list("username", flat=True) if f">{name}</a>" in page}


@pytest.fixture
def busy(officer, officer2, officer_chi, agent, untrained, manager, other_manager, aor_nyc, aor_chi, now):
    """Something of each kind in New York City, and the same in Chicago."""
    for area, person in ((aor_nyc, officer), (aor_chi, officer_chi)):
        filed(area, now - timedelta(days=4), full_name=f"Applicant {area.code}", email=f"applicant.{area.code}@agency.example")
        Lockout.objects.create(username=person.username, locked_at=now)
        AccountNeed.objects.create(user=person, affirmed_at=now - timedelta(days=170), warned_at=now)
        notice = Notice.objects.create(account=person, kind="idle_notice", made_at=now, sent_at=now)
        Idleness.objects.create(user=person, notice=notice)
        TrainingRecord.objects.filter(user=person, course__code="data-privacy").update(valid_until=now.date())
    TrainingRecord.objects.filter(user=officer2, course__code="data-privacy").update(
        valid_until=now.date() + timedelta(days=9))


@pytest.mark.req("ACC-6", "ACC-14")
def test_the_desk_shows_what_waits_in_the_managers_area_in_color_and_word(busy, manager, signed_in, events):
    page = signed_in(manager).get("/admin/").content.decode()
    for words in ("Requests to account (1)", "Applicant NYC", "waits for 4 days", "Training that is missing or ends soon (3)",
                  "1 course expired", "8 courses missing", "Locked accounts (1)", "Accounts that are about to be disabled (2)",
                  "need not reaffirmed", "nobody signs in", 'status--bad"', 'status--warn"'):
        assert words in page, words
    for words in ("officer_chi", "Applicant CHI", "other_manager"):
        assert words not in page, words
    assert [event["actor"] for event in events("desk.viewed")] == ["manager"]


@pytest.mark.req("ACC-6")
def test_managers_who_share_an_area_share_its_desk_and_others_have_none(
    busy, manager, make_user, aor_nyc, appointer, auditor, operator, superuser, signed_in, now, events,
):
    second = make_user("manager2", role="agency_manager", aor=aor_nyc)
    assert [panel.total for panel in desk.of(second, now=now)] == [panel.total for panel in desk.of(manager, now=now)] == [
        1, 0, 3, 1, 2, 0]
    for person in (appointer, auditor, operator, superuser):
        assert "Locked accounts (" not in signed_in(person).get("/admin/").content.decode()
    assert {event["actor"] for event in events("desk.viewed")} == {"system"}


@pytest.mark.req("ACC-6")
def test_an_empty_desk_says_so(other_manager, signed_in):
    page = signed_in(other_manager).get("/admin/").content.decode()
    assert "No request waits for a decision." in page
    assert "The training of everybody is in order." in page


@pytest.mark.req("ACC-14")
def test_the_list_is_filtered_by_component_state_training_and_open_requests(
    busy, officer, agent, untrained, supervisor, officer_chi, manager, other_manager, aor_nyc, signed_in, now,
):
    agent.is_active = False
    agent.save()
    filed(aor_nyc, now, email="OFFICER2@agency.example")
    deletions.ask(account=officer, by=supervisor, reason="Moved", now=now)
    deletions.file(account=officer_chi, by=other_manager, reason="Left", now=now)
    for person in (untrained, officer_chi):
        tickets.open(account=person, subject="A word", text="About my screen", now=now)
    tickets.close(ticket=tickets.open(account=agent, subject="Old", text="Done", now=now), by=agent, now=now)
    client = signed_in(manager)
    for asked, found in {
        "": {"officer", "officer2", "agent", "untrained", "supervisor", "manager"},
        "?component__exact=HSI": {"agent"}, "?account=closed": {"agent"}, "?account=locked": {"officer"},
        "?account=open": {"officer2", "untrained", "supervisor", "manager"},
        "?training=expired": {"officer"}, "?training=missing": {"untrained"},
        "?training=expiring": {"officer2"}, "?training=complete": {"agent", "manager", "supervisor"},
        "?waiting=access": {"officer2"},
        "?waiting=deletion": {"officer"}, "?waiting=ticket": {"untrained"},
        "?waiting=none": {"agent", "supervisor", "manager"}, "?training=complete&component__exact=HSI": {"agent"},
        "?training=nonsense": {"officer", "officer2", "agent", "untrained", "supervisor", "manager"},
    }.items():
        answer = client.get(USERS + asked)
        assert answer.status_code == 200, asked
        assert names(answer.content.decode()) == found, asked
    page = client.get(USERS).content.decode()
    for words in ("status--idle\">Closed", "status--bad\">Locked", "status--ok\">Open", "status--bad\">Expired",
                  "status--warn\">Expires soon", "Request to account", "Deletion", "Help ticket"):
        assert words in page, words


@pytest.mark.req("ACC-6", "ACC-14")
def test_a_request_to_another_areas_manager_shows_in_no_list(manager, officer, aor_chi, signed_in, now):
    filed(aor_chi, now, email=officer.email)
    assert names(signed_in(manager).get(f"{USERS}?waiting=access").content.decode()) == set()


@pytest.mark.req("ACC-6", "ACC-14")
def test_the_export_holds_the_managers_area_alone_and_is_on_record(busy, manager, signed_in, events):
    client = signed_in(manager)
    answer = client.get(f"{USERS}export.csv")
    assert "no-store" in answer["Cache-Control"]
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert rows[0][:3] == ["User name", "Name", "Email address"]
    by_name = {row[0]: dict(zip(rows[0], row, strict=True)) for row in rows[1:]}
    assert set(by_name) == {"officer", "officer2", "agent", "untrained", "manager"}
    assert (by_name["officer"]["Account"], by_name["officer"]["Training"]) == ("Locked", "Expired")
    assert by_name["manager"]["Last sign-in (UTC)"]
    book = openpyxl.load_workbook(io.BytesIO(client.get(f"{USERS}export.xlsx?training=expired").content))
    assert [[cell.value for cell in row[:2]] for row in book["Users"].iter_rows()] == [
        ["User name", "Name"], ["officer", "Officer"]]
    assert "officer_chi" not in answer.content.decode()
    assert [(event["actor"], event["details"]) for event in events("users.exported")] == [
        ("manager", {"format": "csv", "count": 5}),
        ("manager", {"format": "xlsx", "count": 1, "filters": {"training": "Expired"}})]


@pytest.mark.req("ACC-14")
def test_no_cell_of_an_export_starts_a_formula(manager, officer, signed_in):
    User.objects.filter(pk=officer.pk).update(full_name="=HYPERLINK(\"http://evil\")")
    client = signed_in(manager)
    assert "'=HYPERLINK" in client.get(f"{USERS}export.csv").content.decode()
    book = openpyxl.load_workbook(io.BytesIO(client.get(f"{USERS}export.xlsx").content))
    cells = [cell for row in book["Users"].iter_rows() for cell in row if "HYPERLINK" in str(cell.value)]
    assert [cell.data_type for cell in cells] == ["s"]


@pytest.mark.req("ACC-6", "ACC-14")
def test_nobody_else_exports_the_list_and_the_try_is_recorded(
    officer, supervisor, auditor, appointer, superuser, operator, signed_in, events, now,
):
    for person in (officer, supervisor, auditor, appointer, superuser, operator):
        for format in ("csv", "xlsx"):
            assert signed_in(person).get(f"{USERS}export.{format}").status_code == 403, person
        with pytest.raises(user_list.MayNotExport):
            user_list.export(users=User.objects.all(), by=person, format="csv", filters={}, now=now)
    assert len(events("access.refused")) == 12
    assert not events("users.exported")


@pytest.mark.req("ACC-6")
def test_an_export_leaves_out_other_areas_whatever_it_is_given(manager, officer, officer_chi, now):
    document = user_list.export(users=User.objects.all(), by=manager, format="csv", filters={}, now=now)
    assert {row[0] for row in document.tables[0].rows} == {"manager", "officer"}


@pytest.mark.req("ACC-6", "ACC-10")
def test_a_manager_touches_neither_their_own_role_nor_area_nor_training_nor_need(manager, aor_chi, signed_in, events, now):
    client = signed_in(manager)
    for changed in ({"role": "opr_auditor"}, {"aor": aor_chi.pk}, {"is_active": "on", "full_name": "New"}):
        form = {"full_name": "M", "email": "m@agency.example"} | changed
        assert client.post(f"{USERS}{manager.pk}/change/", form).status_code == 403
    course = TrainingRecord.objects.filter(user=manager).first().course
    before = TrainingRecord.objects.filter(user=manager).count()
    client.post("/admin/accounts/trainingrecord/add/", {"user": manager.pk, "course": course.pk, "completed_on": now.date()})
    client.post(USERS, {"action": "reaffirm", "_selected_action": [manager.pk], "index": 0})
    manager.refresh_from_db()
    assert (manager.role, manager.aor.code, manager.full_name) == ("agency_manager", "NYC", "Manager")
    assert TrainingRecord.objects.filter(user=manager).count() == before
    assert not AccountNeed.objects.filter(user=manager).exists()
    assert not events("need.reaffirmed")


@pytest.mark.req("ACC-6", "ACC-9", "ACC-11")
def test_deletions_and_sanctions_stand_on_the_desk_of_their_area_alone(
    officer, officer2, officer_chi, supervisor, manager, other_manager, now,
):
    deletions.ask(account=officer2, by=supervisor, reason="Moved", now=now)
    deletions.file(account=officer, by=manager, reason="Left", now=now)
    sanctions.impose(account=supervisor, kind="reprimand", reason="Misuse", evidence="Review 1", by=manager, now=now)
    sanctions.impose(account=officer_chi, kind="reprimand", reason="Misuse", evidence="Review 2", by=other_manager, now=now)
    shown = {panel.heading: panel for panel in desk.of(manager, now=now)}
    asked, clock = shown["Deletions of accounts"].lines
    assert (asked.text, asked.state) == ("officer2", "asked for by a supervisor")
    assert (clock.text, clock.state, clock.tone) == ("officer", "in time, 24 h 0 min left", "ok")
    assert [line.text for line in shown["Newest sanctions"].lines] == ["supervisor: reprimand"]
    theirs = {panel.heading: panel for panel in desk.of(other_manager, now=now)}
    assert theirs["Deletions of accounts"].total == 0
    assert [line.text for line in theirs["Newest sanctions"].lines] == ["officer_chi: reprimand"]
