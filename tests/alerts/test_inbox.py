"""The inbox: everything that one is told of beside hits, what is new, and mails that did not arrive."""

import re
import smtplib
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User, UserGroup
from alerts import entries, expiry, handover, hits, inbox, notifications, sharing
from alerts.models import AlertList, Handover, Hit, Notification
from audit import context
from lpr.models import CorrectionNotice, ErrorReport
from tests.alerts.test_notifications import Failing
from tests.lpr.test_query_pages import ask

pytestmark = pytest.mark.usefixtures("database")


def new_notices(page: str) -> str:
    """What the navigation says is new behind "Notices"."""
    [link] = re.findall(r'<a href="/alerts/inbox/"[^>]*>(.*?)</a>', page, re.S)
    return "".join(re.findall(r"mainnav__new\">(\S+?)<", link))


@pytest.fixture
def browser(signed_in, officer):
    return signed_in(officer)


@pytest.mark.req("ALR-6", "ALR-9")
def test_deconfliction_stands_there_and_counts_as_new_until_it_is_read(browser, watch, officer2, events):
    for _ in range(2):
        watch(owner=officer2)
    mine = watch()
    assert new_notices(browser.get("/").content.decode()) == "1"
    page = browser.get("/alerts/inbox/").content.decode()
    assert page.count("Officer2 (officer2)") == 1
    assert mine.alert_list.name in page
    assert "12345678" not in page
    assert new_notices(browser.get("/").content.decode()) == ""
    [event] = events("notification.viewed")
    assert (event["actor"], event["details"]["count"], event["details"]["entries"]) == ("officer", 1, [str(mine.pk)])


@pytest.mark.req("ALR-7")
def test_the_prompts_of_one_day_are_one_notice_that_leads_to_the_renewals(browser, watch, officer, now):
    for number in range(12):
        watch(plate=f"LOT{number:02}", now=now - timedelta(days=352))
    expiry.age(now=now)
    assert inbox.unread(user=officer, now=now) == 1
    page = browser.get("/alerts/inbox/").content.decode()
    assert "12 plates" in page
    assert "And 2 more" in page
    assert "/alerts/renewals/" in page


@pytest.mark.req("ALR-4")
def test_a_shared_hit_stands_there_without_the_case_and_leads_to_the_hit(signed_in, watch, load_read, officer, officer2, now):
    watch()
    load_read()
    hit = Hit.objects.get()
    with context.acting(context.actor_of(officer)):
        sharing.show_hit(hit=hit, by=officer, users=[officer2], now=now)
    reader = signed_in(officer2)
    page = reader.get("/alerts/inbox/").content.decode()
    assert "XYZ1234" in page
    assert "by officer" in page
    assert "12345678" not in page
    assert reader.get(f"/alerts/hits/{hit.pk}/").status_code == 200


@pytest.mark.req("ALR-11")
def test_lists_that_were_taken_over_stand_there(signed_in, watch, officer, officer2, manager, now):
    watch(name="Harbor case")
    User.objects.filter(pk=officer.pk).update(is_active=False)
    handover.keep_time(now=now)
    with context.acting(context.actor_of(manager)):
        handover.name_successor(handover=Handover.objects.get(), successor="officer2", by=manager, now=now)
    assert inbox.unread(user=officer2, now=now) == 1
    page = signed_in(officer2).get("/alerts/inbox/").content.decode()
    assert "handed over to you" in page
    assert "Harbor case" in page
    entries.remove_many(entries=[row.pk for row in AlertList.objects.get().entries.all()], by=officer2, now=now)
    assert not Notification.objects.exists()


@pytest.mark.req("ALR-5")
def test_a_mail_that_was_given_up_is_told_with_the_servers_answer(browser, watch, load_read, settings, now, officer):
    watch()
    load_read()
    browser.get("/alerts/hits/")
    assert inbox.unread(user=officer, now=now) == 0
    settings.EMAIL_BACKEND = "tests.alerts.test_notifications.Failing"
    Failing.errors = [smtplib.SMTPDataError(552, b"mailbox full")] * 5
    for hour in range(1, 7):
        notifications.send_batch(now=now + timedelta(hours=hour))
    assert new_notices(browser.get("/").content.decode()) == "1"
    page = browser.get("/alerts/inbox/").content.decode()
    assert "Mail not delivered" in page
    assert "mailbox full" in page
    assert inbox.unread(user=officer, now=now) == 0
    assert "mailbox full" in browser.get("/alerts/hits/").content.decode()


@pytest.mark.req("ALR-5", "BEY-7")
def test_corrections_and_new_hits_are_counted_in_the_navigation(browser, watch, load_read, officer, now):
    watch()
    read = load_read()
    report = ErrorReport.objects.create(reported=read, record_id=read, kind="plate", reporter=officer, reported_at=now)
    CorrectionNotice.objects.create(report=report, recipient=officer, made_at=now)
    home = browser.get("/").content.decode()
    for place, label in (("/alerts/hits/", "Hits"), ("/reads/notices/", "Corrections")):
        assert re.search(rf'<a href="{place}"[^>]*>{label} <span class="mainnav__new">1<', home)
    assert "See what was corrected" in browser.get("/alerts/inbox/").content.decode()


