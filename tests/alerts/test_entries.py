"""Adding, renewing and removing entries: what is refused, what is recorded, and that nothing of a removed one remains."""

import threading
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, connections, transaction

from accounts.models import UserGroup
from alerts import entries, lists, overview
from alerts.models import AlertList, AlertPolicy, Entry, EntryStatus, Hit, Notification
from alerts.notifications import send_batch
from lpr import plates, states
from tests import traces
from tests.factories.alerts import CASE, a_year_after, loading_held_open, prepared

pytestmark = pytest.mark.usefixtures("database")
OTHER = {"plate": "ABC123", "state": "PA", "reason": "SAFE", "case_reference": CASE}


@pytest.mark.req("ALR-1", "ALR-2", "ALR-7", "ALR-9")
def test_an_added_entry_is_valid_for_one_year_and_on_record(watch, officer, officer2, now, events):
    entry = watch(for_whom="other", other_name="Agent Jane Roe", other_unit="Unit 7", scope="users", users=[officer2],
                  now=now)
    assert (entry.plate, entry.state, entry.status) == ("XYZ1234", "OH", EntryStatus.ACTIVE)
    assert entry.valid_until == a_year_after(now)
    [event] = events("entry.added")
    assert (event["plate"], event["state"], event["reason"], event["on_behalf_of"]) == (
        "XYZ1234", "OH", "CRIM", "Agent Jane Roe")
    details = event["details"]
    assert (details["entry"], details["list"], details["case_reference"], details["scope"]) == (
        str(entry.pk), str(entry.alert_list_id), CASE, "users")
    assert details["ongoing_investigation"] is True
    [made] = events("list.created")
    assert made["details"]["users"] == {str(officer2.pk): "officer2"}


@pytest.mark.req("ALR-2", "AUD-3")
def test_a_name_is_kept_and_recorded_as_names_are_compared(watch, events):
    entry = watch(for_whom="other", other_name=" Jose\u0301  Pe\u0301rez ")
    assert (entry.other_name, events("entry.added")[-1]["on_behalf_of"]) == ("José Pérez", "José Pérez")
    entries.refuse(entered={"for_whom": "other", "other_name": "Jane   Roe"}, errors={})
    assert events("entry.refused")[-1]["on_behalf_of"] == "Jane Roe"


@pytest.mark.req("ALR-8")
def test_the_name_of_a_single_plate_list_shows_neither_plate_nor_case(watch):
    name = watch().alert_list.name
    assert name.startswith("Alert of 20")
    assert not {"XYZ1234", "12345678", "Doe"} & set(name.split())


@pytest.mark.req("ALR-1")
def test_a_full_list_takes_no_further_plate_and_keeps_what_it_has(officer, now):
    AlertPolicy.objects.update(max_entries=3)
    team = lists.create(owner=officer, name="Team", now=now)
    for number in range(3):
        entries.add_to(alert_list=team, now=now, **OTHER | {"plate": f"ABC{number}"})
    with pytest.raises(entries.ListFull, match="3 entries"):
        entries.add_to(alert_list=team, now=now, **OTHER)
    assert team.entries.count() == 3


@pytest.mark.req("ALR-1")
def test_parallel_additions_never_pass_the_limit(officer, now):
    AlertPolicy.objects.update(max_entries=5)
    team = lists.create(owner=officer, name="Team", now=now)
    refused = []

    def add(number: int) -> None:
        try:
            entries.add_to(alert_list=team, now=now, **OTHER | {"plate": f"ABC{number}"})
        except entries.ListFull:
            refused.append(number)
        finally:
            connections.close_all()

    adding = [threading.Thread(target=add, args=[number]) for number in range(10)]
    for thread in adding:
        thread.start()
    for thread in adding:
        thread.join(30)
    assert (team.entries.count(), len(refused)) == (5, 5)


@pytest.mark.req("ALR-1")
def test_a_plate_stands_on_a_list_once(officer, now):
    team = lists.create(owner=officer, name="Team", now=now)
    entries.add_to(alert_list=team, now=now, **OTHER)
    with pytest.raises(entries.AlreadyListed):
        entries.add_to(alert_list=team, now=now, **OTHER | {"plate": "abc-123"})


