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

from audit import alarms, context, mailings, outbox, seals, signing, statistics, tasks, verifier
from audit.events import Kind
from audit.models import DailyCount, Incident, LastVerified, Mailing, MailingRecipient
from audit.record import AuditUnavailable, record_durably
from config import databases
from config.logging import JsonFormatter
from config.tasks import watch_the_database
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


def damage(table: str, change: str) -> None:
    with databases.administrator() as connection:
        connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
        connection.execute(f"UPDATE {table} SET {change}")


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


@pytest.mark.req("AUD-1")
def test_what_the_log_did_not_take_is_told_within_a_minute_without_needing_the_database(operator, settings, now):
    settings.AUDIT_ALARM_RECIPIENTS = ["watch@agency.example"]
    with databases.administrator() as connection:
        connection.execute("REVOKE EXECUTE ON FUNCTION audit.append FROM lpr_app")
    with context.entered(context.Context(path="/queries/new/", actor=NYC)), pytest.raises(Exception):  # noqa: B017
        record_durably(Kind.QUERY_ATTEMPTED, plate="ABC123", state="PA")
    alarms.watch(now=now)
    alarms.watch(now=now)
    assert sorted(message.to[0] for message in mail.outbox) == [operator.email, "watch@agency.example"]
    assert "user=70" in mail.outbox[0].body
    assert "ABC123" not in mail.outbox[0].body
    assert settings.CELERY_BEAT_SCHEDULE["watch-the-record"]["schedule"] <= 60


@pytest.mark.req("BEY-2")
def test_late_seals_raise_one_alarm_an_hour(operator, settings, now):
    record_durably(Kind.SIGNED_OUT)
    alarms.watch(now=now)
    assert mail.outbox == []
    hour = now.replace(minute=5) + timedelta(hours=1)
    for minutes in (0, 1, 2):
        alarms.watch(now=hour + timedelta(minutes=minutes))
    assert [message.subject for message in mail.outbox] == [f"PlateLedger: ALARM: {alarms.SEALED_LATE}, {hour:%Y-%m-%d %H} h UTC"]
    assert events(Kind.ALARM_RAISED) == 1
    alarms.watch(now=hour + timedelta(hours=1))
    assert len(mail.outbox) == 2


@pytest.mark.req("AUD-2", "BEY-2")
def test_an_altered_event_raises_the_alarm_and_tells_the_rooms_above(operator, monkeypatch, now):
    told = []
    monkeypatch.setattr(alarms, "listeners", [lambda about, text, now: told.append((about, text))])
    recorded = record_durably(Kind.SIGNED_IN, actor=NYC)
    seals.seal(now=now)
    tasks.verify_log()
    assert (mail.outbox, told) == ([], [])
    damage("audit.event", "actor = 'another'")
    tasks.verify_log()
    [(about, text)] = told
    assert about == alarms.TAMPERED
    assert str(recorded.id) in text
    assert [message.to for message in mail.outbox] == [[operator.email]]


@pytest.mark.req("AUD-2")
def test_a_tree_that_may_not_be_sealed_raises_the_alarm(operator, now):
    record_durably(Kind.SIGNED_IN, actor=NYC)
    seals.seal(now=now)
    damage("audit.sealed_leaf", "leaf = sha256('x')")
    record_durably(Kind.SIGNED_OUT, actor=NYC)
    with pytest.raises(seals.SealRefused):
        tasks.seal()
    assert len(mail.outbox) == 1
    assert alarms.TAMPERED in mail.outbox[0].subject


@pytest.mark.req("AUD-2")
def test_a_guard_that_was_taken_off_raises_the_alarm(operator):
    watch_the_database()
    assert mail.outbox == []
    with databases.administrator() as connection:
        connection.execute("ALTER TABLE audit.checkpoint DISABLE TRIGGER refuse_change")
    watch_the_database()
    assert "refuse_change" in mail.outbox[0].body


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


