"""De-confliction: who adds what another watches for the same reason learns who that is, by one mail, and nothing of the case."""

import contextlib
import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.db import connection, connections, transaction

from accounts.models import User
from alerts import deconfliction, entries, lists, notifications, uploads
from alerts.models import AlertList, AlertPolicy, Entry, Notification, NotificationKind, NotificationStatus
from lpr.loading import MATCHING_LOCK
from tests.factories.alerts import CASE

pytestmark = pytest.mark.usefixtures("database")


def send() -> int:
    return notifications.send_batch(now=datetime.now(UTC))


@pytest.mark.req("ALR-6", "ALR-9")
def test_the_adding_user_is_told_who_watches_the_same_for_the_same_reason(watch, officer, officer2, events):
    watch(owner=officer2, case_reference="Subject Max Mustermann, case 555777")
    watch(plate="xyz 1234")
    assert Entry.objects.filter(owner=officer).exists()
    assert (send(), send()) == (1, 0)
    [message] = mail.outbox
    assert message.to == [officer.email]
    assert "XYZ1234, Ohio, CRIM: Officer2 (officer2), officer2@agency.example" in message.body
    assert "555777" not in message.body
    assert "XYZ1234" not in message.subject
    intent = Notification.objects.get()
    assert (intent.kind, intent.recipient, intent.status) == (NotificationKind.DECONFLICTION, officer, NotificationStatus.SENT)
    [event] = events("notification.sent")
    assert (event["plate"], event["details"]["of"], event["details"]["recipient"]) == ("XYZ1234", "deconfliction", "officer")


@pytest.mark.req("ALR-6")
@pytest.mark.parametrize("other", [{"reason": "SAFE"}, {"state": "PA"}, {"plate": "XYZ1235"}, {"owner": "self"}])
def test_another_reason_state_plate_or_ones_own_entry_tells_nobody(watch, officer, officer2, other):
    watch(**{"owner": officer2} | other | ({"owner": officer} if "owner" in other else {}))
    watch()
    assert not Notification.objects.exists()


@pytest.mark.req("ALR-6")
def test_an_entry_that_has_ended_tells_nobody(watch, officer2, now):
    watch(owner=officer2)
    for change in ({"valid_until": now}, {"status": "expired", "valid_until": now + timedelta(days=9)}):
        Entry.objects.update(**change)
        added = watch(now=now)
        assert not Notification.objects.exists()
        entries.remove(entry=added, by=added.owner, now=now)


@pytest.mark.req("ALR-6", "ALR-11")
def test_who_left_is_named_neither_in_the_preview_nor_by_a_mail_nor_in_the_inbox(watch, officer, officer2, signed_in, now):
    theirs = watch(owner=officer2)
    watch()
    User.objects.filter(pk=officer2.pk).update(is_active=False)
    assert not deconfliction.colleagues(owner=officer, watched=[("XYZ1234", "OH", "CRIM")], now=now)
    assert "officer2" not in signed_in(officer).get("/alerts/inbox/").content.decode()
    send()
    assert not mail.outbox
    entries.remove(entry=Entry.objects.get(owner=officer), by=officer, now=now)
    watch()
    assert not Notification.objects.exists()
    User.objects.filter(pk=officer2.pk).update(is_active=True)
    [[colleague]] = deconfliction.colleagues(owner=officer, watched=[("XYZ1234", "OH", "CRIM")], now=now).values()
    assert colleague.entry_id == theirs.pk


@pytest.mark.req("ALR-6")
def test_where_policy_says_so_both_are_told(watch, officer, officer2):
    AlertPolicy.objects.update(tells_both_in_deconfliction=True)
    watch(owner=officer2)
    watch()
    assert send() == 2
    told = {message.to[0]: message.body for message in mail.outbox}
    assert "(officer2)" in told[officer.email]
    assert "(officer)" in told[officer2.email]
    assert "Another user has added" in told[officer2.email]


@pytest.mark.req("ALR-6")
def test_one_mail_tells_of_a_whole_file_and_each_colleague(watch, officer, officer2, agent, now):
    for owner, plate in ((officer2, "ABC1"), (officer2, "ABC2"), (agent, "ABC1"), (agent, "ABC9")):
        watch(owner=owner, plate=plate)
    data = "plate,state,reason,case_reference\n" + "".join(f'ABC{n},OH,CRIM,"{CASE}"\n' for n in range(5))
    draft = uploads.begin(owner=officer, data=data.encode(), name="Team", now=now)
    uploads.confirm(draft=draft, by=officer, ongoing=True, now=now)
    assert Notification.objects.filter(recipient=officer).count() == 3
    send()
    [message] = [message for message in mail.outbox if message.to == [officer.email]]
    assert [message.body.count(said) for said in ("(officer2)", "(agent)", "ABC9", "12345678")] == [2, 1, 0, 0]


@pytest.mark.req("ALR-6", "ALR-8")
def test_what_was_told_goes_with_either_entry(watch, officer, officer2, now):
    theirs = watch(owner=officer2)
    watch()
    entries.remove(entry=theirs, by=officer2, now=now)
    assert not Notification.objects.exists()
    watch(owner=officer2)
    entries.remove(entry=Entry.objects.get(owner=officer), by=officer, now=now)
    assert not Notification.objects.exists()


@pytest.mark.req("ALR-11")
def test_who_may_not_ask_any_more_is_told_nothing(watch, officer, officer2):
    watch(owner=officer2)
    watch()
    User.objects.filter(pk=officer.pk).update(is_active=False)
    send()
    assert not mail.outbox
    assert Notification.objects.get().status == NotificationStatus.FAILED


