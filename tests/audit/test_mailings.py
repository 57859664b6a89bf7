"""What the record sends by itself: each day's checkpoint, each quarter's usage reports, and alarms, once each (BEY-2, AUD-7)."""

import io
import json
import smtplib
from datetime import UTC, date, datetime, timedelta

import pypdf
import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend as Locmem
from django.core.management import CommandError, call_command
from django.db import connections

from audit import alarms, context, mailings, outbox, seals, signing, statistics, verifier
from audit.events import Kind
from audit.models import DailyCount, Mailing, MailingRecipient
from audit.record import AuditUnavailable, record_durably
from config import databases
from config.logging import JsonFormatter
from tests.factories import old_log

pytestmark = pytest.mark.usefixtures("database")
NYC = context.Actor(id=70, name="someone", aor="NYC", component="ERO", role="officer")


def send(now):
    mailings.owe(now=now)
    return mailings.send_waiting(now=now)


def events(kind: Kind) -> int:
    with databases.administrator() as connection:
        return connection.execute("SELECT count(*) FROM audit.event WHERE kind = %s", [str(kind)]).fetchone()[0]


class Picky(Locmem):
    """Refuses addresses that begin with "dead", as a mail server does whose user has left."""

    def send_messages(self, messages):
        for message in messages:
            if message.to[0].startswith("dead"):
                raise smtplib.SMTPRecipientsRefused({message.to[0]: (550, b"no such user ABC123")})
            super().send_messages([message])
        return len(messages)


@pytest.mark.req("BEY-2")
def test_the_days_checkpoint_goes_to_the_chosen_addresses_once_and_proves_itself(appointer, settings, now):
    settings.AUDIT_CHECKPOINT_RECIPIENTS = ["cor@agency.example", "archive@agency.example"]
    record_durably(Kind.SIGNED_OUT)
    assert send(now) == 0
    seals.seal(now=now)
    assert send(now) == 1
    assert send(now) == 0
    assert [message.to for message in mail.outbox] == [["cor@agency.example"], ["archive@agency.example"]]
    body = mail.outbox[0].body
    note = body[body.index(signing.origin()):body.index("\nPublic keys")].removesuffix("\n") + "\n"
    assert verifier.open_checkpoint(note, signing.trusted_keys()).size == 1
    assert signing.own_key().verifier_key in body
    assert events(Kind.RECORD_MAILED) == 1
    assert send(now + timedelta(days=1)) == 1


@pytest.mark.req("BEY-2")
def test_without_chosen_addresses_the_checkpoint_goes_to_the_appointers(appointer, manager, now):
    record_durably(Kind.SIGNED_OUT)
    seals.seal(now=now)
    send(now)
    assert [message.to for message in mail.outbox] == [[appointer.email]]


@pytest.mark.req("AUD-7")
def test_each_quarters_report_goes_to_the_readers_of_each_area_in_their_scope(auditor, manager, other_manager, officer):
    for aor, count in (("NYC", 3), ("CHI", 4)):
        DailyCount.objects.create(day=date(2026, 8, 5), measure="search", actor="someone", aor=aor, count=count)
    late = datetime(2026, 10, 2, 6, tzinfo=UTC)
    assert send(late - timedelta(days=1)) == 0
    assert send(late) == 3
    assert send(late + timedelta(days=30)) == 0
    by_reader = {message.to[0]: message for message in mail.outbox}
    assert set(by_reader) == {auditor.email, manager.email, other_manager.email}
    found = {}
    for address, message in by_reader.items():
        assert sorted(name for name, _, _ in message.attachments) == [
            "usage-2026-07-01-2026-09-30.pdf", "usage-2026-07-01-2026-09-30.xlsx"]
        paper = next(content for name, content, _ in message.attachments if name.endswith("pdf"))
        found[address] = "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(paper)).pages)
    assert "every area" in found[auditor.email]
    assert "NYC" in found[manager.email]
    assert "CHI" not in found[manager.email]
    assert "CHI" in found[other_manager.email]
    assert events(Kind.RECORD_MAILED) == 3


