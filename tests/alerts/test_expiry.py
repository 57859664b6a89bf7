"""The life of an entry: prompted, ended, renewable for a week, erased; each once, whatever repeats, stands still or races."""

import threading
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from django.core import mail
from django.db import connections

from alerts import entries, expiry, lists, notifications, tasks
from alerts.expiry import Aged
from alerts.models import AlertPolicy, Entry, EntryStatus, Hit, Notification, NotificationKind, NotificationStatus
from tests import traces
from tests.factories.alerts import CASE, a_year_after

pytestmark = pytest.mark.usefixtures("database")
DAY = timedelta(days=1)
NOTHING = Aged(0, 0, 0, 0)


def renewed(entry, by, now, note="The case is open."):
    return entries.renew(entry=entry, by=by, need_confirmed=True, note=note, now=now)


def send(now):
    notifications.send_batch(now=now)
    return [message.body for message in mail.outbox]


@pytest.mark.req("ALR-7", "ALR-9")
def test_the_owner_is_prompted_at_14_7_and_1_days_each_once(watch, now, events):
    entry = watch(now=now)
    end = entry.valid_until
    assert expiry.age(now=end - 14 * DAY - timedelta(seconds=1)) == NOTHING
    for days in (14, 7, 1):
        for _ in range(2):
            expiry.age(now=end - days * DAY)
    assert [event["details"]["days"] for event in events("entry.prompted")] == [14, 7, 1]
    assert Notification.objects.filter(kind=NotificationKind.PROMPT).count() == 3


@pytest.mark.req("ALR-7")
def test_the_days_of_prompts_are_policy(watch, now, events):
    AlertPolicy.objects.update(prompt_days=30, second_prompt_days=10, last_prompt_days=2)
    end = watch(now=now).valid_until
    for days in (31, 30, 10, 2):
        expiry.age(now=end - days * DAY)
    assert [event["details"]["days"] for event in events("entry.prompted")] == [30, 10, 2]


@pytest.mark.req("ALR-7")
def test_prompts_of_one_owner_leave_in_one_mail_without_plates(officer, watch, now, events):
    team = lists.create(owner=officer, name="Team", now=now)
    for number in range(60):
        entries.add_to(alert_list=team, plate=f"AB{number}", state="OH", reason="CRIM", case_reference=CASE, now=now)
    later = now + 352 * DAY
    assert expiry.age(now=later).prompted == 60
    [body] = send(later)
    assert ("Plates:    60" in body, "Team" in body, "AB1" in body) == (True, True, False)
    assert "/alerts/renewals/" in body
    assert len(events("notification.sent")) == 60
    assert notifications.send_batch(now=later + DAY) == 0


@pytest.mark.req("ALR-7")
def test_a_prompt_that_a_renewal_overtook_is_not_sent(watch, officer, now):
    entry = watch(now=now)
    expiry.age(now=entry.valid_until - DAY)
    renewed(entry, officer, entry.valid_until - DAY)
    assert send(entry.valid_until) == []
    assert not Notification.objects.filter(kind=NotificationKind.PROMPT).exists()


@pytest.mark.req("ALR-7")
def test_after_a_renewal_the_next_years_prompts_come(watch, officer, now, events):
    entry = watch(now=now)
    expiry.age(now=entry.valid_until - DAY)
    send(entry.valid_until - DAY)
    entry = renewed(entry, officer, entry.valid_until - DAY)
    expiry.age(now=entry.valid_until - 14 * DAY)
    assert len(send(entry.valid_until - 14 * DAY)) == 2
    assert [event["details"]["days"] for event in events("entry.prompted")] == [1, 14]


@pytest.mark.req("ALR-11")
def test_who_is_not_active_is_not_prompted(watch, officer, now):
    entry = watch(now=now)
    officer.is_active = False
    officer.save()
    assert expiry.age(now=entry.valid_until - DAY).prompted == 0


@pytest.mark.req("ALR-7", "ALR-9")
def test_an_entry_ends_on_record_and_matches_nothing(watch, load_read, now, events):
    entry = watch(now=now)
    assert expiry.age(now=entry.valid_until).expired == 1
    assert expiry.age(now=entry.valid_until).expired == 0
    [event] = events("entry.expired")
    assert (event["plate"], event["details"]["entry"], event["actor"]) == ("XYZ1234", str(entry.pk), "system")
    load_read()
    assert not Hit.objects.exists()


@pytest.mark.req("ALR-7")
def test_in_the_week_of_grace_an_ended_entry_is_renewed_and_matches_again(watch, officer, load_read, now):
    entry = watch(now=now - 366 * DAY)
    expiry.age(now=now)
    entry = renewed(entry, officer, now)
    assert (entry.status, entry.valid_until) == (EntryStatus.ACTIVE, a_year_after(now))
    load_read()
    assert Hit.objects.count() == 1


