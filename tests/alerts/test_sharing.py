"""Who is told of a list changes while it lives, and one hit is shown to others on the case."""

from datetime import UTC, datetime

import pytest
from django.core import mail

from accounts.models import User, UserGroup
from alerts import entries, lists, notifications, sharing
from alerts.models import AlertList, Hit, Notification, NotificationKind
from tests.personas import lapse, suspend

pytestmark = pytest.mark.usefixtures("database")


@pytest.mark.req("ALR-4", "ALR-9")
def test_who_is_told_of_a_list_changes_from_now_on(watch, load_read, officer, officer2, agent, now, signed_in, events):
    entry = watch()
    load_read()
    browser = signed_in(officer)
    address = f"/alerts/{entry.alert_list_id}/sharing/"
    assert browser.get(address).status_code == 200
    answer = browser.post(address, {"scope": "users", "users": "officer2, agent"})
    assert (answer.status_code, answer["Location"]) == (303, f"/alerts/{entry.alert_list_id}/")
    load_read()
    assert {item.recipient for item in Notification.objects.all()} == {officer, officer2, agent}
    assert Notification.objects.filter(recipient=officer2).count() == 1
    sharing.change(alert_list=entry.alert_list, by=officer, scope="self", now=now)
    assert "XYZ1234" not in signed_in(officer2).get("/alerts/hits/").content.decode()
    changed = [event["details"] for event in events("list.shared")]
    assert (changed[0]["before"]["scope"], set(changed[0]["after"]["users"].values())) == ("self", {"officer2", "agent"})
    assert changed[1]["after"] == {"scope": "self", "collapse_minutes": 0}


@pytest.mark.req("ALR-4", "ACC-16")
@pytest.mark.parametrize("fields", [{"scope": "users", "users": "manager"}, {"scope": "users"}, {"scope": "everybody"},
                                    {"scope": "group", "group": "Not mine"}])
def test_a_scope_that_may_not_be_changes_nothing_and_is_on_record(watch, officer, officer2, manager, signed_in, fields, events):
    UserGroup.objects.create(name="Not mine", purpose="A case", owner=officer2)
    entry = watch()
    assert signed_in(officer).post(f"/alerts/{entry.alert_list_id}/sharing/", fields).status_code == 400
    assert AlertList.objects.get().scope == "self"
    assert events("entry.refused")
    assert signed_in(officer2).post(f"/alerts/{entry.alert_list_id}/sharing/", {"scope": "agency"}).status_code == 404


@pytest.mark.req("ALR-4", "ALR-9")
def test_a_shared_hit_is_told_by_mail_and_shown_without_the_case(watch, load_read, officer, officer2, signed_in, events):
    watch(case_reference="Subject Max Mustermann, case 555777")
    load_read()
    load_read()
    hit = Hit.objects.earliest("hit_at")
    browser = signed_in(officer)
    assert f"/alerts/hits/{hit.pk}/share/" in browser.get("/alerts/hits/").content.decode()
    assert browser.post(f"/alerts/hits/{hit.pk}/share/", {"users": "officer2"}).status_code == 303
    intent = Notification.objects.get(recipient=officer2)
    assert (intent.kind, intent.record_id) == (NotificationKind.SHARED, hit.record_id)
    notifications.send_batch(now=datetime.now(UTC))
    [message] = [message for message in mail.outbox if message.to == [officer2.email]]
    assert "officer shares a hit" in message.body
    assert "XYZ1234" in message.body
    assert "555777" not in message.body
    page = signed_in(officer2).get("/alerts/hits/").content.decode()
    assert page.count('class="read"') == 1
    assert "555777" not in page
    assert "/share/" not in page
    [event] = events("hit.shared")
    assert (event["plate"], event["details"]["users"]) == ("XYZ1234", {str(officer2.pk): "officer2"})


@pytest.mark.req("ALR-4", "ALR-9")
def test_who_is_not_told_of_the_list_any_more_is_told_of_a_hit_again(watch, load_read, officer, officer2, now, signed_in, events):
    entry = watch(scope="users", users=[officer2])
    load_read()
    hit, browser = Hit.objects.get(), signed_in(officer)
    sharing.change(alert_list=entry.alert_list, by=officer, scope="self", now=now)
    assert not Hit.objects.visible_to(officer2).exists()
    assert browser.post(f"/alerts/hits/{hit.pk}/share/", {"users": "officer2"}).status_code == 303
    assert Hit.objects.visible_to(officer2).get() == hit
    assert Notification.objects.get(recipient=officer2, kind=NotificationKind.SHARED).record_id == hit.record_id
    assert events("hit.shared")
    # Told of the list again, they see it once.
    sharing.change(alert_list=entry.alert_list, by=officer, scope="agency", now=now)
    assert signed_in(officer2).get("/alerts/hits/").content.decode().count('class="read"') == 1


