"""Lists of an owner who is not active rest at once, and get a new owner in time or end."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.db import connections

from accounts.models import Course, TrainingRecord, User
from alerts import expiry, handover, mails, notifications, tasks
from alerts.models import AlertList, AlertPolicy, Entry, Handover, Hit, Notification, Resting
from audit import context
from lpr.models import CorrectionNotice
from tests.lpr.test_error_reports import outcome, reported
from tests.personas import lapse

pytestmark = pytest.mark.usefixtures("database")


def close(user):
    User.objects.filter(pk=user.pk).update(is_active=False)


def send_all(now):
    while notifications.send_batch(now=now + timedelta(seconds=1)):
        pass


@pytest.mark.req("ALR-11", "ACC-7")
@pytest.mark.parametrize(("change", "rests"), [
    (close, True), (lambda user: User.objects.filter(pk=user.pk).update(role="help_desk"), True),
    (lambda user: lapse(user, days_ago=13), False), (lambda user: lapse(user, days_ago=14), True), (lambda user: None, False),
])
def test_entries_rest_while_the_account_is_not_active_or_training_lapsed_past_its_grace(watch, officer, load_read, change, rests):
    watch()
    change(officer)
    load_read()
    assert Hit.objects.exists() is not rests
    assert Resting.objects.filter(user=officer).exists() is rests


def needed_since(course, *, days_ago):
    """As if the course had been made so many days ago."""
    course.history.update(history_date=datetime.now(UTC) - timedelta(days=days_ago))


@pytest.mark.req("ALR-11", "ACC-7")
@pytest.mark.parametrize(("days_ago", "rests"), [(13, False), (14, True)])
def test_entries_rest_when_a_course_that_is_newly_needed_is_missing_past_the_grace(watch, officer, load_read, days_ago, rests):
    User.objects.filter(pk=officer.pk).update(created_at=datetime.now(UTC) - timedelta(days=300))
    officer.history.update(history_date=datetime.now(UTC) - timedelta(days=300))
    watch()
    course = Course.objects.create(code="new", name="New", roles=["supervisor"])
    needed_since(course, days_ago=200)
    course.roles = ["supervisor", "officer"]
    course.save()
    course.history.filter(history_type="~").update(history_date=datetime.now(UTC) - timedelta(days=days_ago))
    load_read()
    assert Hit.objects.exists() is not rests
    assert list(Resting.objects.values_list("user", "why")) == ([(officer.pk, "training")] if rests else [])


@pytest.mark.req("ALR-11", "ACC-7")
def test_after_a_change_of_role_its_courses_have_the_grace_and_a_record_taken_away_has_none(watch, officer):
    watch()
    long_ago = datetime.now(UTC) - timedelta(days=300)
    User.objects.filter(pk=officer.pk).update(created_at=long_ago)
    officer.history.update(history_date=long_ago)
    Course.history.update(history_date=long_ago)
    needed_since(Course.objects.create(code="desk", name="Desk", roles=["support_staff"]), days_ago=300)
    officer.refresh_from_db()
    officer.role = "support_staff"
    officer.save()
    train_but(officer, "desk")
    assert not Resting.objects.filter(user=officer).exists()
    officer.history.filter(role="support_staff").update(history_date=datetime.now(UTC) - timedelta(days=14))
    assert Resting.objects.get(user=officer).why == "training"
    User.objects.filter(pk=officer.pk).update(role="officer")
    assert not Resting.objects.filter(user=officer).exists()
    TrainingRecord.objects.filter(user=officer).delete()
    assert Resting.objects.get(user=officer).why == "training"


def train_but(user, code):
    """A record of every course that the role needs, but for one."""
    for course in Course.objects.required_of(user).exclude(code=code).exclude(trainingrecord__user=user):
        TrainingRecord.objects.create(user=user, course=course, completed_on=datetime.now(UTC).date())


@pytest.mark.req("ALR-11")
def test_they_go_on_when_the_account_does(watch, officer, load_read, now, events):
    watch()
    close(officer)
    assert (handover.keep_time(now=now), handover.keep_time(now=now)) == (1, 0)
    assert Handover.objects.get().due_at == now + timedelta(days=14)
    User.objects.filter(pk=officer.pk).update(is_active=True)
    tasks.keep_time_of_handovers()
    assert not Handover.objects.exists()
    load_read()
    assert Hit.objects.count() == 1
    assert [event["kind"] for event in events() if event["kind"].startswith("handover.")] == [
        "handover.opened", "handover.closed"]


@pytest.mark.req("ALR-11", "ALR-9", "ACC-6")
def test_the_manager_names_a_successor_who_is_told_from_then_on(watch, officer, officer2, manager, load_read, now, signed_in,
                                                                        events):
    watch()
    load_read()
    close(officer)
    handover.keep_time(now=now)
    browser = signed_in(manager)
    page = browser.get("/admin/alerts/handover/").content.decode()
    assert "officer" in page
    assert "XYZ1234" not in page
    browser.post("/admin/alerts/handover/", {"action": "name_successor", "_selected_action": [Handover.objects.get().pk],
                                             "successor": "officer2", "index": 0})
    assert {row.owner for model in (AlertList, Entry, Hit) for row in model.objects.all()} == {officer2}
    assert not Handover.objects.exists()
    load_read()
    assert Notification.objects.filter(recipient=officer2, kind="hit").count() == 1
    [event] = events("entry.handed_over")
    assert (event["plate"], event["actor"], event["details"]["from"], event["details"]["to"]) == (
        "XYZ1234", "manager", "officer", "officer2")
    assert events("list.handed_over")[0]["details"]["entries"] == 1


@pytest.mark.req("ALR-11", "ALR-4", "ALR-9")
def test_the_successor_sees_shares_and_disposes_of_hits_made_before(watch, officer, officer2, agent, manager, load_read, now,
                                                                    signed_in, api, events):
    watch(case_reference="Subject Max Mustermann, case 555777")
    load_read()
    close(officer)
    handover.keep_time(now=now)
    assert not Hit.objects.visible_to(officer2).exists()
    with context.acting(context.actor_of(manager)):
        handover.name_successor(handover=Handover.objects.get(), successor="officer2", by=manager, now=now)
    hit, browser = Hit.objects.get(), signed_in(officer2)
    for page in ("/", "/alerts/", "/alerts/hits/", f"/alerts/hits/{hit.pk}/"):
        assert "XYZ1234" in browser.get(page).content.decode(), page
    page = browser.get("/alerts/hits/").content.decode()
    for said in ("555777", "no mail was sent to you", f"/alerts/hits/{hit.pk}/share/"):
        assert said in page
    assert ">New<" not in page
    [row] = api(officer2).get("/api/v1/hits/").json()["results"]
    assert (row["id"], row["is_own"], row["is_new"]) == (str(hit.pk), True, False)
    assert browser.post(f"/alerts/hits/{hit.pk}/disposition/", {"disposition": "confirmed"}).status_code == 303
    assert browser.post(f"/alerts/hits/{hit.pk}/share/", {"users": "agent"}).status_code == 303
    assert Hit.objects.visible_to(agent).get().disposed_by == officer2
    assert [len(events(kind, actor="officer2")) for kind in ("hit.disposed", "hit.shared")] == [1, 1]
    assert not Hit.objects.visible_to(officer).exists()


@pytest.mark.req("BEY-7", "ALR-11")
def test_who_sees_hits_that_they_were_not_told_of_hears_that_a_read_was_wrong(
        watch, officer, officer2, agent, manager, supervisor, load_read, now, signed_in, quality, events):
    watch()
    lapsed = watch(owner=agent)
    lapse(agent, days_ago=1)
    load_read()
    assert not Notification.objects.filter(entry_id=lapsed.pk, kind="hit").exists()
    close(officer)
    handover.keep_time(now=now)
    with context.acting(context.actor_of(manager)):
        handover.name_successor(handover=Handover.objects.get(), successor="officer2", by=manager, now=now)
    outcome(signed_in(quality), reported(signed_in(supervisor)), "withdrawn")
    assert {notice.recipient for notice in CorrectionNotice.objects.all()} == {supervisor, officer2, agent}
    assert len(events("read.resolved")) == 1


@pytest.mark.req("ALR-11", "ACC-6")
def test_only_a_fit_person_of_the_area_and_only_its_manager(watch, officer, officer2, officer_chi, manager, other_manager, now,
                                                            signed_in, events):
    watch()
    close(officer)
    handover.keep_time(now=now)
    row = Handover.objects.get()
    close(officer2)
    browser = signed_in(manager)
    for name in ("officer_chi", "officer2", "manager", "nobody", "officer", ""):
        answer = browser.post("/admin/alerts/handover/", {
            "action": "name_successor", "_selected_action": [row.pk], "successor": name, "index": 0}, follow=True)
        assert "whose account is active" in answer.content.decode(), name
    assert len(events("handover.refused")) == 6
    with context.acting(context.actor_of(other_manager)), pytest.raises(handover.NotTheManager):
        handover.name_successor(handover=row, successor="officer_chi", by=other_manager, now=now)
    assert Entry.objects.get().owner == officer
    assert Handover.objects.exists()


@pytest.mark.req("ALR-11", "ALR-8", "ALR-9")
def test_what_nobody_took_in_time_ends_with_all_that_belongs_to_it(watch, officer, load_read, now, events):
    AlertPolicy.objects.update(handover_days=3)
    watch()
    load_read()
    close(officer)
    handover.keep_time(now=now)
    handover.keep_time(now=now + timedelta(days=3) - timedelta(seconds=1))
    assert Entry.objects.exists()
    # Days of standstill change nothing.
    assert handover.keep_time(now=now + timedelta(days=30)) == 1
    assert not any(model.objects.exists() for model in (Entry, Hit, Notification, AlertList, Handover))
    assert [event["plate"] for event in events("entry.removed")] == ["XYZ1234"]
    assert handover.keep_time(now=now + timedelta(days=30)) == 0


@pytest.mark.req("ALR-11")
def test_a_hand_over_that_is_done_is_not_done_again(watch, officer, officer2, manager, now):
    watch()
    close(officer)
    handover.keep_time(now=now)
    row = Handover.objects.get()
    handover.name_successor(handover=row, successor="officer2", by=manager, now=now)
    with pytest.raises(handover.HandoverRefused):
        handover.name_successor(handover=row, successor="officer2", by=manager, now=now)


@pytest.mark.req("ALR-11")
def test_managers_of_the_area_are_mailed_once_with_the_deadline_and_those_too_who_come_later(
        watch, officer, manager, other_manager, make_user, aor_nyc, now):
    watch()
    close(officer)
    for _ in range(2):
        handover.keep_time(now=now)
    late = make_user("late_manager", role="agency_manager", aor=aor_nyc)
    handover.keep_time(now=now)
    send_all(now)
    assert sorted(message.to for message in mail.outbox) == [[late.email], [manager.email]]
    until = mails.local_time(now + timedelta(days=14), "America/New_York")
    for message in mail.outbox:
        for said in ("Officer (officer)", "account closed", until, "Lists:     1, with 1 plate", "/admin/alerts/handover/"):
            assert said in message.body
        assert "XYZ1234" not in str(message.message())


@pytest.mark.req("ALR-11", "ACC-7")
def test_an_owner_whose_training_lapsed_is_told_what_happens_to_the_lists(watch, officer, manager, now):
    watch()
    lapse(officer, days_ago=15)
    handover.keep_time(now=now)
    send_all(now)
    said = {message.to[0]: message.body for message in mail.outbox}
    assert "training missing or lapsed" in said[officer.email]
    assert "/accounts/training/" in said[officer.email]
    assert "/admin/" in said[manager.email]


@pytest.mark.req("ALR-11")
def test_who_is_active_again_before_the_mail_leaves_is_no_news(watch, officer, manager, now):
    watch()
    close(officer)
    handover.keep_time(now=now)
    User.objects.filter(pk=officer.pk).update(is_active=True)
    handover.keep_time(now=now)
    send_all(now)
    assert not mail.outbox
    assert not Notification.objects.exists()


@pytest.mark.req("ALR-11", "ALR-9")
def test_two_schedulers_at_once_open_tell_and_end_it_once(watch, officer, manager, now, events):
    watch()
    close(officer)

    def keep_time(moment) -> None:
        together = threading.Barrier(3)

        def run() -> None:
            try:
                together.wait(10)
                handover.keep_time(now=moment)
            finally:
                connections.close_all()

        threads = [threading.Thread(target=run) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)

    keep_time(now)
    assert list(Notification.objects.values_list("recipient", flat=True)) == [manager.pk]
    keep_time(now + timedelta(days=15))
    assert not Notification.objects.exists()
    assert [len(events(kind)) for kind in ("handover.opened", "entry.removed", "handover.closed")] == [1, 1, 1]


@pytest.mark.req("ALR-11", "ALR-7")
def test_the_successor_is_mailed_and_prompted_anew(watch, officer, officer2, manager, now):
    watch(name="Harbor case", now=now - timedelta(days=352))
    expiry.age(now=now)
    close(officer)
    handover.keep_time(now=now)
    with context.acting(context.actor_of(manager)):
        handover.name_successor(handover=Handover.objects.get(), successor="officer2", by=manager, now=now)
    expiry.age(now=now)
    send_all(now)
    subjects = [message.subject for message in mail.outbox if message.to == [officer2.email]]
    assert sorted(subjects) == ["Alert lists were handed over to you", "Alerts to be renewed or removed"]
    [body] = [message.body for message in mail.outbox if "handed over" in message.subject]
    assert "Harbor case" in body
    assert "XYZ1234" not in body


@pytest.mark.req("ALR-11", "ACC-6")
def test_the_managers_home_page_says_that_lists_rest(watch, officer, manager, other_manager, now, signed_in):
    watch()
    close(officer)
    handover.keep_time(now=now)
    assert "1 user of your area rest" in signed_in(manager).get("/").content.decode()
    assert "of your area rest" not in signed_in(other_manager).get("/").content.decode()
