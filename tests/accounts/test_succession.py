"""Who follows the agency appointer, or the last of operations, once they have left (ACC-4)."""

from datetime import timedelta

import pytest
from django.core import mail
from django.core.management import CommandError

from accounts import notices, succession
from accounts.models import Appointment, RecoveryLink, User
from accounts.roles import Role
from tests.accounts.applicants import posted
from tests.accounts.test_appointments import first

WORD = "COR letter 2026-11 of November 20"


def follow(**options) -> str:
    return first(**{"username": "second.appointer", "email": "cor2@agency.example", "succeeds": "appointer", "authority": WORD}
                 | options)


@pytest.mark.req("ACC-4", "ACC-1")
def test_the_command_closes_who_left_and_names_who_follows_and_the_agencys_auditors_hear(
    appointer, auditor, manager, operator, signed_in, events, now,
):
    browser = signed_in(appointer)
    link = RecoveryLink.objects.create(user=appointer, asked_at=now)
    path = follow(succeeds="APPOINTER")
    assert browser.get("/admin/")["Location"].startswith("/admin/login/")
    appointer.refresh_from_db()
    link.refresh_from_db()
    assert (appointer.is_active, link.used_at is not None) == (False, True)
    notices.send_waiting(now=now)
    assert sorted(letter.to[0] for letter in mail.outbox) == ["appointer@agency.example", "auditor@agency.example"]
    assert all(WORD in letter.body and "second.appointer" in letter.body and path not in letter.body for letter in mail.outbox)
    assert posted(path, username="somebody.else").status_code == 400
    assert posted(path, username="second.appointer").status_code == 302
    new = User.objects.get(username="second.appointer")
    assert (new.role, new.appointment.succeeds, new.appointment.appointed_by) == (Role.AGENCY_APPOINTER, appointer, None)
    [event] = events("appointment.succeeded")
    assert (event["actor"].partition(":")[0], event["details"]) == ("command", {
        "appointment": str(new.appointment), "role": "agency_appointer", "username": "appointer", "closed": True,
        "authority": WORD})
    # And so on: each follows the last.
    with pytest.raises(CommandError, match="has the same role and is open"):
        follow(username="third.appointer")
    assert posted(follow(username="third.appointer", succeeds="second.appointer"), username="third.appointer").status_code == 302
    User.objects.filter(username="third.appointer").update(is_active=False)
    with pytest.raises(CommandError, match="followed already"):
        follow(username="fourth.appointer")


@pytest.mark.req("ACC-4")
def test_nobody_is_named_without_a_word_twice_at_once_or_after_somebody_of_another_role(
    appointer, manager, operator, events, now,
):
    for wrong, why in (({"authority": " "}, "written word"), ({"authority": "x" * 201}, "written word"),
                       ({"succeeds": "manager"}, "has this username"), ({"succeeds": "nobody"}, "has this username"),
                       ({"username": "manager"}, "never used again"), ({"username": "x"}, "cannot be used")):
        with pytest.raises(CommandError, match=why):
            follow(**wrong)
    with pytest.raises(CommandError, match="--succeeds"):
        first()
    appointer.refresh_from_db()
    assert (appointer.is_active, Appointment.objects.count()) == (True, 0)
    assert [event["details"]["succeeds"] for event in events("appointment.refused")] == [
        "appointer", "appointer", "manager", "nobody", "appointer"]
    follow()
    with pytest.raises(CommandError, match="key still stands"):
        follow(username="another.name")


@pytest.mark.req("ACC-4")
def test_a_key_that_ran_out_is_followed_by_another_and_operations_go_on_by_the_same_way(operator, make_user, now):
    asked = {"predecessor": "operator", "email": "ops@operator.example", "authority": WORD}
    second = make_user("operator2", role=Role.OPERATIONS)
    with pytest.raises(succession.NotToBeSucceeded, match="operator2"):
        succession.succeed(username="next.operator", now=now, **asked)
    User.objects.filter(pk=second.pk).update(is_active=False)
    old = succession.succeed(username="next.operator", now=now - timedelta(days=8), **asked)
    new = succession.succeed(username="other.operator", now=now, **asked)
    paths = [address.removeprefix("http://testserver") for address in (old, new)]
    assert posted(paths[0], username="next.operator").status_code == 404
    assert posted(paths[1], username="other.operator").status_code == 302
    assert User.objects.get(username="other.operator").role == Role.OPERATIONS
