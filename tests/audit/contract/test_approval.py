"""The end of the contract: 30 days, the agency's receipt, two persons (AUD-10, BEY-10)."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail

from accounts.roles import Role
from audit import letters, tasks, two_sides
from audit.contract import approval
from audit.events import Kind
from audit.models import ContractEnd

pytestmark = pytest.mark.usefixtures("database")
PAGE = "/audit/contract-end/"
DIGEST = "ab" * 32


@pytest.fixture
def begun(appointer, now) -> ContractEnd:
    approval.begin(by=appointer, destination="Records office", ended_on=now.date(), now=now)
    return approval.current()


def act(client, name: str, **fields):
    return client.post(PAGE, {"act": name} | fields)


@pytest.mark.req("AUD-10", "BEY-10")
def test_two_persons_of_two_sides_end_a_contract_on_the_page(appointer, operator, signed_in, events, now):
    agency, staff = signed_in(appointer), signed_in(operator)
    assert b"No end of the contract is open" in staff.get(PAGE).content
    today = now.date()
    assert act(agency, "begin", destination="Records office", ended_on=today.isoformat()).status_code == 302
    page = staff.get(PAGE).content.decode()
    assert "30 days" in page
    assert (today + timedelta(days=30)).isoformat() in page
    assert act(agency, "receive", manifest=DIGEST.upper()).status_code == 302
    assert act(staff, "approve", manifest=DIGEST, confirm="on").status_code == 302
    assert not approval.current().is_approved
    assert act(agency, "approve", manifest=DIGEST, confirm="on").status_code == 302
    end = approval.current()
    assert end.is_approved
    assert str(end.pk) in staff.get(PAGE).content.decode()
    assert {event["details"]["side"] for event in events(Kind.CONTRACT_ERASURE_APPROVED)} == {"agency", "operator"}
    assert len(events(Kind.CONTRACT_END_OPENED)) == len(events(Kind.CONTRACT_RECEIVED)) == 1
    assert events(Kind.CONTRACT_VIEWED, actor="operator")
    assert act(agency, "withdraw", withdraw="on").status_code == 302
    assert approval.current() is None
    assert events(Kind.CONTRACT_END_WITHDRAWN)


@pytest.mark.req("AUD-10")
def test_what_may_not_be_done_is_refused_on_the_page_and_recorded(begun, appointer, operator, signed_in, events):
    agency, staff = signed_in(appointer), signed_in(operator)
    for client, name, fields, words in [
        (agency, "begin", {"destination": "Elsewhere", "ended_on": "2026-01-01"}, "open already"),
        (agency, "receive", {"manifest": DIGEST, "missing": "x" * 301}, "names of files"),
        (agency, "receive", {"manifest": "not a digest"}, "64 characters"),
        (agency, "approve", {"manifest": DIGEST, "confirm": "on"}, "recorded its receipt"),
        (staff, "receive", {"manifest": DIGEST}, "Only the agency"),
        (staff, "begin", {"destination": "Elsewhere", "ended_on": "2026-01-01"}, "Only the agency"),
        (staff, "withdraw", {"withdraw": "on"}, "Only the agency"),
        (agency, "withdraw", {}, "not filled in"),
    ]:
        before = len(events(Kind.CONTRACT_REFUSED))
        assert act(client, name, **fields).status_code == 400, name
        refused = events(Kind.CONTRACT_REFUSED)
        assert len(refused) == before + 1
        assert words in refused[-1]["details"]["why"]
    assert b"64 characters" in act(agency, "receive", manifest="not a digest").content
    begun.refresh_from_db()
    assert (begun.manifest, begun.agency_by, begun.is_open) == ("", None, True)


@pytest.mark.req("AUD-10")
@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "2016-03-04"])
def test_a_last_day_far_from_today_is_a_slip_of_the_pen(appointer, signed_in, events, day):
    answer = act(signed_in(appointer), "begin", destination="Records office", ended_on=day)
    assert answer.status_code == 400
    assert b"look at its year" in answer.content
    assert "look at its year" in events(Kind.CONTRACT_REFUSED)[-1]["details"]["why"]
    assert approval.current() is None


@pytest.mark.req("BEY-10")
def test_each_side_approves_once_for_the_export_that_it_saw(begun, appointer, operator, now):
    approval.receive(by=appointer, manifest=DIGEST, now=now)
    approval.approve(by=appointer, manifest=DIGEST, now=now)
    for by, manifest, words in [(appointer, DIGEST, "approved already"), (operator, "cd" * 32, "Another receipt")]:
        with pytest.raises(two_sides.StepRefused, match=words):
            approval.approve(by=by, manifest=manifest, now=now)
    appointer.role = Role.OPERATIONS
    with pytest.raises(two_sides.StepRefused, match="another person"):
        approval.approve(by=appointer, manifest=DIGEST, now=now)
    approval.approve(by=operator, manifest=DIGEST, now=now)
    assert approval.current().is_approved
    appointer.role = Role.AGENCY_APPOINTER
    approval.receive(by=appointer, manifest="cd" * 32, now=now)
    assert not approval.current().is_approved


@pytest.mark.req("AUD-10")
@pytest.mark.parametrize("role", ["officer", "supervisor", "manager", "auditor", "superuser"])
def test_nobody_else_sees_the_end_of_the_contract(begun, role, request, signed_in, events):
    client = signed_in(request.getfixturevalue(role))
    assert client.get(PAGE).status_code == 403
    assert act(client, "withdraw", withdraw="on").status_code == 403
    assert events(Kind.ACCESS_REFUSED, actor=role)
    assert approval.current()


@pytest.mark.req("AUD-10")
def test_both_sides_are_reminded_as_the_days_run_out_and_every_day_after(begun, operator, now):
    def told(days: int) -> int:
        then = datetime.combine(begun.due_on - timedelta(days=days), now.time(), UTC)
        approval.remind(now=then)
        again = approval.remind(now=then)
        return letters.send_waiting(now=then) + again

    assert [told(days) for days in (30, 15, 14, 13, 7, 5, 3, 1, 0, -1, -2)] == [0, 0, 2, 0, 2, 0, 2, 2, 2, 2, 2]
    assert PAGE in mail.outbox[-1].body
    approval.withdraw(by=begun.opened_by, now=now)
    assert told(-3) == 0
    tasks.remind_of_contract_end()
