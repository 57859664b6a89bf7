"""Mails that no server takes: seen by operations without plate, case and person, told to the reader, sent again on request."""

import smtplib
from datetime import timedelta

import pytest
from django.core import mail

from alerts import bounces, dead_letters, expiry, notifications
from alerts.models import DeadLetter, Notification
from audit import context
from tests.alerts.test_notifications import Failing
from tests.factories.alerts import CASE

pytestmark = pytest.mark.usefixtures("database")
SAID = b"5.1.1 <officer@agency.example>: plate XYZ-1234/xyz 1234/AXYZ1234B of John Doe rejected, no such user"


@pytest.fixture
def given_up(watch, load_read, settings, now):
    """A hit whose mail the server refused for good; a function that lets the mail server take mails again."""
    watch()
    load_read()
    settings.EMAIL_BACKEND = "tests.alerts.test_notifications.Failing"
    Failing.errors = [smtplib.SMTPRecipientsRefused({"officer@agency.example": (550, SAID)})] * 5
    for hour in range(1, 7):
        notifications.send_batch(now=now + timedelta(hours=hour))
    Failing.errors = []
    return DeadLetter.objects.get()


@pytest.mark.req("ALR-5")
def test_the_servers_answer_is_kept_without_what_the_mail_told_of(given_up, events):
    for hidden in ("officer@", "1234", "John", "Doe"):
        assert hidden not in given_up.bounce
    assert "no such user" in given_up.bounce
    assert "no such user" not in str(events("notification.failed"))


@pytest.mark.parametrize(("error", "said"), [
    (smtplib.SMTPDataError(552, b"mailbox full\r\n try later"), "mailbox full try later"),
    (smtplib.SMTPServerDisconnected("gone XYZ1234"), ""), (ConnectionRefusedError("x"), ""),
    (smtplib.SMTPDataError(554, b"\xff" * 900), "\ufffd" * bounces.LONGEST),
    # What no table takes.
    (smtplib.SMTPDataError(554, b"no\x00 such\x1b user"), "no such user"),
])
def test_an_answer_is_one_line_of_bounded_length(error, said):
    assert bounces.struck(bounces.answer(error), secrets=["XYZ1234"]) == said


@pytest.mark.req("ALR-5", "ACC-10")
def test_operations_see_that_it_failed_and_neither_plate_nor_person(given_up, signed_in, operator):
    page = signed_in(operator).get("/admin/alerts/deadletter/").content.decode()
    assert "agency.example" in page
    assert "no such user" in page
    for hidden in ("XYZ1234", "officer@", "12345678", CASE, "Officer</"):
        assert hidden not in page


@pytest.mark.req("ALR-5", "ALR-9", "AUD-1")
def test_operations_send_it_again_under_the_same_id(given_up, signed_in, operator, events, now):
    browser = signed_in(operator)
    act = {"action": "send_again", "_selected_action": [str(given_up.pk)], "index": 0}
    browser.post("/admin/alerts/deadletter/", act)
    assert notifications.send_batch(now=now + timedelta(days=1)) == 1
    [message] = mail.outbox
    assert message.extra_headers["Message-ID"] == f"<notification-{given_up.pk}@testserver>"
    sent = Notification.objects.get()
    assert (sent.status, sent.last_error, sent.bounce) == ("sent", "", "")
    [event] = events("notification.retried")
    assert (event["actor"], event["plate"], event["details"]["of"]) == ("operator", "XYZ1234", "hit")
    # What is not given up any more is not sent again.
    browser.post("/admin/alerts/deadletter/", act)
    assert len(events("notification.retried")) == 1
    assert notifications.send_batch(now=now + timedelta(days=2)) == 0


@pytest.mark.req("ALR-5", "ACC-10")
def test_nobody_else_sends_again(given_up, signed_in, manager, officer, superuser, now, events):
    act = {"action": "send_again", "_selected_action": [str(given_up.pk)], "index": 0}
    for person in (manager, officer):
        assert signed_in(person).post("/admin/alerts/deadletter/", act).status_code == 403
    signed_in(superuser).post("/admin/alerts/deadletter/", act)
    for person in (manager, superuser):
        with context.acting(context.actor_of(person)), pytest.raises(dead_letters.NotOperations):
            dead_letters.send_again(letters=[given_up.pk], by=person, now=now)
    assert DeadLetter.objects.exists()
    assert not events("notification.retried")
    assert len(events("access.refused")) >= 2


@pytest.mark.req("ALR-5", "ALR-7")
def test_a_letter_of_many_intents_is_one_line_and_goes_again_as_one_mail(watch, settings, now, signed_in, operator):
    for number in range(3):
        watch(plate=f"LOT{number}")
    soon = now + timedelta(days=364)
    expiry.age(now=soon)
    settings.EMAIL_BACKEND = "tests.alerts.test_notifications.Failing"
    Failing.errors = [smtplib.SMTPDataError(554, b"no")] * 5
    for hour in range(1, 7):
        notifications.send_batch(now=soon + timedelta(hours=hour))
    assert DeadLetter.objects.count() == 3
    [row] = dead_letters.letters()
    signed_in(operator).post("/admin/alerts/deadletter/", {
        "action": "send_again", "_selected_action": [str(row.pk)], "index": 0})
    assert notifications.send_batch(now=soon + timedelta(hours=8)) == 3
    assert len(mail.outbox) == 1


@pytest.mark.req("ALR-11")
def test_what_was_not_sent_because_its_reader_may_not_know_any_more_is_no_dead_letter(watch, load_read, officer2):
    watch(scope="users", users=[officer2])
    load_read()
    officer2.is_active = False
    officer2.save()
    notifications.send_batch(now=Notification.objects.latest("next_attempt_at").next_attempt_at)
    assert Notification.objects.filter(status="failed").exists()
    assert not DeadLetter.objects.exists()
