"""One plate goes through every path of alerts and is erased: nothing of it remains in any table but in the log (ALR-8)."""

import smtplib
from datetime import timedelta

import pytest
from django.core import mail

from accounts.models import User
from alerts import digests, dispositions, drafts, entries, expiry, handover, inbox, notifications, sharing, uploads
from alerts.models import AlertList, AlertPolicy, Entry, Handover, Hit, Notification
from audit import context
from lpr.policy import zone_of
from tests.alerts.test_entries import places_of
from tests.alerts.test_notifications import Failing

pytestmark = pytest.mark.usefixtures("database")
PLATE, CASE = "CANARY77", "Subject name Zebedee Doe, case number 99887766"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.mark.req("ALR-8", "ALR-9", "BEY-9")
@pytest.mark.parametrize("end", ["grace", "removal", "no successor"])
def test_nothing_remains_of_a_plate_that_went_everywhere(
        watch, load_read, officer, officer2, agent, officer_chi, manager, now, settings, signed_in, end):
    file = f"plate,state,reason,case_reference,other_name\n{PLATE},OH,CRIM,{CASE},Quasimodo Roe\n".encode()
    with context.acting(context.actor_of(officer)):
        watch(owner=officer2, plate=PLATE, reason="CRIM", case_reference="Case number 5554321")
        draft = uploads.begin(owner=officer, data=file, name="Harbor", scope="users", users=[officer2, officer_chi], now=now)
        uploads.confirm(draft=draft, by=officer, ongoing=True, now=now)
    entry = Entry.objects.get(owner=officer)
    AlertList.objects.filter(pk=entry.alert_list_id).update(collapse_minutes=60)
    # One digest waits, repeated sightings wait, one mail is dead with the server's echo, one hit is shared and has a disposition.
    AlertPolicy.objects.update(digest_hour=(now.astimezone(zone_of(officer_chi)) - HOUR).hour)
    digests.choose(user=officer_chi, frequency="daily", now=now)
    settings.EMAIL_BACKEND = "tests.alerts.test_notifications.Failing"
    Failing.errors = []
    for _ in range(3):
        load_read(plate=PLATE)
    notifications.send_batch(now=now + HOUR / 60)
    hit = Hit.objects.filter(entry=entry).first()
    with context.acting(context.actor_of(officer)):
        sharing.show_hit(hit=hit, by=officer, users=[agent], now=now)
        dispositions.say(hit=hit.pk, by=officer, disposition="confirmed", action_taken=f"Stopped {PLATE} Quasimodo", now=now)
    Failing.errors = [smtplib.SMTPDataError(554, f"{PLATE} {PLATE[:6]}-77 Zebedee Quasimodo 99887766".encode())] * 30
    for hour in range(2, 8):
        notifications.send_batch(now=now + hour * HOUR)
    assert Notification.objects.filter(recipient=agent, status="failed").exists()
    assert Notification.objects.filter(status="waiting", letter__isnull=False).exists()
    expiry.age(now=now + 364 * DAY)
    for reader in (officer, officer2, agent):
        with context.acting(context.actor_of(reader)):
            inbox.page(user=reader, size=20, now=now)
    Failing.errors = []
    _end(end, entry, officer, manager, now)
    mine = Entry.objects.filter(owner=officer2)
    entries.remove_many(entries=[row.pk for row in mine], by=officer2, now=now)
    drafts.erase_ended(now=now + DAY)
    assert places_of(PLATE, "Zebedee", "99887766", "Quasimodo", str(entry.pk), str(hit.pk)) == []
    mail.outbox.clear()
    while notifications.send_batch(now=now + 900 * DAY):
        pass
    assert not [message for message in mail.outbox if PLATE in message.body]


def _end(how: str, entry: Entry, officer: User, manager: User, now) -> None:
    with context.acting(context.actor_of(officer)):
        if how == "grace":
            expiry.age(now=entry.valid_until + 8 * DAY)
        elif how == "removal":
            entries.remove(entry=entry, by=officer, now=now)
        else:
            User.objects.filter(pk=officer.pk).update(is_active=False)
            handover.keep_time(now=now)
            assert Handover.objects.exists()
            handover.keep_time(now=now + 15 * DAY)
