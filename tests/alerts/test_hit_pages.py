"""The pages of hits: photos, place and source, for whom they may be shown, as long as they may be."""

import re

import pytest

from accounts.models import UserGroup
from alerts import entries, sharing
from alerts.models import Hit, Notification
from tests.factories.alerts import CASE
from tests.personas import lapse

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def browser(signed_in, officer):
    return signed_in(officer)


@pytest.mark.req("ALR-5", "ALR-9", "RES-1", "RES-5", "RES-7")
def test_the_page_of_hits_shows_photos_place_and_source_and_marks_them_seen(browser, watch, load_read, events):
    watch()
    load_read(address="12 Main St", intersection="Main St & 2nd Ave")
    answer = browser.get("/alerts/hits/")
    page = answer.content.decode()
    for said in ("XYZ1234", "12 Main St", "Main St &amp; 2nd Ave", "Ohio toll road camera", "Ford", "39.961200", CASE,
                 "Corroborate before any enforcement action", ">New<"):
        assert said in page
    assert "no-store" in answer["Cache-Control"]
    photos = re.findall(r'href="(/reads/[^"]+/photos/[12]/)"', page)
    assert [browser.get(photo).status_code for photo in photos] == [200, 200]
    assert Notification.objects.get().seen_at
    assert ">New<" not in browser.get("/alerts/hits/").content.decode()
    assert events("hits.viewed")[0]["details"]["hits"] == [str(Hit.objects.get().pk)]


@pytest.mark.req("ALR-4")
def test_a_recipient_sees_the_hit_and_not_the_case(signed_in, officer2, watch, load_read):
    watch(scope="users", users=[officer2])
    load_read()
    page = signed_in(officer2).get("/alerts/hits/").content.decode()
    assert "XYZ1234" in page
    assert "shared by officer" in page
    assert "12345678" not in page


@pytest.mark.req("ACC-16", "ALR-4")
def test_who_left_the_group_sees_its_hits_no_more(signed_in, officer, officer2, watch, load_read):
    group = UserGroup.objects.create(name="Case team", purpose="A case", owner=officer)
    group.members.add(officer2)
    watch(scope="group", group=group)
    load_read()
    colleague = signed_in(officer2)
    assert "XYZ1234" in colleague.get("/alerts/hits/").content.decode()
    group.members.clear()
    assert "XYZ1234" not in colleague.get("/alerts/hits/").content.decode()


@pytest.mark.req("ALR-11", "ACC-7", "RES-7")
def test_hits_of_the_days_after_a_course_lapsed_stand_on_the_owners_page_in_their_place(
        browser, officer, watch, load_read, settings):
    settings.READS_PER_PAGE = 2
    watch()
    for lapsed in (False, True, True, False, True):
        lapse(officer, days_ago=1 if lapsed else -300)
        load_read()
    lapse(officer, days_ago=-300)
    assert Notification.objects.count() == 2
    found, address = [], "/alerts/hits/"
    while address:
        page = browser.get(address).content.decode()
        found.append(re.findall(r'data-read-id="([^"]+)"', page))
        following = re.search(r'href="(/alerts/hits/\?before=[^"]+)"', page)
        address = following and following[1]
    assert [len(hits) for hits in found] == [2, 2, 1]
    assert [hit for hits in found for hit in hits] == [str(hit.pk) for hit in Hit.objects.order_by("-hit_at")]


@pytest.mark.req("ACC-16", "ALR-8", "RES-7")
def test_the_photos_of_a_hit_close_with_the_hit(signed_in, officer, officer2, watch, load_read, now, events):
    entry = watch(scope="users", users=[officer2])
    load_read()
    browsers = {person: signed_in(person) for person in (officer, officer2)}
    photos = {person: re.findall(r'href="(/reads/[^"]+/photos/1/)"', browser.get("/alerts/hits/").content.decode())[0]
              for person, browser in browsers.items()}

    def answers(person) -> list[int]:
        return [browsers[person].get(photos[person] + size).status_code for size in ("", "?size=thumb")]

    assert answers(officer2) == [200, 200]
    sharing.change(alert_list=entry.alert_list, by=officer, scope="self", now=now)
    assert answers(officer2) == [404, 404]
    assert [event["actor"] for event in events("access.refused")] == ["officer2"] * 2
    assert answers(officer) == [200, 200]
    entries.remove(entry=entry, by=officer, now=now)
    assert answers(officer) == [404, 404]
    assert len(events("photo.viewed")) == 2


@pytest.mark.req("ALR-5")
def test_hits_are_paged_newest_first_and_none_is_lost_between_pages(browser, watch, load_read, settings):
    settings.READS_PER_PAGE = 2
    watch()
    records = [str(load_read()) for _ in range(5)]
    address, seen = "/alerts/hits/", []
    while address:
        page = browser.get(address).content.decode()
        seen += re.findall(r'data-read-id="([^"]+)"', page)
        following = re.search(r'href="(/alerts/hits/\?before=[^"]+)"', page)
        address = following and following[1]
    by_hit = {str(hit.pk): str(hit.record_id) for hit in Hit.objects.all()}
    assert [by_hit[hit] for hit in seen] == records[::-1]
    assert browser.get("/alerts/hits/?before=nowhere").status_code == 404
