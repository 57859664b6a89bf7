"""An account that nobody uses is disabled after 90 days, with notice 14 days before (ACC-15)."""

from datetime import timedelta

import pytest
from django.core import mail

from accounts import idleness, needs, notices, tasks
from accounts.models import AccountNeed, Idleness, RecoveryLink, User
from tests.accounts.test_ceilings import USERS, form_of

pytestmark = [pytest.mark.usefixtures("database"), pytest.mark.req("ACC-14", "ACC-15")]


def used(user: User, days_ago: int, now) -> None:
    User.objects.filter(pk=user.pk).update(created_at=now - timedelta(days=400), last_login=now - timedelta(days=days_ago))


def round_at(moment) -> None:
    """What the scheduler does: look, then send what is owed."""
    idleness.review(now=moment)
    notices.send_waiting(now=moment)


@pytest.fixture
def in_use(manager, now):
    used(manager, 0, now)


def test_notice_then_the_end_each_once_and_on_record(officer, manager, other_manager, in_use, signed_in, events, now):
    used(officer, 75, now)
    used(other_manager, 0, now)
    round_at(now)
    assert mail.outbox == []
    for day in (1, 1, 2, 14):
        round_at(now + timedelta(days=day))
    assert sorted(letter.to[0] for letter in mail.outbox) == ["manager@agency.example", "officer@agency.example"]
    assert f"disabled on {(now + timedelta(days=15)).date()}" in mail.outbox[0].body
    assert User.objects.get(pk=officer.pk).is_active
    theirs = signed_in(officer)
    link = RecoveryLink.objects.create(user=officer, asked_at=now)
    used(officer, 75, now)
    for _ in range(2):
        round_at(now + timedelta(days=15, minutes=1))
    assert not User.objects.get(pk=officer.pk).is_active
    assert theirs.get("/api/v1/queries/").status_code == 401
    link.refresh_from_db()
    assert link.used_at, "what was mailed opens nothing any more"
    assert [event["details"]["username"] for event in events("idle.noticed")] == ["officer"]
    assert [event["details"]["username"] for event in events("idle.disabled")] == ["officer"]
    assert len(mail.outbox) == 4


def test_a_sign_in_after_the_notice_keeps_the_account_and_starts_the_count_anew(officer, signed_in, now):
    used(officer, 80, now)
    round_at(now)
    assert Idleness.objects.get(user=officer).notice
    signed_in(officer)
    round_at(now + timedelta(days=20))
    assert User.objects.get(pk=officer.pk).is_active
    assert Idleness.objects.get(user=officer).notice is None


def test_an_account_that_was_never_used_counts_from_its_making(officer, now):
    User.objects.filter(pk=officer.pk).update(created_at=now - timedelta(days=77), last_login=None)
    round_at(now)
    round_at(now + timedelta(days=14))
    assert not User.objects.get(pk=officer.pk).is_active


def test_after_a_standstill_notice_is_given_first(officer, now):
    used(officer, 300, now)
    round_at(now)
    assert User.objects.get(pk=officer.pk).is_active
    round_at(now + timedelta(days=13))
    assert User.objects.get(pk=officer.pk).is_active
    round_at(now + timedelta(days=14))
    assert not User.objects.get(pk=officer.pk).is_active


def test_without_a_notice_that_was_sent_nothing_is_disabled(officer, settings, now):
    used(officer, 80, now)
    backend, settings.EMAIL_BACKEND = settings.EMAIL_BACKEND, "tests.accounts.dead_mail.EmailBackend"
    round_at(now)
    round_at(now + timedelta(days=30))
    settings.EMAIL_BACKEND = backend
    round_at(now + timedelta(days=31))
    round_at(now + timedelta(days=44))
    assert User.objects.get(pk=officer.pk).is_active
    round_at(now + timedelta(days=45))
    assert not User.objects.get(pk=officer.pk).is_active


def test_the_days_are_a_setting_and_accounts_of_no_area_are_left_alone(officer, auditor, settings, now):
    settings.IDLE_DAYS, settings.IDLE_NOTICE_DAYS = 30, 5
    for person in (officer, auditor):
        used(person, 40, now)
    tasks.review_idleness()
    notices.send_waiting(now=now)
    round_at(now + timedelta(days=5))
    assert set(User.objects.filter(is_active=False)) == {officer}


def test_a_disabled_account_opens_again_only_when_a_manager_reaffirms_it(
    officer, manager, other_manager, in_use, signed_in, events, now,
):
    used(officer, 100, now)
    round_at(now - timedelta(days=15))
    round_at(now)
    page = f"{USERS}{officer.pk}/change/"
    client = signed_in(manager)
    assert "Reaffirm it" in client.post(page, form_of(officer, is_active="on")).content.decode()
    assert signed_in(other_manager).post(page, form_of(officer, is_active="on")).status_code == 404
    with pytest.raises(needs.MayNotReaffirm):
        needs.reaffirm(account=officer, by=other_manager, now=now)
    client.post(USERS, {"action": "reaffirm", "_selected_action": [officer.pk], "index": 0})
    assert client.post(page, form_of(officer, is_active="on")).status_code == 302
    assert User.objects.get(pk=officer.pk).is_active
    assert [event["actor"] for event in events("need.reaffirmed")] == ["manager"]
    assert events("record.changed")[-1]["details"]["fields"] == ["is_active"]
    round_at(now + timedelta(days=70))
    assert User.objects.get(pk=officer.pk).is_active
    round_at(now + timedelta(days=90))
    round_at(now + timedelta(days=104))
    assert not User.objects.get(pk=officer.pk).is_active


def test_saying_that_an_open_account_is_needed_is_no_use_of_it(officer, manager, in_use, now):
    used(officer, 80, now)
    round_at(now)
    needs.reaffirm(account=officer, by=manager, now=now)
    round_at(now + timedelta(days=14))
    assert not User.objects.get(pk=officer.pk).is_active
    assert AccountNeed.objects.get(user=officer).affirmed_at == now


def test_an_account_that_was_closed_and_opened_again_gets_a_notice_of_its_own(officer, now):
    used(officer, 80, now)
    round_at(now)
    User.objects.filter(pk=officer.pk).update(is_active=False)
    round_at(now + timedelta(days=30))
    User.objects.filter(pk=officer.pk).update(is_active=True)
    round_at(now + timedelta(days=31))
    assert User.objects.get(pk=officer.pk).is_active
    round_at(now + timedelta(days=45))
    assert not User.objects.get(pk=officer.pk).is_active
