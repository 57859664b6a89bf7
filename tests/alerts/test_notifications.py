"""The outbox: each intent is one mail, with a fixed Message-ID, and says no more than its reader may know."""

import smtplib
from datetime import UTC, datetime, timedelta
from email.header import decode_header
from types import SimpleNamespace

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.core.mail.backends.locmem import EmailBackend

from alerts import digests, expiry, notifications, sharing, tasks
from alerts.models import AlertList, DeadLetter, Hit, Notification, NotificationStatus
from tests.factories.alerts import CASE
from tests.faults.mail_server import mail_server
from tests.lpr.test_error_reports import outcome, reported
from tests.personas import lapse, suspend

pytestmark = pytest.mark.usefixtures("database")


class Failing(EmailBackend):
    """A mail server that answers each mail with what `errors` holds next; None takes the mail."""

    errors: list = []

    def send_messages(self, messages):
        error = self.errors.pop(0) if self.errors else None
        if error:
            raise error
        return super().send_messages(messages)


@pytest.fixture
def failing(settings):
    settings.EMAIL_BACKEND = "tests.alerts.test_notifications.Failing"

    def answer(*errors):
        Failing.errors = list(errors)

    return answer


def send(now: datetime | None = None) -> int:
    return notifications.send_batch(now=now or datetime.now(UTC))


@pytest.mark.req("ALR-5", "ALR-9", "RES-5")
def test_the_owner_gets_one_mail_that_says_what_was_seen(watch, load_read, officer, events):
    watch()
    load_read(captured_at=datetime(2026, 3, 1, 14, 5, 6, tzinfo=UTC), address="12 Main St")
    assert (send(), send()) == (1, 0)
    [message] = mail.outbox
    assert message.to == [officer.email]
    for said in ("XYZ1234, Ohio", "March 1, 2026, 09:05:06 EST", "12 Main St", "39.961200, -82.998800",
                 "Ohio toll road camera", AlertList.objects.get().name, CASE, "http://testserver/alerts/hits/",
                 "must be corroborated"):
        assert said in message.body
    intent = Notification.objects.get()
    assert (intent.status, intent.last_error) == (NotificationStatus.SENT, "")
    assert message.extra_headers["Message-ID"] == f"<notification-{intent.pk}@testserver>"
    [event] = events("notification.sent")
    assert (event["plate"], event["details"]["recipient"], event["details"]["notification"]) == (
        "XYZ1234", "officer", str(intent.pk))


@pytest.mark.req("ALR-4")
def test_a_recipient_reads_nothing_of_the_case(watch, load_read, officer2):
    watch(scope="users", users=[officer2], for_whom="other", other_name="Agent Jane Roe")
    load_read()
    send()
    bodies = {message.to[0]: message.body for message in mail.outbox}
    assert "12345678" in bodies["officer@agency.example"]
    assert "Agent Jane Roe" in bodies["officer@agency.example"]
    assert "XYZ1234" in bodies["officer2@agency.example"]
    for hidden in ("12345678", "John Doe", "Jane Roe"):
        assert hidden not in bodies["officer2@agency.example"]


@pytest.mark.req("ALR-5")
def test_no_plate_and_no_case_stand_in_the_head_of_a_mail(watch, load_read):
    watch()
    load_read()
    send()
    head = "\n".join(f"{name}: {value}" for name, value in mail.outbox[0].message().items())
    assert "XYZ1234" not in head
    assert "12345678" not in head


@pytest.mark.req("ALR-11")
@pytest.mark.parametrize("change", [{"is_active": False}, {"role": "help_desk"}])
def test_who_may_not_know_any_more_when_the_mail_would_leave_gets_nothing(watch, load_read, officer2, change, events):
    watch(scope="users", users=[officer2])
    load_read()
    for name, value in change.items():
        setattr(officer2, name, value)
    officer2.save()
    send()
    assert [message.to for message in mail.outbox] == [["officer@agency.example"]]
    [event] = events("notification.failed")
    assert (event["details"]["recipient"], event["details"]["why"]) == ("officer2", "NoLongerRecipient")


