"""Digests and repeated sightings: fewer mails, each hit in exactly one, and every hit shown at once."""

import smtplib
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail

from alerts import digests, entries, notifications, sharing
from alerts.models import AlertList, AlertPolicy, Hit, MailChoice, Notification, NotificationStatus
from audit import context
from config import databases, health
from tests.alerts.test_notifications import Failing
from tests.factories.alerts import CASE
from tests.factories.lpr import COLUMBUS

pytestmark = pytest.mark.usefixtures("database")
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
NOON = datetime(2026, 7, 1, 16, 20, tzinfo=UTC)  # 12:20 in New York


def send(now: datetime) -> int:
    return notifications.send_batch(now=now)


def chooses(user, frequency, now=NOON):
    with context.acting(context.actor_of(user)):
        digests.choose(user=user, frequency=frequency, now=now)


def collapses(entry, minutes):
    AlertList.objects.filter(pk=entry.alert_list_id).update(collapse_minutes=minutes)


def arrived(at: datetime) -> None:
    """Let the intents that nobody has taken up yet be of that time: the database's own clock made them."""
    Notification.objects.filter(attempts=0, letter=None).update(created_at=at, next_attempt_at=at)


def ids() -> list[str]:
    return [message.extra_headers["Message-ID"] for message in mail.outbox]


@pytest.mark.req("ALR-5", "BEY-9")
@pytest.mark.parametrize(("frequency", "leaves_at"), [
    ("hourly", datetime(2026, 7, 1, 17, 0, tzinfo=UTC)),
    ("daily", datetime(2026, 7, 2, 11, 0, tzinfo=UTC)),  # 7:00 in New York
])
def test_a_digest_gathers_all_hits_and_leaves_once_at_its_time(watch, load_read, officer, frequency, leaves_at, events):
    watch(plate="AAA1111"), watch(plate="BBB2222", name="Other list")
    chooses(officer, frequency)
    for plate in ("AAA1111", "AAA1111", "BBB2222"):
        load_read(plate=plate)
        arrived(NOON)
        assert send(NOON) == 1
    assert not mail.outbox
    assert Hit.objects.visible_to(officer).count() == 3
    assert {row.next_attempt_at for row in Notification.objects.all()} == {leaves_at}
    assert send(leaves_at - timedelta(seconds=1)) == 0
    assert (send(leaves_at), send(leaves_at + HOUR)) == (3, 0)
    [message] = mail.outbox
    letter = Notification.objects.values_list("letter", flat=True).distinct().get()
    assert message.extra_headers["Message-ID"] == f"<notification-{letter}@testserver>"
    for said in ("3 hits", "AAA1111, Ohio: seen 2 times", "BBB2222, Ohio: seen 1 time", "Other list", CASE, "corroborated",
                 "sign-in needed"):
        assert said in message.body
    assert "AAA1111" not in "".join(f"{name}{value}" for name, value in message.message().items())
    sent = events("notification.sent")
    assert sorted(event["plate"] for event in sent) == ["AAA1111", "AAA1111", "BBB2222"]
    assert {event["details"]["letter"] for event in sent} == {str(letter)}


@pytest.mark.req("ALR-5", "BEY-9")
def test_the_choice_is_each_recipients_own_and_at_once_by_default(watch, load_read, officer, officer2):
    watch(scope="users", users=[officer2])
    chooses(officer2, "daily")
    load_read()
    arrived(NOON)
    assert send(NOON) == 2
    assert [message.to for message in mail.outbox] == [[officer.email]]
    assert send(NOON + timedelta(days=1)) == 1
    assert mail.outbox[1].to == [officer2.email]
    assert CASE not in mail.outbox[1].body


@pytest.mark.req("BEY-9")
def test_who_chooses_otherwise_gets_what_is_waiting_at_once(watch, load_read, officer, events):
    watch()
    chooses(officer, "daily")
    load_read()
    arrived(NOON)
    send(NOON)
    chooses(officer, "immediate", NOON + MINUTE)
    assert send(NOON + MINUTE) == 1
    load_read()
    arrived(NOON + MINUTE)
    assert send(NOON + MINUTE) == 1
    assert len(set(ids())) == len(mail.outbox) == 2
    assert [event["details"] for event in events("notification.mail_chosen")] == [
        {"before": "immediate", "after": "daily"}, {"before": "daily", "after": "immediate"}]


