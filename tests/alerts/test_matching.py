"""Matching in the transaction that stores, and backwards after an activation: nothing is lost, nothing doubled."""

import json
import threading
import time
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, connections

from accounts import standing, training
from accounts.models import TrainingRecord, User
from accounts.roles import ASKERS, Right, may
from alerts import entries, matching
from alerts.models import Entry, EntryStatus, Hit, Notification, Reader
from audit import canonical
from audit.events import Kind
from audit.record import record_durably
from config import databases
from lpr.loading import MATCHING_LOCK
from tests.factories.alerts import loading_held_open, prepared, store_now
from tests.personas import lapse, suspend

pytestmark = pytest.mark.usefixtures("database")


@pytest.mark.req("DAT-4", "ALR-5", "ALR-9")
def test_a_new_read_of_a_watched_plate_is_a_hit_with_its_event_and_one_intent(watch, load_read, officer, events):
    entry = watch()
    record_id = load_read(address="12 Main St", intersection="Main St & 2nd Ave")
    [hit] = Hit.objects.all()
    assert (hit.entry_id, hit.owner_id, hit.record_id, hit.plate, hit.state) == (
        entry.pk, officer.pk, record_id, "XYZ1234", "OH")
    assert (hit.source, hit.camera, hit.make, hit.model, hit.zone) == (
        "Ohio toll road camera", "Gate 4", "Ford", "F-150", "America/New_York")
    assert (hit.latitude, hit.longitude, hit.address, hit.place_state) == (39.9612, -82.9988, "12 Main St", "OH")
    [event] = events("hit.made")
    assert (event["plate"], event["state"], event["reason"], event["actor"], event["aor"]) == (
        "XYZ1234", "OH", "CRIM", "system", "NYC")
    assert event["component"] == "ERO"
    assert event["details"] == {"entry": str(entry.pk), "list": str(entry.alert_list_id), "owner": officer.pk,
                                "record": str(record_id)}
    [intent] = Notification.objects.all()
    assert (intent.entry_id, intent.record_id, intent.recipient_id) == (entry.pk, record_id, officer.pk)


@pytest.mark.req("AUD-2")
def test_the_event_that_the_database_writes_has_the_one_canonical_text(watch, load_read, officer):
    officer.aor.code = 'N"Y\\ é'
    officer.aor.save()
    watch()
    load_read()
    with databases.administrator() as administrator:
        [(payload,)] = administrator.execute("SELECT payload FROM audit.event WHERE kind = 'hit.made'").fetchall()
    assert payload == canonical.text(json.loads(payload))
    assert json.loads(payload)["aor"] == 'N"Y\\ é'


@pytest.mark.req("DAT-3", "ALR-5")
def test_the_same_delivery_again_makes_no_second_hit(watch, load_read, events):
    watch()
    for _ in range(3):
        load_read(source_record_id="same", captured_at=_noon())
    assert (Hit.objects.count(), Notification.objects.count(), len(events("hit.made"))) == (1, 1, 1)


@pytest.mark.req("DAT-3", "ALR-5")
def test_two_loaders_at_once_with_the_same_reads_make_each_hit_once(watch, source, events):
    watch()
    reads = [prepared() for _ in range(30)]
    ready = threading.Barrier(2)

    def load(batch: list) -> None:
        ready.wait(10)
        store_now(source, *batch)
        connections.close_all()

    loaders = [threading.Thread(target=load, args=[batch]) for batch in (reads, reads[::-1])]
    for loader in loaders:
        loader.start()
    for loader in loaders:
        loader.join(30)
    assert Hit.objects.count() == Notification.objects.count() == len(events("hit.made")) == 30


@pytest.mark.req("ALR-5")
def test_a_late_read_is_a_hit_like_any_other(watch, load_read, now):
    watch()
    load_read(captured_at=now - timedelta(days=400))
    assert Hit.objects.count() == 1


@pytest.mark.req("QRY-2", "ALR-5")
@pytest.mark.parametrize("fields", [{"state": ""}, {"state": "PA"}, {"plate": "XYZ1235"}])
def test_another_plate_another_state_and_a_state_that_was_not_read_never_fire(watch, load_read, fields):
    watch()
    load_read(**fields)
    assert not Hit.objects.exists()


@pytest.mark.req("QRY-2")
def test_spelling_makes_no_difference_to_a_match(watch, load_read):
    watch(plate="xyz 12.34")
    load_read(plate="X-YZ1234")
    assert Hit.objects.count() == 1