@pytest.mark.req("ALR-5")
def test_notices_are_paged_newest_first_and_none_is_lost(browser, watch, officer2, settings):
    settings.READS_PER_PAGE = 2
    for number in range(5):
        watch(plate=f"LOT{number}", owner=officer2)
        watch(plate=f"LOT{number}")
    found, place = [], "/alerts/inbox/"
    while place:
        page = browser.get(place).content.decode()
        found += re.findall(r"LOT\d", page)
        following = re.search(r'href="(\?before=[^"]+)"', page)
        place = f"/alerts/inbox/{following[1]}" if following else ""
    assert sorted(set(found)) == [f"LOT{number}" for number in range(5)]
    assert browser.get("/alerts/inbox/?before=nonsense").status_code == 404


@pytest.mark.req("ALR-8")
def test_what_was_removed_leaves_no_notice(browser, watch, officer, officer2, load_read, now):
    watch(owner=officer2)
    mine = watch()
    load_read()
    expiry.age(now=now + timedelta(days=360))
    entries.remove(entry=mine, by=officer, now=now)
    assert inbox.unread(user=officer, now=now) == 0
    assert "XYZ1234" not in browser.get("/alerts/inbox/").content.decode()
    assert not Notification.objects.filter(recipient=officer).exists()


@pytest.mark.req("ACC-10")
def test_each_sees_their_own_notices_and_a_role_without_alerts_none(signed_in, watch, officer2, agent, manager, events):
    watch(owner=officer2)
    watch()
    assert "officer2" not in signed_in(agent).get("/alerts/inbox/").content.decode()
    assert signed_in(manager).get("/alerts/inbox/").status_code == 403
    assert [event["actor"] for event in events("access.refused")] == ["manager"]


@pytest.mark.req("ALR-5")
def test_a_mail_leads_to_its_one_hit_and_marks_it_seen(browser, signed_in, watch, load_read, officer2, events):
    watch()
    load_read()
    hit = Hit.objects.get()
    page = browser.get(f"/alerts/hits/{hit.pk}/")
    assert page.status_code == 200
    assert "no-store" in page["Cache-Control"]
    assert "/photos/1/" in page.content.decode()
    assert Notification.objects.get().seen_at
    assert events("hits.viewed")[-1]["details"]["hits"] == [str(hit.pk)]
    assert signed_in(officer2).get(f"/alerts/hits/{hit.pk}/").status_code == 404


@pytest.mark.req("QRY-9", "ACC-16")
def test_a_query_shared_with_a_group_stands_in_the_inbox_of_its_members_alone(signed_in, officer, officer2, agent, events):
    circle = UserGroup.objects.create(name="Task force", purpose="Joint case", owner=officer)
    circle.members.add(officer2)
    asker, member = signed_in(officer), signed_in(officer2)
    address = ask(asker)
    asker.post(f"{address}share/", {"group": circle.pk})
    assert new_notices(member.get("/").content.decode()) == "1"
    page = member.get("/alerts/inbox/").content.decode()
    assert "Officer (officer), with Task force" in page
    assert f'href="{address}"' in page
    assert "XYZ1234" not in page
    assert "12345678" not in page
    assert events("notification.viewed", actor="officer2")[0]["details"]["queries"] == [address.split("/")[2]]
    assert new_notices(member.get("/").content.decode()) == ""
    assert member.get(address).status_code == 200
    for other in (asker, signed_in(agent)):
        assert "Task force" not in other.get("/alerts/inbox/").content.decode()
    circle.members.remove(officer2)
    assert "Task force" not in member.get("/alerts/inbox/").content.decode()


@pytest.mark.req("ALR-5", "ALR-9")
def test_everything_is_marked_as_read_in_one_step_and_nothing_of_others(browser, signed_in, watch, load_read, officer, officer2,
                                                                        manager, now, events):
    watch(owner=officer2)
    watch()
    load_read()
    circle = UserGroup.objects.create(name="Task force", purpose="Joint case", owner=officer2)
    circle.members.add(officer)
    colleague = signed_in(officer2)
    colleague.post(f"{ask(colleague)}share/", {"group": circle.pk})
    later = timezone.now()
    assert (inbox.unread(user=officer, now=later), hits.unseen(user=officer)) == (2, 1)
    answer = browser.post("/alerts/inbox/read/")
    assert (answer.status_code, answer["Location"]) == (303, "/alerts/inbox/")
    assert (inbox.unread(user=officer, now=later), hits.unseen(user=officer), hits.unseen(user=officer2)) == (0, 0, 1)
    assert browser.post("/alerts/inbox/read/").status_code == 303
    assert [event["details"].get("count", 0) for event in events("notification.all_read", actor="officer")] == [2, 0]
    assert "Mark all as read" not in browser.get("/alerts/inbox/").content.decode()
    assert "Mark all as read" in colleague.get("/alerts/inbox/").content.decode()
    assert browser.get("/alerts/inbox/read/").status_code == 405
    assert signed_in(manager).post("/alerts/inbox/read/").status_code == 403
