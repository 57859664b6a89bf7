"""Mails that a server took and sends back later: read as mail servers write them, through SMTP, a Maildir and a pipe."""

import io
import smtplib
import sys
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Mailbox
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import DatabaseError

from alerts import dead_letters, digests, envelopes, notifications, returned_mail, tasks
from alerts.models import DeadLetter, Notification
from alerts.returned_mail import Outcome
from audit import context
from tests import traces
from tests.faults.mail_server import free_port, mail_server

pytestmark = pytest.mark.usefixtures("database")
SAID = "smtp; 550 5.1.1 <officer@agency.example>: Recipient address\r\n    rejected: User unknown (XYZ-1234, John Doe)"
WHOLE, HEADERS, NOTHING = "message/rfc822", "text/rfc822-headers", ""


def report(sent: Message, *, to: str = "plateledger@localhost", action: str = "failed", said: str = SAID,
           returns: str = WHOLE) -> bytes:
    """What Postfix sends back of a mail, in its order and with its headings."""
    head = "".join(f"{name}: {value}\n" for name, value in sent.items())
    ours = head if returns == HEADERS else sent.as_string()
    undelivered = f"--7C1/mx\nContent-Description: Undelivered Message\nContent-Type: {returns}\n\n{ours}\n" if returns else ""
    return f"""From: MAILER-DAEMON@mx.agency.example (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: {to}
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
	boundary="7C1/mx"

This is a MIME-encapsulated message.

--7C1/mx
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

--7C1/mx
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.agency.example
X-Postfix-Queue-ID: 7C1
Arrival-Date: Sun,  1 Mar 2026 14:05:06 +0000 (UTC)

Final-Recipient: rfc822; officer@agency.example
Original-Recipient: rfc822;officer@agency.example
Action: {action}
Status: 5.1.1
Remote-MTA: dns; mail.agency.example
Diagnostic-Code: {said}

{undelivered}--7C1/mx--
""".replace("\r\n", "\n").replace("\n", "\r\n").encode()


@pytest.fixture
def sent(watch, load_read, now, port) -> Message:
    """A mail about a hit, as a mail server took it."""
    watch()
    load_read()
    with mail_server(port) as mailbox:
        notifications.send_batch(now=now)
        [message], [message.sender] = mailbox.messages, mailbox.senders
    return message


def no_database(*arguments, **options):
    raise DatabaseError


def outcome(data: bytes, now) -> list[Outcome]:
    return list(returned_mail.take([data], now=now))


@pytest.mark.req("ALR-5", "ALR-9")
def test_a_mail_that_comes_back_counts_as_given_up_with_the_servers_words(
        sent, settings, tmp_path, now, officer, operator, signed_in, events, load_read):
    """From the mail server into a Maildir, and from there to its reader and to operations, who send it again."""
    folder = tmp_path / "returned"
    settings.BOUNCE_MAILDIR = str(folder)
    tasks.read_returned_mail()
    server = Controller(Mailbox(str(folder)), hostname="127.0.0.1", port=free_port())
    server.start()
    try:
        with smtplib.SMTP("127.0.0.1", server.port) as client:
            client.sendmail("", ["plateledger@localhost"], report(sent))
            client.sendmail("", ["plateledger@localhost"], b"Subject: You have won\r\n\r\nOpen this.\r\n")
    finally:
        server.stop()
    tasks.read_returned_mail()
    row = DeadLetter.objects.get()
    assert (row.last_error, row.bounce) == (
        "Returned 5.1.1", "550 5.1.1 <[…]>: Recipient address rejected: User unknown ([…], […] […])")
    [failed] = events("notification.failed")
    assert (failed["plate"], failed["details"]["why"], failed["details"]["notification"]) == (
        "XYZ1234", "Returned 5.1.1", str(row.pk))
    [read] = events("notification.returned_read")
    assert {name: count for name, count in read["details"].items() if name in set(Outcome)} == {"given_up": 1, "no_report": 1}
    # The mail that came back held the plate: it is not kept.
    assert traces.in_files(folder, "XYZ1234") == []
    assert [file for file in folder.rglob("*") if file.is_file()] == []
    for person, page in ((officer, "/alerts/inbox/"), (operator, "/admin/alerts/deadletter/")):
        assert "Recipient address rejected: User unknown" in signed_in(person).get(page).content.decode()
    with context.acting(context.actor_of(operator)):
        dead_letters.send_again(letters=[row.pk], by=operator, now=now)
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    notifications.send_batch(now=now)
    assert mail.outbox[0].extra_headers["Message-ID"] == sent["Message-ID"]
    assert not DeadLetter.objects.exists()