@pytest.mark.req("ALR-7")
@pytest.mark.parametrize("change", [{"valid_until": None}, {"status": EntryStatus.EXPIRED}])
def test_an_entry_that_has_ended_does_not_match(watch, load_read, now, change):
    Entry.objects.filter(pk=watch().pk).update(**{name: value or now for name, value in change.items()})
    load_read()
    assert not Hit.objects.exists()


@pytest.mark.req("ALR-11")
@pytest.mark.parametrize("change", [{"is_active": False}, {"role": "agency_manager"}])
def test_entries_of_an_owner_who_may_not_ask_any_more_rest(watch, load_read, officer, officer2, change):
    watch(scope="users", users=[officer2])
    for name, value in change.items():
        setattr(officer, name, value)
    officer.save()
    load_read()
    assert not Hit.objects.exists()


@pytest.mark.req("ALR-4", "ALR-5")
def test_two_recipients_get_one_intent_each(watch, load_read, officer, officer2, agent):
    watch(scope="users", users=[officer2, officer])
    load_read()
    assert set(Notification.objects.values_list("recipient", flat=True)) == {officer.pk, officer2.pk}
    assert Notification.objects.count() == 2


@pytest.mark.req("ALR-4", "ACC-16")
def test_a_group_is_its_owner_and_members_until_it_ends(watch, load_read, officer, officer2, agent, now):
    group = _group(owner=officer2, members=[officer, agent])
    watch(scope="group", group=group)
    load_read()
    assert _told() == {officer.pk, officer2.pk, agent.pk}
    group.members.remove(agent)
    load_read()
    assert _told(newest=True) == {officer.pk, officer2.pk}
    group.ends_on = now.date()
    group.save()
    load_read()
    assert _told(newest=True) == {officer.pk}


@pytest.mark.req("ALR-4")
def test_the_whole_agency_is_everybody_who_may_ask(watch, load_read, officer, officer_chi, support, supervisor, manager,
                                                   auditor, operator, superuser):
    watch(scope="agency")
    load_read()
    assert _told() == {officer.pk, officer_chi.pk, support.pk, supervisor.pk}


@pytest.mark.req("ALR-11")
def test_a_recipient_whose_account_is_closed_gets_no_intent(watch, load_read, officer, officer2):
    watch(scope="users", users=[officer2])
    officer2.is_active = False
    officer2.save()
    load_read()
    assert _told() == {officer.pk}


@pytest.mark.req("ALR-11", "ACC-7")
def test_who_lacks_training_or_whose_course_has_lapsed_gets_no_intent_and_no_grace(
        watch, load_read, officer, officer2, agent, support, untrained):
    watch(scope="agency")
    for person, days_ago in ((officer2, 400), (agent, 0), (officer, 1)):
        lapse(person, days_ago=days_ago)
    load_read()
    assert _told() == {support.pk}
    # The owner's entries go on in the grace: for who is told, and for the owner's page later.
    assert Hit.objects.get().owner == officer


@pytest.mark.req("ALR-11", "ACC-7", "ACC-11")
def test_the_view_of_who_may_be_told_asks_what_the_gates_ask(officer, officer2, agent, support, untrained, supervisor, manager,
                                                            now):
    TrainingRecord.objects.filter(user=support).update(valid_until=None)
    lapse(officer2, days_ago=-1)
    lapse(agent, days_ago=0)
    User.objects.filter(pk=officer.pk).update(is_active=False)
    suspend(supervisor, by=manager)
    asked = {user.pk for user in User.objects.all() if may(user, Right.QUERY) and training.is_complete(user, now=now)
             and not standing.is_suspended(user, now=now)}
    assert set(Reader.objects.values_list("user_id", flat=True)) == asked == {officer2.pk, support.pk}


@pytest.mark.req("ACC-10")
def test_the_views_name_the_roles_that_may_ask():
    with connection.cursor() as cursor:
        for view in ("alerts_resting", "alerts_reader"):
            cursor.execute("SELECT pg_get_viewdef(%s::regclass)", [view])
            [(definition,)] = cursor.fetchall()
            named = {role for role in (*ASKERS, "agency_manager", "opr_auditor") if f"'{role}'" in definition}
            assert named == ASKERS


@pytest.mark.req("ALR-5")
def test_two_entries_of_one_plate_with_other_reasons_are_two_hits(watch, load_read, officer, officer2):
    watch()
    watch(owner=officer2, reason="SAFE")
    load_read()
    assert set(Hit.objects.values_list("owner", flat=True)) == {officer.pk, officer2.pk}


