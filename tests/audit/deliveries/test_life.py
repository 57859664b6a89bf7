"""The life of a delivery: its clock, workers that die, its end (AUD-13)."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.core import mail
from django.core.files.storage import default_storage
from django.db import DatabaseError

from audit import alarms, bundles, context, deliveries, letters, tasks
from audit.events import Kind
from audit.models import Delivery
from audit.record import record_durably
from tests.audit.deliveries.conftest import START, made, queries

pytestmark = [pytest.mark.usefixtures("database"), pytest.mark.req("AUD-13")]


def test_a_file_ends_after_its_life_and_the_record_of_it_stays(auditor, ask, signed_in, events):
    delivery = made(ask(auditor))
    end = delivery.expires_at
    assert end - delivery.made_at == timedelta(days=14)
    assert deliveries.erase_ended(now=end - timedelta(seconds=1)) == 0
    assert deliveries.erase_ended(now=end) == 1
    assert not default_storage.exists(delivery.path)
    assert signed_in(auditor).get(f"{START}{delivery.pk}/file.zip").status_code == 302
    assert "File erased" in signed_in(auditor).get(START).content.decode()
    assert len(events(Kind.DELIVERY_ERASED)) == 1
    assert events(Kind.DELIVERY_DOWNLOADED) == []


def test_what_a_worker_left_is_taken_up_and_given_up_after_three_attempts(auditor, ask, events, monkeypatch):
    delivery, now = ask(auditor), datetime.now(UTC)
    assert deliveries.resume(now=now) == 0

    def late(event, seconds):
        raise bundles.NotYetSealed

    with monkeypatch.context() as patched:
        patched.setattr(bundles, "wait_for_seal", late)
        for attempt in (1, 2, 3):
            assert deliveries.resume(now=now + timedelta(minutes=3 * attempt)) == 1
        assert deliveries.resume(now=now + timedelta(minutes=12)) == 0
    delivery.refresh_from_db()
    assert (delivery.state, delivery.digest) == ("failed", "")
    assert [one["details"]["why"] for one in events(Kind.DELIVERY_FAILED)] == ["attempts"]
    with context.acting(context.actor_of(auditor)):
        deliveries.restart(delivery=delivery, user=auditor, now=now)
    tasks.keep_deliveries()
    assert made(delivery).state == "ready"
    deliveries.make(delivery=delivery.pk, now=now)
    assert len(events(Kind.DELIVERY_READY)) == 1


def test_a_log_that_is_not_the_same_at_the_second_reading_is_not_delivered(auditor, ask, monkeypatch, events):
    queries(3)
    found = deliveries._found
    monkeypatch.setattr(deliveries, "_found", lambda job, *, is_writing=False: (
        event for number, event in enumerate(found(job, is_writing=is_writing)) if not (is_writing and number == 1)))
    delivery = made(ask(auditor, of_user="jdoe"))
    assert (delivery.state, delivery.digest) == ("running", "")
    assert not default_storage.exists(delivery.path)
    assert events(Kind.DELIVERY_READY) == []


def test_nothing_is_made_for_who_is_no_longer_entitled(auditor, ask, events):
    delivery = ask(auditor)
    auditor.is_active = False
    auditor.save()
    assert made(delivery).state == "failed"
    assert events(Kind.DELIVERY_FAILED)[0]["details"]["why"] == "account"
    assert events(Kind.DELIVERY_READ) == []


@pytest.mark.parametrize("case", ["other person", "other role", "no request", "other kind"])
def test_the_database_opens_no_delivery_but_to_a_look_of_its_requester(case, auditor, ask):
    delivery = ask(auditor)
    actor = {"other person": context.Actor(id=auditor.pk + 1, name="x", role="opr_auditor"),
             "other role": context.Actor(id=auditor.pk, name="auditor", role="operations")}.get(
                 case, context.actor_of(auditor))
    look = record_durably(Kind.DELIVERY_VIEWED if case == "other kind" else Kind.DELIVERY_READ, actor=actor,
                          search=uuid4() if case == "no request" else delivery.asked).id
    with pytest.raises(DatabaseError, match="opens no delivery"):
        bundles.rows("SELECT at, id, xact, kind, nonce, payload FROM audit.delivery_page(%s::uuid, NULL, NULL, 10)", [look])


def test_operations_are_reminded_an_overdue_delivery_alarms_and_its_requester_hears_that_it_is_ready(
        auditor, operator, appointer, officer, ask, events):
    queries()
    delivery = ask(auditor, of_user="jdoe")

    def mailed(hours: float) -> list[tuple[str, str]]:
        mail.outbox.clear()
        deliveries.watch(now=delivery.asked_at + timedelta(hours=hours))
        letters.send_waiting(now=datetime.now(UTC))
        return sorted((message.to[0], message.subject) for message in mail.outbox)

    reminder = [("operator@agency.example", "PlateLedger: a delivery of the audit log waits")]
    assert [mailed(hours) for hours in (11, 12, 13, 18, 23)] == [[], reminder, [], reminder, []]
    alarmed = mailed(24.1)
    assert {address for address, _ in alarmed} == {"operator@agency.example", "appointer@agency.example"}
    assert all("ALARM: a delivery of the audit log is overdue" in subject for _, subject in alarmed)
    text = mail.outbox[0].body
    assert str(delivery) in text
    assert "auditor" not in text
    assert "jdoe" not in text
    assert mailed(24.1) == []
    assert len(mailed(25.2)) == 2
    assert [event["details"]["about"] for event in events(Kind.ALARM_RAISED)] == [alarms.DELIVERY_OVERDUE] * 2
    made(delivery)
    assert mailed(27) == [("auditor@agency.example", "PlateLedger: your delivery of the audit log is ready")]
    assert "/audit/deliveries/" in mail.outbox[0].body
    assert "MARK123" not in mail.outbox[0].body
    assert mailed(30) == []


def test_operations_hear_of_a_delivery_that_was_given_up(auditor, operator, ask):
    delivery = ask(auditor)
    Delivery.objects.update(state="running", attempts=3, stirred_at=delivery.asked_at)
    tasks.keep_deliveries()
    assert Delivery.objects.get().state == "running"
    deliveries.resume(now=delivery.asked_at + timedelta(minutes=3))
    assert Delivery.objects.get().state == "failed"
    letters.send_waiting(now=datetime.now(UTC))
    assert [message.to for message in mail.outbox] == [["operator@agency.example"]]
