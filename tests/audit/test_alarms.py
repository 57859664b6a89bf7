"""Alarms about the record: once an hour, without the database where it is away, finished where a crash cut one short (AUD-1)."""

from datetime import timedelta

import pytest
from django.core import mail

from audit import alarms, context, mailings, seals, tasks
from audit.events import Kind
from audit.models import Incident, LastVerified, Mailing
from audit.record import AuditUnavailable, record_durably
from config import databases
from config.tasks import watch_the_database

pytestmark = pytest.mark.usefixtures("database")
NYC = context.Actor(id=70, name="someone", aor="NYC", component="ERO", role="officer")


def events(kind: Kind) -> int:
    with databases.administrator() as connection:
        return connection.execute("SELECT count(*) FROM audit.event WHERE kind = %s", [str(kind)]).fetchone()[0]


def damage(table: str, change: str) -> None:
    with databases.administrator() as connection:
        connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
        connection.execute(f"UPDATE {table} SET {change}")


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


def _unavailable(*args, **details):
    raise AuditUnavailable
