"""De-confliction: who adds what another watches for the same reason learns who that is, by one mail, and nothing of the case."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail

from accounts.models import User
from alerts import deconfliction, entries, lists, notifications, uploads
from alerts.models import AlertPolicy, Entry, Notification, NotificationKind, NotificationStatus
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
def test_an_entry_that_has_ended_or_rests_tells_nobody(watch, officer2, now):
    watch(owner=officer2)
    for change in ({"valid_until": now}, {"status": "suspended", "valid_until": now + timedelta(days=9)}):
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