@pytest.mark.req("ALR-2", "ALR-4")
@pytest.mark.parametrize(("fields", "refusal"), [
    ({"plate": "XYZ*"}, plates.PlateNotValid),
    ({"state": "ZZ"}, states.StateNotListed),
    ({"state": ""}, states.StateNotListed),
    ({"for_whom": "other", "other_name": " "}, entries.PersonNotNamed),
    ({"for_whom": "other", "other_name": "Roe\nBcc: x"}, entries.PersonNotNamed),
    ({"scope": "users"}, lists.RecipientsMissing),
    ({"scope": "group"}, lists.GroupNotAllowed),
    ({"name": "two\r\nlines"}, lists.NameNotValid),
])
def test_an_entry_that_is_not_whole_is_refused_and_leaves_nothing(watch, fields, refusal, events):
    with pytest.raises(refusal):
        watch(**fields)
    assert not AlertList.objects.exists()
    assert not Entry.objects.exists()
    assert not events("entry.added")


@pytest.mark.req("ALR-11", "ACC-10")
def test_nobody_is_told_whose_role_has_no_part_in_alerts(watch, manager, officer2):
    with pytest.raises(lists.RecipientNotAllowed):
        watch(scope="users", users=[manager])
    officer2.is_active = False
    officer2.save()
    with pytest.raises(lists.RecipientNotAllowed):
        watch(scope="users", users=[officer2])


@pytest.mark.req("ACC-16")
def test_a_group_that_one_is_not_in_or_that_has_ended_is_refused(watch, officer, officer2, now):
    group = UserGroup.objects.create(name="Others", purpose="A case", owner=officer2)
    with pytest.raises(lists.GroupNotAllowed):
        watch(scope="group", group=group)
    group.members.add(officer)
    assert watch(scope="group", group=group).alert_list.group == group
    group.ends_on = now.date()
    group.save()
    with pytest.raises(lists.GroupNotAllowed):
        watch(scope="group", group=group)


@pytest.mark.req("ALR-7", "ALR-9")
def test_a_renewal_counts_a_year_from_its_day(watch, officer, now, events):
    entry = watch(now=now - timedelta(days=360))
    renewed = entries.renew(entry=entry, by=officer, need_confirmed=True, note="Trial goes on", now=now)
    assert renewed.valid_until == a_year_after(now)
    [event] = events("entry.renewed")
    assert (event["plate"], event["reason"], event["details"]["note"]) == ("XYZ1234", "CRIM", "Trial goes on")


@pytest.mark.req("ALR-7")
@pytest.mark.parametrize(("added", "until"), [
    ("2027-03-01 12:00", "2028-03-01 12:00"), ("2028-02-29 12:00", "2029-02-28 12:00"), ("2026-11-30 00:00", "2027-11-30 00:00"),
    ("2027-02-28 22:00", "2028-02-28 22:00"), ("2026-03-10 02:30", "2027-03-10 02:30"),
])
def test_a_year_ends_on_the_same_day_and_hour_of_the_owners_calendar(watch, officer, added, until):
    zone = ZoneInfo("America/New_York")
    added_at, ends_at = (datetime.fromisoformat(text).replace(tzinfo=zone) for text in (added, until))
    entry = watch(now=added_at)
    assert entry.valid_until == ends_at
    later = added_at + timedelta(days=360)
    renewed = entries.renew(entry=entry, by=officer, need_confirmed=True, note="Goes on", now=later)
    assert renewed.valid_until == a_year_after(later)


@pytest.mark.req("ALR-7")
@pytest.mark.parametrize(("days", "is_possible"), [(0, True), (6, True), (7, False), (35, False)])
def test_an_entry_can_be_renewed_for_a_week_after_its_end(watch, officer, now, days, is_possible):
    entry = watch(now=now - timedelta(days=400))
    Entry.objects.filter(pk=entry.pk).update(valid_until=now - timedelta(days=days))
    if not is_possible:
        with pytest.raises(entries.GraceOver):
            entries.renew(entry=entry, by=officer, need_confirmed=True, note="Goes on", now=now)
        return
    assert not Entry.objects.matching(now).exists()
    entries.renew(entry=entry, by=officer, need_confirmed=True, note="Goes on", now=now)
    assert Entry.objects.matching(now).exists()


@pytest.mark.req("ALR-7", "DAT-4")
def test_a_renewal_in_the_week_after_the_end_finds_the_read_whose_loading_is_under_way(watch, source, officer, now):
    entry = watch(now=now - timedelta(days=366))
    read = prepared()
    with loading_held_open(source, read) as commit:
        threading.Timer(0.4, commit).start()
        entries.renew(entry=entry, by=officer, need_confirmed=True, note="Goes on", now=now)
    assert Hit.objects.get().record_id == read.record_id