@pytest.mark.req("ALR-11", "ACC-7", "ACC-11")
@pytest.mark.parametrize("rest", [lambda user, by: lapse(user, days_ago=0), lambda user, by: suspend(user, by=by)])
def test_who_lacks_training_or_is_suspended_is_mailed_nothing_of_alerts(
        watch, load_read, officer, officer2, agent, manager, rest, now, events):
    hits = watch(plate="AAA1", scope="users", users=[officer2])
    load_read(plate="AAA1")
    watch(plate="AAA2", owner=agent)
    load_read(plate="AAA2")
    sharing.show_hit(hit=Hit.objects.get(plate="AAA2"), by=agent, users=[officer2], now=now)
    watch(plate="AAA3", owner=agent)
    watch(plate="AAA3", owner=officer2)
    watch(plate="AAA4", owner=officer2, now=now - timedelta(days=352))
    expiry.age(now=now)
    Notification.objects.create(kind="taken_over", entry_id=hits.alert_list_id, record_id=hits.pk, recipient=officer2, plate="",
                                created_at=now, next_attempt_at=now)
    AlertList.objects.filter(pk=hits.alert_list_id).update(owner=officer2)
    owed = set(Notification.objects.filter(recipient=officer2).values_list("kind", flat=True))
    assert owed == {"hit", "shared", "deconfliction", "prompt", "taken_over"}
    rest(officer2, manager)
    while send(now + timedelta(seconds=1)):
        pass
    assert officer2.email not in [address for message in mail.outbox for address in message.to]
    told = [event["details"] for event in events("notification.failed")]
    assert [(row["recipient"], row["why"]) for row in told] == [("officer2", "NoLongerRecipient")] * 5


@pytest.mark.req("BEY-7", "RES-4")
@pytest.mark.parametrize(("resolution", "changes"), [("withdrawn", {}), ("corrected", {"plate": "XYZ1235"})])
def test_a_hit_whose_read_was_wrong_says_so_on_every_page_and_in_a_mail_that_leaves_later(
        resolution, changes, watch, load_read, officer, officer2, quality, signed_in, api, now):
    watch(scope="users", users=[officer2], now=now - timedelta(days=360))
    watch(plate="XYZ1235")
    load_read()
    hit, browser = Hit.objects.get(), signed_in(officer)
    assert "Wrong read" not in browser.get("/alerts/hits/").content.decode()
    outcome(signed_in(quality), reported(browser), resolution, **changes)
    pages = ["/", "/alerts/", "/alerts/hits/", f"/alerts/hits/{hit.pk}/", f"/alerts/hits/{hit.pk}/share/", "/alerts/renewals/",
             f"/alerts/hits/{hit.pk}/disposition/"]
    for page in pages:
        assert browser.get(page).content.decode().count(f"Wrong read, {resolution}") == 1, page
    marks = {row["plate"]: row["marked"] for row in api(officer).get("/api/v1/hits/").json()["results"]}
    assert marks == {"XYZ1234": resolution} | ({"XYZ1235": ""} if changes else {})
    send()
    wrong = [message for message in mail.outbox if "XYZ1234" in message.body]
    assert sorted(message.to[0] for message in wrong) == [officer2.email, officer.email]
    for message in wrong:
        assert message.subject.startswith(f"Alert hit, {resolution}: ")
        assert message.body.startswith(f"THE READ OF THIS HIT WAS WRONG AND WAS {resolution.upper()}")
    # What was corrected into a plate that somebody watches is a hit of its own, told once.
    new = [message for message in mail.outbox if "XYZ1235" in message.body and message not in wrong]
    assert [("WRONG" in message.body, message.to) for message in new] == ([(False, [officer.email])] if changes else [])


@pytest.mark.req("BEY-7", "RES-4")
@pytest.mark.parametrize("changes", [{"make": "Toyota"}, {"latitude": "40.100000", "longitude": "-83.100000"}])
def test_a_hit_of_which_vehicle_or_place_was_corrected_is_a_hit_all_the_same(
        changes, watch, load_read, officer, quality, signed_in, api):
    watch()
    load_read()
    hit, browser, desk = Hit.objects.get(), signed_in(officer), signed_in(quality)
    outcome(desk, reported(browser), "corrected", **changes)
    page = browser.get(f"/alerts/hits/{hit.pk}/").content.decode()
    assert ("Corrected read" in page, "see what changed before you act" in page) == (True, True)
    assert ("Wrong read" in page, "Take no action" in page) == (False, False)
    [row] = api(officer).get("/api/v1/hits/").json()["results"]
    assert (row["marked"], row["plate_stays"]) == ("corrected", True)
    send()
    [message] = mail.outbox
    assert message.subject.startswith("Alert hit, details corrected: ")
    assert message.body.startswith("The read of this hit was corrected")
    assert "Take no action" not in message.body
    # The read that took its place is withdrawn: so is what was found by it.
    outcome(desk, reported(browser), "withdrawn")
    page = browser.get(f"/alerts/hits/{hit.pk}/").content.decode()
    assert ("Wrong read, withdrawn" in page, "Take no action on it" in page) == (True, True)