@pytest.mark.req("ALR-5", "BEY-9")
def test_what_comes_after_the_first_attempt_goes_into_the_next_digest(watch, load_read, officer):
    watch()
    chooses(officer, "hourly")
    load_read()
    arrived(NOON)
    send(NOON)
    at = NOON.replace(minute=0) + HOUR
    # A sender takes the letter up and dies; another one, whose clock is behind, has one more hit for the same hour.
    assert len(notifications._claim(at)) == 1
    load_read()
    arrived(NOON)
    send(NOON)
    assert sorted(row.next_attempt_at for row in Notification.objects.filter(attempts=0)) == [at + HOUR]
    assert send(at + notifications.LEASE) == 1
    assert send(at + HOUR) == 1
    assert len(set(ids())) == 2


@pytest.mark.req("ALR-5", "BEY-9")
def test_a_digest_whose_sender_died_after_sending_comes_again_under_the_same_id(watch, load_read, officer, monkeypatch):
    watch()
    chooses(officer, "hourly")
    for _ in range(2):
        load_read()
    arrived(NOON)
    send(NOON)
    at = NOON + HOUR

    def dies(letter, now):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(notifications, "_sent", dies)
        with pytest.raises(KeyboardInterrupt):
            send(at)
    assert send(at + MINUTE) == 0
    assert send(at + notifications.LEASE) == 2
    assert len(mail.outbox) == 2
    assert len(set(ids())) == 1
    assert mail.outbox[0].body == mail.outbox[1].body


@pytest.mark.req("ALR-8", "BEY-9")
def test_what_was_removed_or_may_not_be_known_any_more_is_not_in_the_digest(watch, load_read, officer, officer2, now, events):
    gone, kept = watch(plate="AAA1111", scope="agency"), watch(plate="BBB2222", scope="agency")
    lost = watch(plate="CCC3333", scope="users", users=[officer2])
    chooses(officer2, "daily")
    for plate in ("AAA1111", "BBB2222", "CCC3333"):
        load_read(plate=plate)
    arrived(NOON)
    send(NOON)
    mail.outbox.clear()
    with context.acting(context.actor_of(officer)):
        entries.remove(entry=gone, by=officer, now=now)
        sharing.change(alert_list=lost.alert_list, by=officer, scope="self", now=now)
    send(NOON + timedelta(days=1))
    [message] = [message for message in mail.outbox if message.to == [officer2.email]]
    assert "BBB2222" in message.body
    assert "AAA1111" not in message.body
    assert "CCC3333" not in message.body
    assert not Notification.objects.filter(entry_id=gone.pk).exists()
    assert Notification.objects.get(entry_id=kept.pk, recipient=officer2).status == NotificationStatus.SENT
    assert [event["plate"] for event in events("notification.failed")] == ["CCC3333"]


@pytest.mark.req("ALR-5", "BEY-9")
def test_a_dead_mail_server_costs_a_digest_time_and_nothing_else(watch, load_read, officer, settings):
    watch()
    chooses(officer, "hourly")
    for _ in range(3):
        load_read()
    arrived(NOON)
    send(NOON)
    settings.EMAIL_BACKEND = "tests.alerts.test_notifications.Failing"
    Failing.errors = [smtplib.SMTPDataError(451, b"later")]
    at = NOON + HOUR
    assert send(at) == 3
    [again] = {row.next_attempt_at for row in Notification.objects.all()}
    assert send(again) == 3
    assert len(mail.outbox) == 1


@pytest.mark.req("BEY-9")
def test_repeated_sightings_at_a_place_are_one_mail_that_says_how_many(watch, load_read, officer, events):
    entry = watch()
    collapses(entry, 60)
    for minute in (0, 1, 20, 59):
        load_read()
        arrived(NOON + minute * MINUTE)
        send(NOON + minute * MINUTE)
    assert len(mail.outbox) == 1
    assert Hit.objects.count() == len(events("hit.made")) == 4
    assert send(NOON + HOUR) == 3
    assert "seen 3 times" in mail.outbox[1].body
    load_read()
    arrived(NOON + HOUR)
    assert send(NOON + HOUR) == 1
    assert len(set(ids())) == len(mail.outbox) == 3


@pytest.mark.req("BEY-9")
def test_another_place_another_list_and_another_plate_are_news(watch, load_read, officer):
    for plate in ("AAA1111", "BBB2222"):
        collapses(watch(plate=plate), 60)
    watch(plate="AAA1111")
    load_read(plate="AAA1111")
    load_read(plate="AAA1111", latitude=COLUMBUS[0] + 0.01)
    load_read(plate="BBB2222")
    arrived(NOON)
    assert send(NOON) == 5
    assert len(mail.outbox) == 5