@pytest.mark.req("AUD-7")
def test_a_dead_mail_server_delays_and_loses_nothing(appointer, settings, now):
    record_durably(Kind.SIGNED_OUT)
    seals.seal(now=now)
    settings.EMAIL_BACKEND = "tests.accounts.dead_mail.EmailBackend"
    assert send(now) == 0
    assert Mailing.objects.filter(sent_at=None).count() == 1
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert send(now) == 1


@pytest.mark.req("BEY-2")
def test_a_new_signing_key_is_announced_under_the_old_one_and_both_verify(now, capsys):
    record_durably(Kind.SIGNED_IN, actor=NYC)
    old = signing.own_key().verifier_key
    call_command("rotate_signing_key")
    new = signing.own_key().verifier_key
    assert new != old
    assert new in capsys.readouterr().out
    assert [key.text for key in signing.trusted_keys()] == [old, new]
    record_durably(Kind.SIGNED_OUT, actor=NYC)
    seals.seal(now=now)
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT size, key FROM audit.checkpoint ORDER BY size")
        # Signing in, the command, its change; then signing out.
        assert cursor.fetchall() == [(3, old), (4, new)]
    assert events(Kind.SIGNING_KEY_ROTATED) == 1
    call_command("verify_audit")


@pytest.mark.req("BEY-2")
def test_a_key_stays_where_its_change_cannot_be_recorded(now):
    old = signing.own_key().verifier_key
    with databases.administrator() as connection:
        connection.execute("REVOKE EXECUTE ON FUNCTION audit.append FROM lpr_sealer")
    with pytest.raises(AuditUnavailable, match=str(Kind.COMMAND_RUN)):
        call_command("rotate_signing_key")
    with pytest.raises(AuditUnavailable, match=str(Kind.SIGNING_KEY_ROTATED)):
        seals.rotate_key(now=now)
    assert signing.own_key().verifier_key == old


@pytest.mark.req("AUD-7")
def test_counts_that_are_not_what_the_log_says_are_found_and_made_right(now, capsys):
    record_durably(Kind.SIGNED_IN, actor=NYC)
    today = now.date()
    statistics.count_day(day=today)
    span = [f"--since={today}", f"--until={today}"]
    call_command("count_usage", *span)
    DailyCount.objects.update(count=99)
    with pytest.raises(CommandError, match=str(today)):
        call_command("count_usage", *span)
    call_command("count_usage", *span)
    assert "the counts are what the log says" in capsys.readouterr().out


@pytest.mark.req("AUD-1", "BEY-2", "ACC-9")
def test_an_address_that_refuses_keeps_an_alarm_from_nobody_and_nobody_gets_it_twice(operator, settings, events, now):
    settings.AUDIT_ALARM_RECIPIENTS = ["dead@agency.example", "first@agency.example"]
    settings.EMAIL_BACKEND = "tests.audit.test_mailings.Picky"
    alarms.raise_alarm(alarms.SEALED_LATE, "late", now=now)
    for minutes in (1, 2, 20):
        mailings.send_waiting(now=now + timedelta(minutes=minutes))
    assert [message.to for message in mail.outbox] == [["first@agency.example"], [operator.email]]
    [alarm] = Mailing.objects.filter(sent_at=None)
    dead = MailingRecipient.objects.get(taken_at=None)
    assert (dead.address, dead.refusal, dead.tried_at) == (
        "dead@agency.example", "SMTPRecipientsRefused 550", now + timedelta(minutes=20))
    assert mailings.send_waiting(now=now + timedelta(days=1)) == 1
    alarm.refresh_from_db()
    assert alarm.sent_at
    [mailed] = events(Kind.RECORD_MAILED)
    assert (mailed["details"]["recipients"], mailed["details"]["refused"]) == (2, 1)
    assert "@" not in str(mailed["details"])
    assert not MailingRecipient.objects.exists()


@pytest.mark.req("AUD-1", "BEY-2")
def test_an_address_that_is_put_right_gets_what_it_had_refused(operator, settings, now):
    settings.AUDIT_ALARM_RECIPIENTS = ["dead@agency.example"]
    settings.EMAIL_BACKEND = "tests.audit.test_mailings.Picky"
    alarms.raise_alarm(alarms.SEALED_LATE, "late", now=now)
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert mailings.send_waiting(now=now + timedelta(minutes=15)) == 1
    assert [message.to for message in mail.outbox] == [[operator.email], ["dead@agency.example"]]