@pytest.mark.req("ALR-5")
def test_a_mail_is_known_by_its_envelope_or_by_the_headers_that_come_back(
        watch, load_read, officer, settings, now, port, events):
    settings.BOUNCE_ADDRESS = "bounces+{letter}@plateledger.example"
    digests.choose(user=officer, frequency="hourly", now=now)
    watch()
    load_read()
    load_read()
    notifications.send_batch(now=now)
    with mail_server(port) as mailbox:
        notifications.send_batch(now=Notification.objects.latest("next_attempt_at").next_attempt_at)
    [ours], [sender] = mailbox.messages, mailbox.senders
    letter = Notification.objects.first().letter
    assert (sender, ours["From"]) == (f"bounces+{letter.hex}@plateledger.example", "plateledger@localhost")
    # Some mail servers return nothing of the mail; the case of an address may have been changed on the way.
    for data in (report(ours, to=f"<{sender.upper()}>", returns=NOTHING), report(ours, returns=HEADERS)):
        assert outcome(data, now) == [Outcome.GIVEN_UP]
        assert list(Notification.objects.values_list("status", flat=True)) == ["failed", "failed"]
        # One that is read again changes nothing.
        assert outcome(data, now) == [Outcome.NOT_OURS]
        Notification.objects.update(status="sent")
    assert len(events("notification.failed")) == 4


@pytest.mark.req("ALR-5", "AUD-1")
def test_what_is_forged_strange_or_still_under_way_changes_nothing_and_is_counted(sent, settings, now, events):
    settings.BOUNCE_ADDRESS = "bounces+{letter}@plateledger.example"
    other = message_from_bytes(sent.as_bytes())
    other.replace_header("Message-ID", envelopes.message_id(uuid4()))
    nested = b"Content-Type: multipart/report; boundary=x\r\n\r\n--x\r\n" + b"Content-Type: message/rfc822\r\n\r\n" * 5000
    before = Notification.objects.values().get()
    for expected, data in [
        (Outcome.STILL_UNDER_WAY, report(sent, action="delayed")), (Outcome.STILL_UNDER_WAY, report(sent, action="relayed")),
        (Outcome.NOT_OURS, report(other)), (Outcome.NOT_OURS, report(other, to=envelopes.sender(uuid4()), returns=NOTHING)),
        (Outcome.NOT_OURS, report(sent, returns=NOTHING)), (Outcome.NO_REPORT, sent.as_bytes()), (Outcome.NO_REPORT, b""),
        (Outcome.NO_REPORT, report(sent).replace(b"multipart/report", b"multipart/mixed")),
        (Outcome.NO_REPORT, b"Content-Type: multipart/report; boundary=x\r\n\r\n--x\r\n\xff\xfe\r\n"),
        (Outcome.NO_REPORT, nested),
    ]:
        assert outcome(data, now) == [expected], data[:300]
    assert Notification.objects.values().get() == before
    assert len(events("notification.returned_read")) == 10
    assert not events("notification.failed")
    # What did not leave yet, or is on its way again, is not given up for an older report.
    Notification.objects.update(status="waiting")
    assert outcome(report(sent), now) == [Outcome.NOT_OURS]


@pytest.mark.req("ALR-5", "AUD-1")
def test_a_mail_server_hands_a_returned_mail_to_the_command(sent, now, monkeypatch, capsys, events):
    def handed_over() -> None:
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(report(sent))))
        call_command("read_bounces")

    with monkeypatch.context() as patch:
        patch.setattr(returned_mail.letters, "that_left", no_database)
        with pytest.raises(CommandError) as refusal:
            handed_over()
    # The mail server keeps the mail and tries again.
    assert refusal.value.returncode == 75
    assert Notification.objects.get().status == "sent"
    handed_over()
    assert capsys.readouterr().out == "given_up=1\n"
    assert Notification.objects.get().status == "failed"
    assert [event["details"]["command"] for event in events("command.run")] == ["read_bounces"] * 2


def test_two_readers_of_one_folder_read_each_mail_once_at_least_and_leave_none(sent, tmp_path, now, monkeypatch):
    """A reader whose file another one takes away meanwhile goes on; a reader that dies before its end leaves the mail there."""
    folder = tmp_path / "returned"
    box = returned_mail.mailbox.Maildir(folder)
    box.add(report(sent))
    with monkeypatch.context() as patch:
        patch.setattr(returned_mail, "take", no_database)
        with pytest.raises(DatabaseError):
            returned_mail.empty(folder, now=now)
    assert len(list(Path(folder, "new").iterdir())) == 1
    with monkeypatch.context() as patch:
        keys = ["gone", *box.keys()]
        patch.setattr(returned_mail.mailbox.Maildir, "iterkeys", lambda box: iter(keys))
        assert returned_mail.empty(folder, now=now) == 1
    assert returned_mail.empty(folder, now=now) == 0
    assert Notification.objects.get().status == "failed"