@pytest.mark.req("BEY-9")
def test_after_a_standstill_the_sightings_of_hours_are_two_mails(watch, load_read):
    collapses(watch(), 60)
    for _ in range(20):
        load_read()
    arrived(NOON)
    at = NOON + 5 * HOUR
    while send(at):
        pass
    assert len(mail.outbox) == len(set(ids())) == 2
    assert "seen 19 times" in mail.outbox[1].body


@pytest.mark.req("ALR-5", "BEY-9")
def test_two_senders_do_not_decide_of_one_plate_at_once(watch, load_read, officer):
    collapses(entry := watch(), 60)
    load_read()
    arrived(NOON)
    with databases.administrator() as other:
        other.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"{officer.pk} {entry.pk}"])
        assert send(NOON) == 0
    assert send(NOON) == 1


@pytest.mark.req("ALR-5")
def test_nothing_that_was_tried_alone_is_put_into_a_letter(watch, load_read, officer):
    watch()
    load_read()
    arrived(NOON)
    notifications._claim(NOON)
    chooses(officer, "daily")
    assert send(NOON + notifications.LEASE) == 1
    assert len(mail.outbox) == 1


@pytest.mark.req("BEY-9")
def test_what_waits_for_its_digest_is_not_late(watch, load_read, officer, now):
    watch()
    chooses(officer, "daily")
    load_read()
    arrived(now - HOUR)
    assert health.notifications() == "1 are late"
    send(now)
    assert health.notifications() == "ok"


@pytest.mark.req("BEY-9", "ALR-9")
def test_the_choice_is_made_on_a_page(signed_in, officer, events):
    browser = signed_in(officer)
    page = browser.get("/alerts/mail/").content.decode()
    assert "7:00" in page
    assert browser.post("/alerts/mail/", {"frequency": "daily"}).status_code == 303
    assert MailChoice.objects.get().frequency == "daily"
    assert browser.post("/alerts/mail/", {"frequency": "daily"}).status_code == 303
    refused = browser.post("/alerts/mail/", {"frequency": "never"})
    assert refused.status_code == 400
    assert "Choose how often" in refused.content.decode()
    assert MailChoice.objects.get().frequency == "daily"
    assert len(events("notification.mail_choice_refused", actor="officer")) == 1


@pytest.mark.req("BEY-9", "ACC-10")
def test_a_role_without_alerts_chooses_nothing(signed_in, manager):
    assert signed_in(manager).post("/alerts/mail/", {"frequency": "daily"}).status_code == 403
    assert not MailChoice.objects.exists()


@pytest.mark.req("BEY-9", "ALR-9")
def test_the_owner_says_what_happens_to_repeated_sightings(signed_in, officer, officer2, watch, events):
    entry = watch()
    place = f"/alerts/{entry.alert_list_id}/sharing/"
    assert signed_in(officer2).post(place, {"scope": "self", "collapse_minutes": "60"}).status_code == 404
    browser = signed_in(officer)
    assert browser.post(place, {"scope": "self", "collapse_minutes": "60"}).status_code == 303
    assert AlertList.objects.get().collapse_minutes == 60
    assert "within 1 hour" in browser.get(f"/alerts/{entry.alert_list_id}/").content.decode()
    assert browser.post(place, {"scope": "self", "collapse_minutes": "61"}).status_code == 400
    # What the form does not name stays.
    assert browser.post(place, {"scope": "self"}).status_code == 303
    assert AlertList.objects.get().collapse_minutes == 60
    [first, _] = events("list.shared")
    assert (first["details"]["before"]["collapse_minutes"], first["details"]["after"]["collapse_minutes"]) == (0, 60)
    with context.acting(context.actor_of(officer)), pytest.raises(sharing.CollapseNotListed):
        sharing.change(alert_list=entry.alert_list, by=officer, scope="self", collapse_minutes=7, now=NOON)


def test_a_choice_that_is_none_is_refused(officer):
    with pytest.raises(digests.FrequencyNotListed):
        digests.choose(user=officer, frequency="never", now=NOON)


@pytest.mark.req("BEY-9")
def test_the_hour_of_the_digest_is_policy_and_follows_the_readers_clock(watch, load_read, officer_chi):
    AlertPolicy.objects.update(digest_hour=18)
    watch(owner=officer_chi)
    chooses(officer_chi, "daily")
    load_read()
    arrived(NOON)
    send(NOON)
    assert Notification.objects.get().next_attempt_at == datetime(2026, 7, 1, 23, 0, tzinfo=UTC)