@pytest.mark.req("ALR-7", "ALR-9")
@pytest.mark.parametrize(("said", "refusal"), [
    ({"need_confirmed": False, "note": "Goes on"}, entries.NeedNotConfirmed),
    ({"need_confirmed": True, "note": "  "}, entries.NoteMissing),
])
def test_a_renewal_needs_the_affirmation_and_a_note(watch, officer, now, said, refusal):
    entry = watch()
    with pytest.raises(refusal):
        entries.renew(entry=entry, by=officer, now=now, **said)


@pytest.mark.req("ALR-10")
def test_nobody_renews_or_removes_another_users_entry(watch, officer2, now):
    entry = watch()
    with pytest.raises(entries.EntryNotFound):
        entries.renew(entry=entry, by=officer2, need_confirmed=True, note="Mine", now=now)
    with pytest.raises(entries.EntryNotFound):
        entries.remove(entry=entry, by=officer2, now=now)
    assert Entry.objects.exists()


@pytest.mark.req("ALR-8", "ALR-9", "ALR-10")
def test_nothing_of_a_removed_entry_remains_but_the_log(watch, load_read, officer, officer2, now, events):
    canary = "CANARY77"
    entry = watch(plate=canary, scope="users", users=[officer2], for_whom="other", other_name="Quasimodo Roe",
                  case_reference="Subject name Zebedee Doe, case number 99887766")
    load_read(plate=canary)
    send_batch(now=now + timedelta(minutes=1))
    load_read(plate=canary)
    entries.remove(entry=entry, by=officer, note="Case closed", now=now)
    assert traces.in_tables(canary, "Zebedee", "99887766", "Quasimodo", str(entry.pk)) == []
    [event] = events("entry.removed")
    assert (event["plate"], event["reason"], event["details"]["note"]) == (canary, "CRIM", "Case closed")
    with pytest.raises(entries.EntryNotFound):
        entries.remove(entry=entry, by=officer, now=now)
    assert len(events("entry.removed")) == 1


@pytest.mark.req("ALR-10")
def test_plates_are_removed_in_bulk_one_event_each_and_a_named_list_stays(officer, officer2, watch, now, events):
    team = lists.create(owner=officer, name="Team", now=now)
    mine = [entries.add_to(alert_list=team, now=now, **OTHER | {"plate": f"ABC{number}"}) for number in range(3)]
    foreign = watch(owner=officer2)
    removed = entries.remove_many(entries=[mine[0].pk, mine[1].pk, foreign.pk], by=officer, now=now)
    assert removed == 2
    assert {entry.plate for entry in Entry.objects.all()} == {"ABC2", "XYZ1234"}
    assert {event["plate"] for event in events("entry.removed")} == {"ABC0", "ABC1"}
    assert AlertList.objects.filter(pk=team.pk).exists()


@pytest.mark.req("ALR-8")
def test_a_single_plate_list_goes_with_its_entry(watch, officer, now, events):
    entries.remove(entry=watch(), by=officer, now=now)
    assert not AlertList.objects.exists()
    assert len(events("list.deleted")) == 1


@pytest.mark.req("ALR-3")
def test_one_finds_a_plate_in_ones_own_lists_alone(watch, officer, officer2, now, events):
    mine = watch()
    watch(owner=officer2)
    assert entries.find(owner=officer, plate="xyz 1234", now=now) == [mine]
    assert events("entries.searched")[0]["plate"] == "XYZ1234"


@pytest.mark.req("ALR-7")
def test_entries_to_renew_are_those_of_the_last_two_weeks_and_the_week_of_grace(watch, officer, now):
    for days in (300, 355, 368, 380):
        watch(plate=f"DAY{days}", now=now - timedelta(days=days))
    assert [(entry.plate, entry.is_expired) for entry in overview.to_renew(user=officer, now=now)] == [
        ("DAY368", True), ("DAY355", False)]


@pytest.mark.parametrize("change", [{"plate": "xyz"}, {"plate": "AB*"}, {"state": ""}, {"status": "asleep"}])
def test_the_database_itself_refuses_what_no_entry_may_be(watch, change):
    entry = watch()
    with pytest.raises(IntegrityError), transaction.atomic():
        Entry.objects.filter(pk=entry.pk).update(**change)


def test_the_database_keeps_one_hit_for_entry_and_read_and_one_intent_for_each_recipient(watch, load_read):
    watch()
    load_read()
    for row in (Hit.objects.get(), Notification.objects.get()):
        row.pk = None
        with pytest.raises(IntegrityError), transaction.atomic():
            row.save(force_insert=True)
