"""One plate, person and case go through every path of the service and are erased by the ordinary rules: nothing of them remains
outside of the log (ALR-8, AUD-11, G10). What may remain is the read itself, which is the operator's."""

import smtplib
from datetime import timedelta

import pytest
from celery.signals import before_task_publish, task_prerun
from django.core import mail

from accounts.models import RosterDraft, User
from alerts import digests, dispositions, drafts, entries, expiry, handover, inbox, notifications, sharing, uploads
from alerts.models import AlertList, AlertPolicy, Entry, Handover, Hit, Notification, UploadDraft
from audit import context
from lpr.policy import zone_of
from tests import traces
from tests.alerts import everywhere
from tests.alerts.test_notifications import Failing

pytestmark = pytest.mark.usefixtures("database")
PLATE, CASE = "CANARY77", "Subject name Zebedee Doe, case number 99887766"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def handed_to_workers():
    """All that goes through the queue of the workers, or is called as a task, in words."""
    said: list[str] = []

    def note(sender=None, body=None, headers=None, args=None, kwargs=None, **more) -> None:
        said.append(f"{sender} {body!r} {headers!r} {args!r} {kwargs!r}")

    before_task_publish.connect(note)
    task_prerun.connect(note)
    yield said
    before_task_publish.disconnect(note)
    task_prerun.disconnect(note)


@pytest.mark.req("ALR-8", "ALR-9", "AUD-11", "BEY-9")
@pytest.mark.parametrize("end", ["grace", "removal", "no successor"])
def test_nothing_remains_of_a_plate_that_went_everywhere(
        request, watch, load_read, officer, officer2, agent, officer_chi, manager, now, settings, signed_in, api, tmp_path,
        caplog, monkeypatch, handed_to_workers, native_read, end):
    caplog.set_level("INFO")
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
    if end == "removal":
        people = {name: request.getfixturevalue(name) for name in ("auditor", "supervisor", "quality", "operator")}
        everywhere.make_small(monkeypatch)
        everywhere.Walk(signed_in, api, people | {"officer": officer, "officer_chi": officer_chi, "manager": manager},
                        plate=PLATE, case=CASE, name="Quasimodo Roe", native_read=native_read).everywhere()
        # What is looked for below is there to be found now.
        assert {"lpr_errorreport", "lpr_quarantinedrecord", "alerts_entry", "alerts_hit"} <= {
            place.split(":")[0] for place in traces.in_tables(PLATE)}
        assert traces.files_but(tmp_path / "media", ".jpg")
        assert list((tmp_path / "media" / "quarantine").rglob("*.jpg"))
        assert RosterDraft.objects.exists()
    _end(end, entry, officer, manager, now)
    for left in Entry.objects.select_related("owner"):
        entries.remove(entry=left, by=left.owner, now=now)
    drafts.erase_ended(now=now + DAY)
    everywhere.end_all(now=now)
    marks = (PLATE, "Zebedee", "99887766", "Quasimodo", str(entry.pk), str(hit.pk))
    assert traces.in_tables(*marks) == []
    assert traces.in_sessions(*marks) == []
    assert traces.in_files(tmp_path, *marks) == []
    # Exports are packed and deliveries encrypted: no such file is left at all. Photos of reads are the store's.
    assert traces.files_but(tmp_path / "media", ".jpg") == []
    assert not list((tmp_path / "media" / "quarantine").rglob("*.jpg"))
    assert traces.in_cache(*marks) == []
    assert traces.in_servers_log(*marks) == []
    # An id of an entry or a hit is what a task and a log line may name.
    assert traces.in_words("task", handed_to_workers, *marks[:4]) == []
    assert traces.in_words("log", [record.getMessage() for record in caplog.records], *marks[:4]) == []
    assert not UploadDraft.objects.exists()
    assert not RosterDraft.objects.exists()
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