@pytest.mark.req("ALR-4", "ALR-9")
def test_a_hit_that_everybody_named_knows_is_not_said_to_be_shared(watch, load_read, officer, officer2, agent, signed_in, events):
    watch(scope="users", users=[officer2])
    load_read()
    hit, browser = Hit.objects.get(), signed_in(officer)
    for users in ("officer2", "officer", "officer, officer2"):
        answer = browser.post(f"/alerts/hits/{hit.pk}/share/", {"users": users})
        assert (answer.status_code, "was told of this hit already" in answer.content.decode()) == (400, True)
    assert not events("hit.shared")
    assert len(events("entry.refused")) == 3
    assert browser.post(f"/alerts/hits/{hit.pk}/share/", {"users": "officer2, agent"}).status_code == 303
    assert Notification.objects.get(kind=NotificationKind.SHARED).recipient == agent


@pytest.mark.req("ALR-4", "ALR-11")
def test_a_hit_is_shared_by_its_owner_with_those_who_may_be_told(watch, load_read, officer, officer2, manager, agent, now,
                                                                     signed_in):
    entry = watch(scope="users", users=[officer2])
    load_read()
    hit = Hit.objects.get()
    assert signed_in(officer2).post(f"/alerts/hits/{hit.pk}/share/", {"users": "agent"}).status_code == 404
    for users in ("", "manager", "nobody"):
        assert signed_in(officer).post(f"/alerts/hits/{hit.pk}/share/", {"users": users}).status_code == 400
    assert sharing.show_hit(hit=hit, by=officer, users=[officer2, agent], now=now) == 1
    User.objects.filter(pk=agent.pk).update(is_active=False)
    notifications.send_batch(now=datetime.now(UTC))
    assert agent.email not in [address for message in mail.outbox for address in message.to]
    entries.remove(entry=entry, by=officer, now=now)
    assert not Notification.objects.exists()
    with pytest.raises(lists.RecipientsMissing):
        sharing.show_hit(hit=hit, by=officer, users=[], now=now)


@pytest.mark.req("ALR-4", "ALR-11", "ACC-7", "ACC-11")
def test_nobody_is_named_or_sees_a_hit_who_is_suspended_or_lacks_training(watch, load_read, officer, officer2, agent, untrained,
                                                                          manager, now, signed_in, events):
    watch(scope="users", users=[officer2])
    load_read()
    hit = Hit.objects.get()
    sharing.show_hit(hit=hit, by=officer, users=[agent], now=now)
    other = watch(plate="AAA1")
    suspend(officer2, by=manager)
    lapse(agent, days_ago=0)
    for person in (officer2, agent, untrained):
        assert not Hit.objects.visible_to(person).exists()
        answer = signed_in(officer).post(f"/alerts/hits/{hit.pk}/share/", {"users": person.username})
        assert (answer.status_code, "cannot be told" in answer.content.decode()) == (400, True)
        answer = signed_in(officer).post(f"/alerts/{other.alert_list_id}/sharing/", {"scope": "users", "users": person.username})
        assert answer.status_code == 400
    assert len(events("entry.refused")) == 6


@pytest.mark.req("ALR-4", "ALR-9", "ALR-11", "ACC-7")
def test_a_colleague_whose_training_lapsed_stays_named_and_blocks_no_change(watch, load_read, officer, officer2, agent, untrained,
                                                                            signed_in, events):
    entry = watch(scope="users", users=[officer2])
    lapse(officer2, days_ago=1)
    browser, address = signed_in(officer), f"/alerts/{entry.alert_list_id}/sharing/"
    assert browser.post(address, {"scope": "users", "users": "officer2, untrained"}).status_code == 400
    assert browser.post(address, {"scope": "users", "users": "officer2, agent"}).status_code == 303
    assert set(entry.alert_list.users.all()) == {officer2, agent}
    assert set(events("list.shared")[0]["details"]["after"]["users"].values()) == {"officer2", "agent"}
    load_read()
    assert not Notification.objects.filter(recipient=officer2).exists()
    # Taken off the list, they are asked about like anybody else.
    assert browser.post(address, {"scope": "users", "users": "agent"}).status_code == 303
    assert browser.post(address, {"scope": "users", "users": "officer2, agent"}).status_code == 400


@pytest.mark.req("ALR-4")
def test_users_of_another_area_are_told_and_see_the_hit_without_the_case(watch, load_read, officer_chi, signed_in):
    watch(scope="users", users=[officer_chi])
    load_read()
    while notifications.send_batch(now=datetime.now(UTC)):
        pass
    assert [officer_chi.email] in [message.to for message in mail.outbox]
    page = signed_in(officer_chi).get("/alerts/hits/").content.decode()
    assert "XYZ1234" in page
    assert "12345678" not in page