@pytest.mark.req("AUD-2", "AUD-9")
@pytest.mark.parametrize("broken", ["the log", "the room above", "the mail server"])
def test_an_alarm_that_was_cut_short_is_finished_by_the_watch(broken, operator, monkeypatch, settings, now):
    if broken == "the log":
        monkeypatch.setattr(alarms, "record", _unavailable)
        monkeypatch.setattr(mailings, "record", _unavailable)
    elif broken == "the room above":
        monkeypatch.setattr(alarms, "listeners", [_unavailable])
    else:
        settings.EMAIL_BACKEND = "tests.accounts.dead_mail.EmailBackend"
    alarms.raise_alarm(alarms.TAMPERED, "leaf 7", now=now)
    monkeypatch.undo()
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    for minutes in (1, 2):
        alarms.watch(now=now + timedelta(minutes=minutes))
        mailings.send_waiting(now=now + timedelta(minutes=minutes))
    [incident] = Incident.objects.all()
    assert incident.discovered_at == now
    assert alarms.TAMPERED in "".join(message.subject for message in mail.outbox)
    assert len([message for message in mail.outbox if alarms.TAMPERED in message.subject]) == 1
    assert not Mailing.objects.filter(heard_at=None).exists()


@pytest.mark.req("AUD-1", "AUD-2")
def test_a_database_that_is_away_raises_the_alarm_once_an_hour_without_it(settings, take_away, now):
    settings.AUDIT_ALARM_RECIPIENTS = ["watch@agency.example"]
    take_away()
    for minutes in (0, 1, 59):
        alarms.watch(now=now + timedelta(minutes=minutes))
    assert [message.to for message in mail.outbox] == [["watch@agency.example"]]
    assert alarms.UNWRITTEN in mail.outbox[0].subject
    assert "The database does not answer: OperationalError" in mail.outbox[0].body
    alarms.watch(now=now + timedelta(hours=1))
    assert len(mail.outbox) == 2


@pytest.mark.req("AUD-1")
def test_an_alarm_that_nobody_took_is_told_again(settings, take_away, now):
    take_away()
    settings.AUDIT_ALARM_RECIPIENTS = []
    alarms.watch(now=now)
    settings.AUDIT_ALARM_RECIPIENTS = ["watch@agency.example"]
    alarms.watch(now=now)
    assert len(mail.outbox) == 1


@pytest.mark.req("AUD-2")
def test_a_verification_that_cannot_be_made_raises_the_alarm(operator, take_away, events, now):
    take_away("auditor")
    alarms.verify(now=now)
    [message] = mail.outbox
    assert alarms.UNVERIFIED in message.subject
    assert "OperationalError" in message.body
    assert [event["details"]["about"] for event in events(Kind.ALARM_RAISED)] == [alarms.UNVERIFIED]
    assert not LastVerified.objects.exists()


@pytest.mark.req("AUD-2")
def test_a_log_that_nobody_has_verified_since_yesterday_raises_the_alarm(operator, now):
    alarms.watch(now=now)
    alarms.watch(now=now + timedelta(hours=25))
    assert mail.outbox == []
    record_durably(Kind.SIGNED_OUT)
    seals.seal(now=now)
    alarms.verify(now=now + timedelta(hours=25))
    alarms.watch(now=now + timedelta(hours=50))
    alarms.watch(now=now + timedelta(hours=52))
    alarms.watch(now=now + timedelta(hours=54))
    assert mail.outbox == [], "it may be made up for yet"
    alarms.watch(now=now + timedelta(hours=55))
    assert [alarms.UNVERIFIED in message.subject for message in mail.outbox] == [True]


@pytest.mark.req("AUD-2")
def test_a_service_that_stood_still_for_days_verifies_before_anybody_is_alarmed(operator, now, monkeypatch):
    called = []
    monkeypatch.setattr(alarms.jobs, "wake", called.append)
    alarms.watch(now=now)
    started = now + timedelta(days=5)
    for seconds in (0, 30, 60):
        alarms.watch(now=started + timedelta(seconds=seconds))
    assert called == ["audit.tasks.verify_log"]
    alarms.verify(now=started + timedelta(minutes=2))
    alarms.watch(now=started + timedelta(hours=4))
    assert mail.outbox == []


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


def _unavailable(*args, **details):
    raise AuditUnavailable
