"""Appointments: the only way to become manager, supervisor, auditor or operator staff (ACC-4)."""

from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client

from accounts import appointments, ceilings, keys
from accounts.models import AccountCeiling, Appointment, User
from accounts.roles import APPOINTS, Role
from tests.accounts.applicants import key_address, posted

PAGE = "/admin/accounts/appointment/"


def named(**changed) -> dict:
    return {"full_name": "Max Manager", "email": "max@agency.example", "role": "agency_manager",
            "is_federal_employee": "on"} | changed


def first(**options) -> str:
    out = StringIO()
    call_command("appoint", **{"username": "first.appointer", "email": "cor@agency.example"} | options, stdout=out)
    return out.getvalue().splitlines()[-1].removeprefix("http://testserver")


@pytest.mark.req("ACC-4")
def test_the_installation_names_the_first_appointer_once(database, events):
    path = first()
    for again in ({}, {"username": "somebody.else"}):
        with pytest.raises(CommandError, match="named already"):
            first(**again)
    assert mail.outbox == []
    assert posted(path, username="another.name").status_code == 400
    assert posted(path, username="first.appointer").status_code == 302
    user = User.objects.get()
    assert (user.username, user.role, user.is_superuser, user.aor) == ("first.appointer", Role.AGENCY_APPOINTER, False, None)
    with pytest.raises(CommandError, match="named already"):
        first()
    [made] = events("appointment.made")
    assert (made["actor"].partition(":")[0], made["details"]["role"]) == ("command", "agency_appointer")
    assert path.split("/")[3] not in str(events())


@pytest.mark.req("ACC-4")
def test_the_installation_names_the_first_of_operations_once_who_names_the_others(database, signed_in, events):
    path = first(username="first.operator", role="operations")
    with pytest.raises(CommandError, match="named already"):
        first(username="second.operator", role="operations")
    assert posted(path, username="first.operator").status_code == 302
    user = User.objects.get()
    assert (user.role, user.is_superuser, user.appointment.appointed_by) == (Role.OPERATIONS, False, None)
    assert [event["details"]["role"] for event in events("appointment.made")] == ["operations"]
    with pytest.raises(CommandError):
        first(username="an.officer", role="officer")
    appointments.appoint(by=user, role=Role.HELP_DESK, full_name="Ada Ray", email="ada@operator.example", now=datetime.now(UTC))
    assert first(), "the agency's side is another matter"


@pytest.mark.req("ACC-4")
@pytest.mark.parametrize("wrong", [{"username": "x"}, {"username": "system"}, {"email": "nobody"}])
def test_the_command_refuses_what_cannot_be_an_account(wrong, database):
    with pytest.raises(CommandError):
        first(**wrong)
    assert not Appointment.objects.exists()


@pytest.mark.req("ACC-4")
def test_a_first_key_that_ran_out_unused_is_followed_by_another_for_the_same_person(database, now):
    old = appointments.appoint_first(username="first.appointer", email="cor@agency.example", now=now - timedelta(days=8))
    assert Client().get(old.removeprefix("http://testserver")).status_code == 404
    with pytest.raises(CommandError):
        first(email="thief@elsewhere.example")
    assert Client().get(first()).status_code == 200
    assert Appointment.objects.count() == 1
    assert keys.deliver_waiting(now=now + timedelta(hours=1)) == 0, "a key that was shown is not replaced by a mail"


@pytest.mark.req("ACC-4")
@pytest.mark.parametrize(("changed", "role"), [
    ({"aor": True}, "agency_manager"),
    ({"role": "supervisor", "aor": True, "component": "HSI", "job_category": "hsi_agent"}, "supervisor"),
    ({"role": "opr_auditor"}, "opr_auditor"),
])
def test_the_appointer_names_the_agencys_people_with_a_record_and_a_key_each(
    changed, role, appointer, aor_nyc, signed_in, events,
):
    client = signed_in(appointer)
    if "aor" in changed:
        changed = changed | {"aor": aor_nyc.pk}
    assert client.post(f"{PAGE}add/", named(**changed)).status_code == 302
    made = Appointment.objects.get()
    assert (made.role, made.appointed_by, made.is_federal_employee) == (role, appointer, True)
    assert events("appointment.made")[0]["actor"] == "appointer"
    assert posted(key_address(mail.outbox), username="max.manager").status_code == 302
    user = User.objects.get(username="max.manager")
    assert (user.role, user.aor, user.component, user.appointment) == (role, made.aor, made.component, made)
    page = client.get(f"{PAGE}{made.pk}/change/").content.decode()
    assert "used, until" in page
    assert "Send a new key" not in page


