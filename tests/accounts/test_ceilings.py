"""Ceilings of accounts, and the need that a manager reaffirms (ACC-15)."""

from datetime import timedelta

import pytest
from django.core import mail

from accounts import needs, tasks
from accounts.models import AccountCeiling, AccountNeed, RecoveryLink, User

CEILINGS = "/admin/accounts/accountceiling/"
USERS = "/admin/accounts/user/"


def form_of(user: User, **changed: object) -> dict:
    return {"full_name": user.full_name, "email": user.email, "component": user.component,
            "job_category": user.job_category, "role": user.role} | changed


@pytest.mark.req("ACC-15")
def test_the_appointer_sets_a_ceiling_and_the_areas_manager_reads_it(appointer, manager, other_manager, aor_nyc, signed_in):
    client = signed_in(appointer)
    form = {"aor": aor_nyc.pk, "component": "ERO", "most": 40}
    assert client.post(f"{CEILINGS}add/", form).status_code == 302
    ceiling = AccountCeiling.objects.get()
    assert client.post(f"{CEILINGS}{ceiling.pk}/change/", {"most": 30, "component": "HSI"}).status_code == 302
    ceiling.refresh_from_db()
    assert (ceiling.most, ceiling.component) == (30, "ERO")
    assert [row.most for row in ceiling.history.all()] == [30, 40]
    assert "30" in signed_in(manager).get(CEILINGS).content.decode()
    assert signed_in(manager).post(f"{CEILINGS}{ceiling.pk}/change/", {"most": 900}).status_code == 403
    assert signed_in(other_manager).get(f"{CEILINGS}{ceiling.pk}/change/").status_code == 404


@pytest.mark.req("ACC-15")
def test_opening_an_account_again_or_moving_it_does_not_pass_the_ceiling(manager, officer, officer2, agent, signed_in, now):
    client = signed_in(manager)
    officer2.is_active = False
    officer2.save()
    ceiling = AccountCeiling.objects.create(aor=manager.aor, component="ERO", most=1)
    answer = client.post(f"{USERS}{officer2.pk}/change/", form_of(officer2, is_active="on"))
    assert "ceiling of 1" in answer.content.decode()
    answer = client.post(f"{USERS}{agent.pk}/change/", form_of(agent, component="ERO", is_active="on"))
    assert "ceiling of 1" in answer.content.decode()
    assert client.post(f"{USERS}{officer.pk}/change/", form_of(officer, is_active="on")).status_code == 302
    link = RecoveryLink.objects.create(user=agent, asked_at=now)
    assert client.post(f"{USERS}{agent.pk}/change/", form_of(agent)).status_code == 302
    link.refresh_from_db()
    assert (link.used_at is not None, User.objects.get(pk=agent.pk).is_active) == (True, False)
    ceiling.most = 2
    ceiling.save()
    assert client.post(f"{USERS}{officer2.pk}/change/", form_of(officer2, is_active="on")).status_code == 302
    officer2.refresh_from_db()
    assert officer2.is_active


@pytest.fixture
def old(officer, now) -> AccountNeed:
    return AccountNeed.objects.create(user=officer, affirmed_at=now - timedelta(days=170))


@pytest.mark.req("ACC-15")
def test_an_account_whose_need_is_not_reaffirmed_is_disabled_with_notice_before(old, officer, manager, signed_in, events, now):
    theirs = signed_in(officer)
    link = RecoveryLink.objects.create(user=officer, asked_at=now)
    needs.review(now=now)
    needs.review(now=now)
    assert sorted(letter.to[0] for letter in mail.outbox) == ["manager@agency.example", "officer@agency.example"]
    needs.review(now=now + timedelta(days=13))
    officer.refresh_from_db()
    assert officer.is_active
    needs.review(now=now + timedelta(days=14))
    officer.refresh_from_db()
    assert not officer.is_active
    assert theirs.get("/api/v1/queries/").status_code == 401
    assert [event["details"]["username"] for event in events("need.noticed")] == ["officer"]
    assert [event["details"]["username"] for event in events("need.lapsed")] == ["officer"]
    assert User.objects.filter(is_active=False).count() == 1
    link.refresh_from_db()
    assert link.used_at, "what was mailed opens nothing any more"


@pytest.mark.req("ACC-15")
def test_the_manager_reaffirms_in_the_list_of_users(old, officer, manager, other_manager, signed_in, events, now):
    needs.review(now=now)
    signed_in(manager).post(USERS, {"action": "reaffirm", "_selected_action": [officer.pk, manager.pk], "index": 0})
    assert [event["details"]["username"] for event in events("need.reaffirmed")] == ["officer"]
    needs.review(now=now + timedelta(days=30))
    officer.refresh_from_db()
    assert officer.is_active
    assert AccountNeed.objects.get(user=officer).affirmed_by == manager
    for person in (other_manager, officer):
        with pytest.raises(needs.MayNotReaffirm):
            needs.reaffirm(account=officer, by=person, now=now)


@pytest.mark.req("ACC-15")
def test_without_a_notice_that_was_sent_nothing_is_disabled(old, officer, settings, now):
    backend, settings.EMAIL_BACKEND = settings.EMAIL_BACKEND, "tests.accounts.dead_mail.EmailBackend"
    needs.review(now=now + timedelta(days=60))
    settings.EMAIL_BACKEND = backend
    needs.review(now=now + timedelta(days=61))
    needs.review(now=now + timedelta(days=74))
    officer.refresh_from_db()
    assert officer.is_active
    needs.review(now=now + timedelta(days=75))
    officer.refresh_from_db()
    assert not officer.is_active


@pytest.mark.req("ACC-15")
def test_a_lapsed_account_opens_again_only_when_its_need_is_reaffirmed(old, officer, manager, signed_in, now):
    officer.is_active = False
    officer.save()
    AccountNeed.objects.update(affirmed_at=now - timedelta(days=200))
    client = signed_in(manager)
    answer = client.post(f"{USERS}{officer.pk}/change/", form_of(officer, is_active="on"))
    assert "Reaffirm it" in answer.content.decode()
    client.post(USERS, {"action": "reaffirm", "_selected_action": [officer.pk], "index": 0})
    assert client.post(f"{USERS}{officer.pk}/change/", form_of(officer, is_active="on")).status_code == 302
    officer.refresh_from_db()
    assert officer.is_active


@pytest.mark.req("ACC-15")
def test_accounts_from_before_count_from_their_making_and_managers_are_not_reviewed(officer, manager, operator, now):
    tasks.review_needs()
    assert [need.user for need in AccountNeed.objects.all()] == [officer]
    assert AccountNeed.objects.get().affirmed_at == officer.created_at