@pytest.mark.req("DAT-4", "ALR-5")
def test_a_read_whose_loading_is_under_way_when_the_entry_is_added_is_found_once(watch, source, events):
    read = prepared()
    with loading_held_open(source, read) as commit:
        threading.Timer(0.4, commit).start()
        entry = watch()
    [hit] = Hit.objects.all()
    assert (hit.record_id, hit.entry_id, hit.source) == (read.record_id, entry.pk, "Ohio toll road camera")
    assert Notification.objects.count() == len(events("hit.made")) == 1
    with databases.administrator() as administrator:
        [(payload,)] = administrator.execute("SELECT payload FROM audit.event WHERE kind = 'hit.made'").fetchall()
    assert payload == canonical.text(json.loads(payload))
    entry.refresh_from_db()
    assert entry.matched_back_at


def nothing_older_is_open() -> None:
    """Wait for the transactions of other tests on this server: while one is open that began before the read, it is news."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
        (next_one,) = cursor.fetchone()
    deadline = time.monotonic() + 30
    while matching.oldest_open_transaction() < next_one and time.monotonic() < deadline:
        time.sleep(0.05)


@pytest.mark.req("ALR-1")
def test_reads_that_were_stored_before_are_no_news(watch, source):
    store_now(source, prepared())
    nothing_older_is_open()
    watch()
    assert not Hit.objects.exists()


@pytest.mark.req("ALR-5")
def test_a_loading_that_hangs_keeps_nobody_waiting_and_the_sweeper_finds_its_read(watch, source, now, monkeypatch, events):
    monkeypatch.setattr(matching, "WAIT_MILLISECONDS", 200)
    read = prepared()
    with loading_held_open(source, read) as commit:
        entry = watch(now=now - timedelta(minutes=1))
        entry.refresh_from_db()
        assert entry.matched_back_at is None
        commit()
    assert matching.resume_activations(now=now) == 1
    assert matching.resume_activations(now=now) == 0
    assert Hit.objects.get().record_id == read.record_id
    assert events("entry.activation_resumed")[0]["details"]["entries"] == [str(entry.pk)]


@pytest.mark.req("ALR-5")
def test_a_process_that_died_between_adding_and_matching_back_is_made_up_for(watch, source, now, monkeypatch):
    read = prepared()
    with loading_held_open(source, read) as commit:
        with monkeypatch.context() as dying:
            dying.setattr(matching, "match_back_or_leave", lambda *, event: 0)
            watch(now=now - timedelta(minutes=1))
        commit()
    assert not Hit.objects.exists()
    matching.resume_activations(now=now)
    assert Hit.objects.get().record_id == read.record_id


@pytest.mark.req("BEY-3")
@pytest.mark.parametrize("kind", [Kind.ENTRY_REMOVED, Kind.QUERY_ATTEMPTED])
def test_no_other_event_opens_the_door_of_matching_back(watch, kind):
    entry = watch()
    event = record_durably(kind, entry=entry.pk)
    with pytest.raises(DatabaseError, match="activates no entry"):
        matching.match_back(event=event.id)


@pytest.mark.req("BEY-3")
def test_an_event_that_is_not_there_opens_nothing():
    with pytest.raises(DatabaseError, match="no committed event"):
        matching.match_back(event=uuid4())


@pytest.mark.req("BEY-3")
def test_the_loader_sees_no_case_text_and_no_people():
    for table in ("alerts_entry", "alerts_alertlist", "accounts_user"):
        with pytest.raises(DatabaseError), connections["loader"].cursor() as cursor:
            cursor.execute(f"SELECT * FROM {table}")
    connections["loader"].close()


def test_the_lock_of_the_function_is_that_of_the_loader():
    text = (matching.Path(matching.__file__).parent / "sql" / "match_back.sql").read_text()
    assert f"pg_advisory_xact_lock_shared({MATCHING_LOCK})" in text


@pytest.mark.req("ALR-8", "ALR-10")
def test_a_removal_waits_for_the_loading_under_way_and_leaves_nothing_of_its_hits(watch, source, officer, now):
    entry = watch()
    with loading_held_open(source, prepared()) as commit:
        threading.Timer(0.4, commit).start()
        entries.remove(entry=entry, by=officer, now=now)
    assert not Hit.objects.exists()
    assert not Notification.objects.exists()


def _noon():
    from datetime import UTC, datetime

    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _group(*, owner, members):
    from accounts.models import UserGroup

    group = UserGroup.objects.create(name="Case team", purpose="A case", owner=owner)
    group.members.set(members)
    return group


def _told(*, newest: bool = False) -> set[int]:
    intents = Notification.objects.all()
    if newest:
        intents = intents.filter(record_id=Hit.objects.latest("hit_at").record_id)
    return set(intents.values_list("recipient", flat=True))