@pytest.mark.req("BEY-7", "BEY-9")
def test_a_digest_says_which_of_its_hits_were_wrong(watch, load_read, officer, quality, signed_in, now):
    digests.choose(user=officer, frequency="hourly", now=now)
    watch()
    load_read(captured_at=now - timedelta(days=40))
    load_read()
    send()
    outcome(signed_in(quality), reported(signed_in(officer), timeframe="30d"), "withdrawn")
    send(now + timedelta(hours=1, minutes=1))
    [message] = mail.outbox
    assert message.subject == "Alert hits: 2"
    assert message.body.count("WRONG READ, WITHDRAWN") == 1


@pytest.mark.req("ALR-8")
def test_an_intent_whose_hit_is_gone_is_dropped(watch, load_read):
    watch()
    load_read()
    Hit.objects.all().delete()
    send()
    assert not mail.outbox
    assert not Notification.objects.exists()


@pytest.mark.req("ALR-5")
def test_after_each_failure_the_pause_grows_and_the_error_repeats_nothing_of_the_answer(watch, load_read, failing, now):
    watch()
    load_read()
    failing(*[smtplib.SMTPDataError(451, b"XYZ1234 officer@agency.example try later")] * 4)
    pauses = []
    at = now + timedelta(minutes=5)
    for _ in range(4):
        assert send(at) == 1
        intent = Notification.objects.get()
        pauses.append(intent.next_attempt_at - at)
        assert (intent.status, intent.last_error) == (NotificationStatus.WAITING, "SMTPDataError 451")
        assert send(at) == 0
        at = intent.next_attempt_at
    assert all(timedelta(seconds=2) < pause <= timedelta(seconds=40) for pause in pauses)
    assert pauses[3] > pauses[0] * 3
    assert send(at) == 1
    assert len(mail.outbox) == 1


@pytest.mark.req("ALR-5", "ALR-9")
def test_a_mail_that_is_refused_for_good_is_given_up_after_some_attempts(watch, load_read, failing, now, events):
    watch()
    load_read()
    failing(*[smtplib.SMTPRecipientsRefused({"officer@agency.example": (550, b"no such user")})] * 5)
    for hour in range(1, 7):
        send(now + timedelta(hours=hour))
    intent = Notification.objects.get()
    assert (intent.status, intent.attempts, intent.last_error) == (
        NotificationStatus.FAILED, notifications.ATTEMPTS_WHEN_REFUSED, "SMTPRecipientsRefused 550")
    [event] = events("notification.failed")
    assert event["details"]["why"] == "SMTPRecipientsRefused 550"


@pytest.mark.req("ALR-5")
@pytest.mark.parametrize("error", [
    smtplib.SMTPAuthenticationError(535, b"no such password"), smtplib.SMTPSenderRefused(530, b"sign in first", "us"),
    smtplib.SMTPConnectError(554, b"no service here")])
def test_a_server_that_refuses_us_is_away_and_no_mail_is_given_up_for_it(watch, load_read, failing, now, error):
    watch()
    load_read()
    failing(*[error] * 20)
    for hour in range(1, 21):
        send(now + timedelta(hours=hour))
    assert not mail.outbox
    assert Notification.objects.get().status == NotificationStatus.WAITING
    send(now + timedelta(hours=22))
    assert len(mail.outbox) == 1