@pytest.mark.req("ALR-6")
def test_adding_to_a_list_tells_as_well(watch, officer, officer2, now):
    watch(owner=officer2)
    team = lists.create(owner=officer, name="Team", now=now)
    entries.add_to(alert_list=team, plate="XYZ1234", state="OH", reason="CRIM", case_reference=CASE, now=now)
    assert Notification.objects.get().recipient == officer


def _together(*steps) -> None:
    """Each step in a thread of its own, with a connection of its own; what one raises is raised here."""
    failed: list[BaseException] = []

    def run(step) -> None:
        try:
            step()
        except BaseException as error:
            failed.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[step]) for step in steps]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not failed, failed


def _upload(owner, plates, *, mode="new", alert_list=None, case=CASE, now) -> AlertList:
    data = "plate,state,reason,case_reference\n" + "".join(f'{plate},OH,CRIM,"{case}"\n' for plate in plates)
    draft = uploads.begin(owner=owner, data=data.encode(), name="Team", mode=mode, alert_list=alert_list, now=now)
    return uploads.confirm(draft=draft, by=owner, ongoing=True, now=now)


@pytest.mark.req("ALR-6")
def test_of_two_who_add_the_same_at_once_the_second_is_told(watch, officer, officer2, now, monkeypatch):
    looked, real = threading.Barrier(2), deconfliction.colleagues

    def look(**arguments):
        found = real(**arguments)
        with contextlib.suppress(threading.BrokenBarrierError):
            # Alone here while the other waits for its turn; before there were turns, both had looked by now.
            looked.wait(1)
        return found

    monkeypatch.setattr(deconfliction, "colleagues", look)
    _together(lambda: watch(owner=officer), lambda: watch(owner=officer2))
    [intent] = Notification.objects.filter(kind=NotificationKind.DECONFLICTION)
    assert Entry.objects.get(pk=intent.entry_id).owner == intent.recipient
    assert Entry.objects.get(pk=intent.record_id).owner != intent.recipient


@pytest.mark.req("ALR-6", "ALR-2")
def test_files_and_single_plates_added_at_once_wait_for_each_other_and_not_in_a_circle(watch, officer, officer2, agent, now):
    plates = [f"ABC{number}" for number in range(300)]
    start = threading.Barrier(3)

    def add(owner, chosen):
        start.wait(10)
        _upload(owner, chosen, now=now)

    def one():
        start.wait(10)
        watch(owner=agent, plate="ABC7")

    _together(lambda: add(officer, plates), lambda: add(officer2, plates[::-1]), one)
    told = Counter(Notification.objects.filter(kind=NotificationKind.DECONFLICTION).values_list("plate", flat=True))
    # Of each two that watch a plate, the later one is told of the earlier.
    assert told == Counter(plates) + Counter({"ABC7": 2})


@pytest.mark.req("ALR-6", "DAT-4")
def test_who_waits_for_a_turn_holds_back_no_delivery_and_no_other_change_of_the_list(officer, now):
    theirs = _upload(officer, ["XYZ1234"], now=now)
    ways = [lambda: _upload(officer, ["ABC1234"], mode="replace", alert_list=theirs.pk, now=now),
            lambda: entries.add_to(alert_list=theirs, plate="ABC9", state="OH", reason="CRIM", case_reference=CASE, now=now),
            lambda: _upload(officer, ["ABC99"], mode="add", alert_list=theirs.pk, now=now)]
    with transaction.atomic():
        deconfliction.take_turns([(plate, "OH", "CRIM") for plate in ("ABC1234", "ABC9", "ABC99")])
        waiting = [threading.Thread(target=_alone, args=[way]) for way in ways]
        for thread in waiting:
            thread.start()
        for _ in range(200):
            if _waiting_for_turns() == len(ways):
                break
            time.sleep(0.05)
        assert _waiting_for_turns() == len(ways)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock_shared(%s::bigint)", [MATCHING_LOCK])
            assert cursor.fetchone() == (True,)
        assert AlertList.objects.select_for_update(nowait=True).get(pk=theirs.pk)
    for thread in waiting:
        thread.join(30)
    assert not any(thread.is_alive() for thread in waiting)
    assert Entry.objects.filter(plate="ABC1234").exists()


def _alone(way) -> None:
    try:
        way()
    finally:
        connections.close_all()


def _waiting_for_turns() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'advisory' AND classid = %s::oid",
                       [deconfliction.TURNS_LOCK])
        return cursor.fetchone()[0]


@pytest.mark.req("ALR-6", "ALR-2")
def test_who_replaces_a_list_and_who_adds_a_plate_of_it_do_not_wait_for_each_other(watch, officer, officer2, now, monkeypatch):
    theirs = _upload(officer2, ["XYZ1234"], now=now)
    erased, standing, erase = threading.Event(), deconfliction._standing, entries.erase

    def look_again(found):
        erased.wait(1)
        return standing(found)

    def note(*arguments, **named):
        gone = erase(*arguments, **named)
        erased.set()
        return gone

    monkeypatch.setattr(deconfliction, "_standing", look_again)
    monkeypatch.setattr(entries, "erase", note)
    added = threading.Event()

    def replace():
        added.wait(10)
        _upload(officer2, ["XYZ1234"], mode="replace", alert_list=theirs.pk, case="Subject Max Mustermann, case 555777", now=now)

    def add():
        threading.Timer(0.3, added.set).start()
        watch(owner=officer)

    _together(add, replace)
    [intent] = Notification.objects.filter(kind=NotificationKind.DECONFLICTION)
    assert (intent.recipient, Entry.objects.get(pk=intent.record_id).owner) == (officer2, officer)