@pytest.mark.req("ALR-7", "ALR-8", "ALR-9")
def test_after_the_grace_nothing_remains_but_the_log(watch, officer2, load_read, now, events):
    entry = watch(plate="CANARY77", scope="users", users=[officer2], for_whom="other", other_name="Quasimodo Roe",
                  case_reference="Subject name Zebedee Doe, case number 99887766", now=now)
    load_read(plate="CANARY77")
    expiry.age(now=entry.valid_until - 7 * DAY)
    send(entry.valid_until - 7 * DAY)
    load_read(plate="CANARY77")
    expiry.age(now=entry.valid_until)
    assert expiry.age(now=entry.valid_until + 7 * DAY - timedelta(seconds=1)).erased == 0
    assert expiry.age(now=entry.valid_until + 7 * DAY).erased == 1
    assert traces.in_tables("CANARY77", "Zebedee", "99887766", "Quasimodo", str(entry.pk)) == []
    [event] = events("entry.erased")
    assert (event["plate"], event["reason"], event["on_behalf_of"]) == ("CANARY77", "CRIM", "Quasimodo Roe")
    assert len(events("list.deleted")) == 1
    assert expiry.age(now=entry.valid_until + 8 * DAY) == NOTHING


@pytest.mark.req("ALR-7", "ALR-9")
def test_a_standstill_of_weeks_is_caught_up_in_one_run(watch, now, events):
    ends = {days: watch(plate=f"DAY{days}", now=now - days * DAY) for days in (340, 352, 362, 366, 400)}
    aged = expiry.age(now=now)
    # Whoever can still act is told once, by the latest prompt; what is past its grace is ended and erased, on record.
    assert aged == Aged(prompted=3, expired=2, erased=1, hits_erased=0)
    assert {(event["plate"], event["details"]["days"]) for event in events("entry.prompted")} == {
        ("DAY352", 14), ("DAY362", 7), ("DAY366", 1)}
    assert {event["plate"] for event in events("entry.expired")} == {"DAY366", "DAY400"}
    assert {entry.plate for entry in Entry.objects.all()} == {f"DAY{days}" for days in ends if days != 400}
    assert expiry.age(now=now) == NOTHING


@pytest.mark.req("ALR-7")
def test_a_clock_that_jumps_ahead_ends_nothing(watch, now, monkeypatch):
    watch(now=now)
    monkeypatch.setattr(expiry, "datetime", SimpleNamespace(now=lambda zone: datetime.now(UTC) + 400 * DAY))
    tasks.age_entries()
    assert Entry.objects.get().status == EntryStatus.ACTIVE
    assert not Notification.objects.exists()


@pytest.mark.req("ALR-7")
def test_a_clock_that_goes_back_repeats_nothing_and_revives_nothing(watch, load_read, now, events):
    entry = watch(now=now)
    for moment in (entry.valid_until - DAY, entry.valid_until, now, entry.valid_until - 14 * DAY):
        expiry.age(now=moment)
    assert (len(events("entry.prompted")), len(events("entry.expired"))) == (1, 1)
    load_read()
    assert not Hit.objects.exists()


@pytest.mark.req("ALR-7", "ALR-9")
@pytest.mark.parametrize("first", ["renewal", "erasure"])
def test_of_a_renewal_and_an_erasure_at_the_same_moment_one_wins(watch, officer, now, events, first):
    entry = watch(now=now)
    last = entry.valid_until + 7 * DAY
    expiry.age(now=entry.valid_until)
    outcomes = []

    def erase():
        try:
            outcomes.append(("erasure", expiry.age(now=last).erased == 1))
        finally:
            connections.close_all()

    def renew():
        try:
            renewed(entry, officer, last - timedelta(microseconds=1))
            outcomes.append(("renewal", True))
        except entries.EntryNotFound:
            outcomes.append(("renewal", False))
        finally:
            connections.close_all()

    order = [renew, erase] if first == "renewal" else [erase, renew]
    threads = [threading.Thread(target=act) for act in order]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(won for _, won in outcomes) == [False, True]
    was_renewed = dict(outcomes)["renewal"]
    assert Entry.objects.exists() == was_renewed
    assert (len(events("entry.renewed")), len(events("entry.erased"))) == ((1, 0) if was_renewed else (0, 1))


@pytest.mark.req("ALR-7", "ALR-9")
def test_two_schedulers_at_once_do_everything_once(watch, now, events):
    for number in range(20):
        watch(plate=f"OLD{number}", now=now - 373 * DAY)
        watch(plate=f"NEW{number}", now=now - 364 * DAY)

    def run():
        try:
            expiry.age(now=now)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for kind in ("entry.prompted", "entry.expired", "entry.erased"):
        assert len(events(kind)) == 20, kind
    assert Notification.objects.filter(kind=NotificationKind.PROMPT).count() == 20


@pytest.mark.req("ALR-8", "ALR-9")
def test_hits_of_a_living_entry_have_a_set_life(watch, officer, load_read, now, events):
    AlertPolicy.objects.update(hit_days=30)
    entry = watch()
    load_read()
    Hit.objects.update(hit_at=now - 31 * DAY)
    load_read()
    assert expiry.age(now=now).hits_erased == 1
    assert (Hit.objects.count(), Notification.objects.count(), Entry.objects.count()) == (1, 1, 1)
    [event] = events("hits.erased")
    assert (event["plate"], event["details"]["entry"], len(event["details"]["hits"])) == ("XYZ1234", str(entry.pk), 1)
    assert expiry.age(now=now) == NOTHING


@pytest.mark.req("ALR-7", "ALR-11")
def test_a_prompt_of_someone_who_may_not_be_told_any_more_is_given_up_on_record(watch, officer, now, events):
    entry = watch(now=now)
    expiry.age(now=entry.valid_until - DAY)
    officer.is_active = False
    officer.save()
    assert send(entry.valid_until - DAY) == []
    assert Notification.objects.get().status == NotificationStatus.FAILED
    assert events("notification.failed")[0]["details"]["why"] == "NoLongerRecipient"
