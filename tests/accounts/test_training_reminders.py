"""Reminders that training ends: 30 days, 7 days, the day; once each, and after a standstill the latest alone (ACC-7)."""

from datetime import timedelta

import pytest
from django.core import mail

from accounts import notices, tasks, training_reminders
from accounts.models import Course, Notice, TrainingRecord, TrainingReminder, User

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def ends(now):
    """`ends(user, "data-privacy", 20)`: the course's record ends in 20 days."""

    def end(user: User, code: str, days: int) -> None:
        TrainingRecord.objects.filter(user=user, course__code=code).update(valid_until=now.date() + timedelta(days=days))

    return end


def sent(now) -> list[tuple[str, str]]:
    """What leaves now, as (to, subject)."""
    mail.outbox.clear()
    notices.send_waiting(now=now)
    return sorted((letter.to[0], letter.subject.removeprefix("PlateLedger: ")) for letter in mail.outbox)


@pytest.mark.req("ACC-7")
def test_each_stage_is_said_once_to_the_person_and_the_lapse_to_the_managers(
    officer, officer_chi, manager, other_manager, ends, events, now,
):
    ends(officer, "data-privacy", 40)
    said = {}
    for day in range(9, 43):
        for _ in range(2):
            training_reminders.remind(now=now + timedelta(days=day))
        if mails := sent(now + timedelta(days=day)):
            said[40 - day] = mails
    assert said == {
        30: [("officer@agency.example", "training expires soon")],
        7: [("officer@agency.example", "training expires soon")],
        0: [("manager@agency.example", "training of people of your area has lapsed"),
            ("officer@agency.example", "training has lapsed")],
    }
    assert "Data privacy, until" in Notice.objects.get(kind="training_lapsed").details
    assert "Officer (officer)" in Notice.objects.get(kind="training_lapsed_in_area").details
    end = f"{(now + timedelta(days=40)).date()}"
    assert [event["details"] for event in events("training.reminded")] == [
        {"username": "officer", "courses": {"data-privacy": end}}] * 2
    assert [event["details"]["username"] for event in events("training.lapsed")] == ["officer"]
    assert [event["details"] for event in events("training.lapses_listed")] == [{"area": "NYC", "usernames": ["officer"]}]


@pytest.mark.req("ACC-7")
def test_one_mail_names_all_courses_that_end(officer, ends, now):
    for code in ("data-privacy", "data-security"):
        ends(officer, code, 12)
    training_reminders.remind(now=now)
    assert sent(now) == [("officer@agency.example", "training expires soon")]
    assert "Data privacy" in mail.outbox[0].body
    assert "Data security" in mail.outbox[0].body


@pytest.mark.req("ACC-7")
def test_after_a_standstill_the_latest_stage_is_said_and_those_before_it_are_not(officer, agent, manager, ends, now):
    ends(officer, "data-privacy", 3)
    ends(agent, "data-privacy", -60)
    for _ in range(2):
        tasks.remind_of_training()
    assert sent(now) == [("agent@agency.example", "training has lapsed"),
                         ("manager@agency.example", "training of people of your area has lapsed"),
                         ("officer@agency.example", "training expires soon")]
    assert set(TrainingReminder.objects.values_list("user__username", "days")) == {("officer", 7), ("agent", 0)}


@pytest.mark.req("ACC-7")
def test_who_took_the_course_again_hears_nothing_more_until_its_next_end(officer, ends, now):
    ends(officer, "data-privacy", 20)
    training_reminders.remind(now=now)
    assert len(sent(now)) == 1
    course = Course.objects.get(code="data-privacy")
    TrainingRecord.objects.create(user=officer, course=course, completed_on=now.date(),
                                  valid_until=now.date() + timedelta(days=330))
    training_reminders.remind(now=now + timedelta(days=19))
    assert sent(now) == []
    training_reminders.remind(now=now + timedelta(days=301))
    assert ("officer@agency.example", "training expires soon") in sent(now)


@pytest.mark.req("ACC-7")
def test_a_closed_account_hears_nothing_and_a_lapse_waits_for_a_manager(officer, agent, ends, make_user, aor_nyc, now):
    ends(officer, "data-privacy", 0)
    ends(agent, "data-privacy", 0)
    agent.is_active = False
    agent.save()
    training_reminders.remind(now=now)
    assert sent(now) == [("officer@agency.example", "training has lapsed")]
    make_user("late", role="agency_manager", aor=aor_nyc)
    for _ in range(2):
        training_reminders.remind(now=now + timedelta(days=5))
    assert sent(now) == [("late@agency.example", "training of people of your area has lapsed")]


@pytest.mark.req("ACC-7")
def test_a_reminder_that_no_mail_server_takes_waits_and_is_not_doubled(officer, ends, settings, now):
    ends(officer, "data-privacy", 7)
    backend, settings.EMAIL_BACKEND = settings.EMAIL_BACKEND, "tests.accounts.dead_mail.EmailBackend"
    training_reminders.remind(now=now)
    notices.send_waiting(now=now)
    settings.EMAIL_BACKEND = backend
    training_reminders.remind(now=now + timedelta(hours=1))
    assert sent(now) == [("officer@agency.example", "training expires soon")]
    assert sent(now) == []