@pytest.mark.req("ACC-4")
def test_operations_names_the_operators_people(operator, signed_in):
    client = signed_in(operator)
    for role in ("help_desk", "data_quality", "operations"):
        assert client.post(f"{PAGE}add/", named(role=role, email=f"{role}@operator.example")).status_code == 302
    assert set(Appointment.objects.values_list("role", flat=True)) == APPOINTS[Role.OPERATIONS]


@pytest.mark.req("ACC-4", "ACC-10")
@pytest.mark.parametrize("changed", [
    {"role": "operations"}, {"role": "agency_appointer"}, {"role": "officer"}, {"is_federal_employee": ""}, {"aor": ""},
    {"component": "ERO"}, {"role": "opr_auditor"}, {"role": "supervisor"},
])
def test_an_appointment_that_is_not_theirs_or_not_whole_is_refused(changed, appointer, aor_nyc, signed_in):
    answer = signed_in(appointer).post(f"{PAGE}add/", named(aor=aor_nyc.pk) | changed)
    assert answer.status_code == 200
    assert not Appointment.objects.exists()
    assert mail.outbox == []


@pytest.mark.req("ACC-4", "ACC-10")
def test_nobody_else_appoints_and_each_refusal_is_on_record(manager, superuser, officer, operator, appointer, aor_nyc, signed_in,
                                                           events, now):
    for person in (manager, superuser, officer):
        assert signed_in(person).post(f"{PAGE}add/", named(aor=aor_nyc.pk)).status_code == 403
    signed_in(appointer).post(f"{PAGE}add/", named())
    assert [event["details"]["role"] for event in events("appointment.refused")] == ["agency_manager"]
    with pytest.raises(appointments.MayNotAppoint):
        appointments.appoint(by=operator, role=Role.AGENCY_MANAGER, full_name="X", email="x@y.example", aor=aor_nyc,
                             is_federal_employee=True, now=now)
    made = appointments.appoint(by=appointer, role=Role.OPR_AUDITOR, full_name="Ann  Lee", email="x@y.example", now=now)
    assert made.full_name == "Ann Lee"
    assert signed_in(operator).get(f"{PAGE}{made.pk}/change/").status_code == 404
    for step in (appointments.send_key_again, appointments.revoke_key):
        with pytest.raises(appointments.MayNotAppoint):
            step(appointment=made, by=operator, now=now)


@pytest.mark.req("ACC-4")
def test_the_key_of_an_appointment_is_sent_again_and_revoked(appointer, signed_in, now):
    made = appointments.appoint(by=appointer, role=Role.OPR_AUDITOR, full_name="X", email="x@y.example", now=now)
    client = signed_in(appointer)
    old = key_address(mail.outbox)
    client.post(f"{PAGE}{made.pk}/key/", {"do": "send"})
    new = key_address(mail.outbox)
    assert (Client().get(old).status_code, Client().get(new).status_code) == (404, 200)
    client.post(f"{PAGE}{made.pk}/key/", {"do": "revoke"})
    assert Client().get(new).status_code == 404
    answer = client.post(f"{PAGE}{made.pk}/key/", {"do": "revoke"}, follow=True)
    assert "There is no key" in answer.content.decode()


@pytest.mark.req("ACC-15")
def test_a_supervisor_takes_a_place_under_the_ceiling(appointer, aor_nyc, now):
    AccountCeiling.objects.create(aor=aor_nyc, component="ERO", most=1)
    facts = {"by": appointer, "role": Role.SUPERVISOR, "full_name": "X", "aor": aor_nyc, "component": "ERO", "now": now}
    made = appointments.appoint(email="a@y.example", **facts)
    with pytest.raises(ceilings.Full):
        appointments.appoint(email="b@y.example", **facts)
    appointments.revoke_key(appointment=made, by=appointer, now=now)
    appointments.appoint(email="b@y.example", **facts)
    with pytest.raises(ceilings.Full):
        appointments.send_key_again(appointment=made, by=appointer, now=now)