@pytest.mark.req("AUD-1")
def test_mails_whose_event_the_log_does_not_take_leave_once(operator, now, settings):
    with databases.administrator() as connection:
        connection.execute("REVOKE EXECUTE ON FUNCTION audit.append FROM lpr_app")
    alarms.raise_alarm(alarms.SEALED_LATE, "late", now=now)
    mailings.send_waiting(now=now + timedelta(minutes=1))
    assert [message.to for message in mail.outbox] == [[operator.email]]
    with databases.administrator() as connection:
        connection.execute("GRANT EXECUTE ON FUNCTION audit.append TO lpr_app")
    assert mailings.send_waiting(now=now + timedelta(minutes=2)) == 1
    assert events(Kind.RECORD_MAILED) == 1
    assert len(mail.outbox) == 1


@pytest.mark.req("AUD-1", "BEY-2")
def test_a_mail_that_cannot_be_made_holds_up_no_alarm(operator, appointer, settings, monkeypatch, now):
    record_durably(Kind.SIGNED_OUT)
    seals.seal(now=now)
    mailings.owe(now=now - timedelta(hours=1))

    def no_keys():
        raise signing.SigningKeyMissing

    monkeypatch.setattr(signing, "trusted_keys", no_keys)
    alarms.raise_alarm(alarms.SEALED_LATE, "late", now=now)
    assert {message.subject.split(",")[0] for message in mail.outbox} == {f"PlateLedger: ALARM: {alarms.SEALED_LATE}"}
    assert [one.kind for one in Mailing.objects.filter(sent_at=None)] == ["checkpoint"]


@pytest.mark.req("AUD-11")
def test_why_a_mail_could_not_be_made_is_in_the_operators_log_by_type_and_place_alone(operator, monkeypatch, caplog, now):
    def broken(*args, **kwargs):
        raise ZeroDivisionError(f"ABC123 for {operator.email}")

    monkeypatch.setattr(outbox, "hand_over", broken)
    alarms.raise_alarm(alarms.SEALED_LATE, "late", now=now)
    [line] = [JsonFormatter().format(record) for record in caplog.records if record.name == "audit.outbox"]
    assert json.loads(line)["message"] == "what a row of Mailing owes was not done: ZeroDivisionError"
    assert json.loads(line)["exception"].startswith(f"ZeroDivisionError at {__file__}:")
    assert not any(secret in line for secret in ("ABC123", operator.email))


@pytest.mark.req("AUD-7")
def test_no_quarters_report_leaves_before_each_of_its_days_is_counted(auditor, now):
    asked = ("query.attempted", {"actor": "jdoe", "aor": "NYC", "details": {}})
    for month, day in ((9, 20), (9, 28), (10, 1)):
        old_log.append_old(datetime(2026, month, day, 12, tzinfo=UTC), asked)
    # The counting stood still between these two.
    for day in (date(2026, 9, 20), date(2026, 10, 1)):
        statistics.count_day(day=day)
    mailings.owe(now=datetime(2026, 10, 2, 0, 5, tzinfo=UTC))
    assert [str(day) for day in DailyCount.objects.values_list("day", flat=True).order_by("day")] == [
        "2026-09-20", "2026-09-28", "2026-10-01"]
    assert Mailing.objects.get().kind == Mailing.Kind.USAGE


@pytest.mark.req("AUD-7")
def test_a_quarter_that_cannot_be_counted_is_not_reported_yet(auditor, now):
    DailyCount.objects.create(day=date(2026, 9, 20), measure="search", actor="someone", aor="NYC", count=3)
    with databases.administrator() as connection:
        connection.execute("REVOKE EXECUTE ON FUNCTION audit.append FROM lpr_app")
    with pytest.raises(AuditUnavailable):
        mailings.owe(now=datetime(2026, 10, 2, 0, 5, tzinfo=UTC))
    assert not Mailing.objects.exists()