@pytest.mark.req("ALR-5", "ALR-9")
def test_a_mail_outlasts_days_without_a_mail_server_and_is_given_up_by_its_age(watch, load_read, failing, now, events):
    watch()
    load_read()
    made_at = Notification.objects.get().created_at
    failing(*[ConnectionRefusedError("away")] * 60)
    at = now
    while at < now + timedelta(hours=2):
        send(at)
        at = Notification.objects.get().next_attempt_at
    # As after a day of the shortest pauses.
    Notification.objects.update(attempts=300)
    for hours in (25, 48, 71):
        send(now + timedelta(hours=hours))
        intent = Notification.objects.get()
        assert intent.status == NotificationStatus.WAITING
        assert intent.next_attempt_at <= now + timedelta(hours=hours, minutes=10)
    send(made_at + timedelta(days=3))
    assert DeadLetter.objects.get().last_error == "ConnectionRefusedError"
    assert [event["details"]["why"] for event in events("notification.failed")] == ["ConnectionRefusedError"]


@pytest.mark.req("ALR-5")
def test_an_old_mail_that_was_hardly_tried_is_not_given_up_at_once(watch, load_read, failing, now):
    watch()
    load_read()
    failing(*[ConnectionRefusedError("away")] * notifications.ATTEMPTS_AT_LEAST)
    for hour in range(1, notifications.ATTEMPTS_AT_LEAST):
        send(now + timedelta(days=9, hours=hour))
        assert Notification.objects.get().status == NotificationStatus.WAITING
    send(now + timedelta(days=10))
    assert DeadLetter.objects.exists()


@pytest.mark.req("ALR-5")
def test_an_address_to_which_no_mail_can_be_made_holds_no_other_back(watch, load_read, officer2, port):
    watch(scope="users", users=[officer2])
    load_read()
    officer2.email = "officer@" + "x" * 70 + "é.example"
    officer2.save()
    with mail_server(port) as mailbox:
        assert send() == 2
    assert [message["To"] for message in mailbox.messages] == ["officer@agency.example"]
    assert {(row.status, row.last_error) for row in Notification.objects.filter(recipient=officer2)} == {
        ("failed", "UnicodeError")}


@pytest.mark.req("ALR-5")
def test_one_mail_that_fails_holds_no_other_back(watch, load_read, failing, officer2):
    watch(scope="users", users=[officer2])
    load_read()
    failing(smtplib.SMTPServerDisconnected("gone"))
    assert send() == 2
    assert len(mail.outbox) == 1
    assert sorted(Notification.objects.values_list("status", flat=True)) == ["sent", "waiting"]


def test_an_address_that_would_add_a_header_is_refused(watch, load_read, officer):
    watch()
    load_read()
    officer.email = "a@agency.example\nBcc: other@elsewhere.example"
    officer.save()
    send()
    assert not mail.outbox
    assert Notification.objects.get().last_error == "BadHeaderError"


@pytest.mark.req("ALR-5")
def test_what_is_claimed_is_nobody_elses_until_the_lease_ends(watch, load_read, now):
    watch()
    load_read()
    claimed = notifications._claim(now)
    assert len(claimed) == 1
    assert notifications._claim(now + notifications.LEASE - timedelta(seconds=1)) == []
    assert notifications._claim(now + notifications.LEASE + timedelta(seconds=1)) == claimed


@pytest.mark.req("ALR-5")
def test_a_slow_server_does_not_outlast_the_lease(watch, load_read, officer2, monkeypatch, now):
    watch(scope="users", users=[officer2])
    load_read()
    clock = iter([0, 0, 1000])
    monkeypatch.setattr(notifications, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    send(now)
    assert len(mail.outbox) == 1
    assert Notification.objects.get(status="waiting").attempts == 0
    monkeypatch.undo()
    send(now)
    assert len(mail.outbox) == 2


@pytest.mark.req("ALR-5")
def test_the_task_sends_until_nothing_is_due(watch, load_read, monkeypatch):
    monkeypatch.setattr(notifications, "BATCH", 2)
    watch()
    for _ in range(5):
        load_read()
    tasks.send_waiting()
    assert len({message.extra_headers["Message-ID"] for message in mail.outbox}) == 5


def test_the_name_of_a_list_comes_through_a_mail_whole(watch, load_read):
    watch(name="Operación Ñandú")
    load_read()
    send()
    message: EmailMessage = mail.outbox[0]
    [(text, charset)] = decode_header(message.message()["Subject"])
    assert text.decode(charset) == "Alert hit: Operación Ñandú"
