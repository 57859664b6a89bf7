"""A query is shared with a group: its members open it until they or the group leave (QRY-9, ACC-16)."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, connection

from accounts.models import UserGroup
from audit.events import Kind
from audit.record import record_durably
from tests.lpr.stored_reads import store_read
from tests.lpr.test_query_pages import ask, shown


@pytest.fixture
def browser(officer, signed_in):
    return signed_in(officer)


@pytest.fixture
def member(officer_chi, signed_in):
    return signed_in(officer_chi)


@pytest.fixture
def circle(officer, officer_chi):
    group = UserGroup.objects.create(name="Task force", purpose="Joint case", owner=officer)
    group.members.add(officer_chi)
    return group


def share(browser, address, circle):
    return browser.post(f"{address}share/", {"group": circle.pk})


@pytest.mark.req("ACC-16", "RES-7")
def test_the_photos_of_a_shared_query_close_for_who_has_left_the_group(browser, member, circle, load_read, events):
    load_read()
    address = ask(browser)
    share(browser, address, circle)
    [photo, *_] = re.findall(r'href="(/reads/[^"]+/photos/1/)"', shown(member, address))
    assert [member.get(photo + size).status_code for size in ("", "?size=thumb")] == [200, 200]
    circle.members.clear()
    assert [member.get(photo + size).status_code for size in ("", "?size=thumb")] == [404, 404]
    assert [event["actor"] for event in events("access.refused")] == ["officer_chi"] * 2
    [mine, *_] = re.findall(r'href="(/reads/[^"]+/photos/1/)"', shown(browser, address))
    assert browser.get(mine).status_code == 200


@pytest.mark.req("QRY-9", "ACC-16")
def test_members_open_a_shared_query_and_each_look_is_on_record_under_their_name(browser, member, circle, events):
    store_read()
    address = ask(browser)
    assert member.get(address).status_code == 404
    assert share(browser, address, circle).status_code == 303
    [event] = events("query.shared")
    assert (event["actor"], event["query"], event["details"]) == ("officer", address.split("/")[2],
                                                                 {"group": circle.pk, "name": "Task force"})
    assert "Shared with Task force" in shown(browser, address)
    assert "1 read found" in shown(member, address)
    assert events("query.viewed", actor="officer_chi")
    assert member.post(f"{address}again/").status_code == 200


@pytest.mark.req("QRY-9")
def test_shared_queries_stand_under_ones_own(browser, member, officer2, circle, signed_in):
    address = ask(browser)
    share(browser, address, circle)
    page = shown(member, "/queries/")
    assert "Shared with your groups" in page
    assert address in page
    assert "asked by officer" in page
    assert "Shared with your groups" not in shown(browser, "/queries/")
    assert address not in shown(signed_in(officer2), "/queries/")


@pytest.mark.req("QRY-9")
def test_shared_queries_are_found_by_plate_case_and_date_in_the_body(browser, member, circle, settings, events):
    settings.READS_PER_PAGE = 2
    addresses = [ask(browser, plate=plate, case_reference=case) for plate, case in (
        ("AAA111", "Lopez A123456789"), ("BBB222", "Doe 2026-4711"), ("CCC333", "Doe 2026-4712"))]
    for address in addresses:
        share(browser, address, circle)

    def found(**sent):
        answer = member.post("/queries/", sent)
        assert answer.status_code == 200
        return [number for number, address in enumerate(addresses) if address in answer.content.decode()]

    assert found() == [1, 2], "those shared last"
    assert "Older ones are found by" in shown(member, "/queries/")
    assert found(plate="aaa-111") == [0]
    assert found(case="DOE 2026") == [1, 2]
    assert found(case="lopez") == [0]
    today = datetime.now(UTC).date()
    assert found(asked_from=today - timedelta(days=1), plate="AAA111") == [0]
    assert found(asked_to=today - timedelta(days=2)) == []
    assert events("query.recalled", actor="officer_chi")[-1]["details"]["shared"] is True
    for wrong in ({"asked_from": "1900-01-01"}, {"asked_to": "9999-12-31"}, {"asked_from": today, "asked_to": "2026-02-01"}):
        assert member.post("/queries/", wrong).status_code == 400


@pytest.mark.req("QRY-9", "ACC-16")
@pytest.mark.parametrize("end", ["membership", "group", "sharing"])
def test_access_ends_by_the_next_request(browser, member, officer_chi, circle, events, end):
    address = ask(browser)
    share(browser, address, circle)
    assert member.get(address).status_code == 200
    if end == "membership":
        circle.members.remove(officer_chi)
    elif end == "group":
        circle.ends_on = datetime.now(UTC).date() - timedelta(days=1)
        circle.save()
    else:
        assert browser.post(f"{address}share/{circle.key}/end/").status_code == 303
        assert events("query.sharing_ended", actor="officer")
    assert member.get(address).status_code == 404
    assert address not in shown(member, "/queries/")


@pytest.mark.req("QRY-9", "AUD-12")
def test_only_the_asker_shares_and_only_with_a_group_of_theirs(browser, member, officer2, manager, circle, signed_in, events):
    address = ask(browser)
    stranger = signed_in(officer2)
    assert share(stranger, address, circle).status_code == 400
    foreign = UserGroup.objects.create(name="Other", purpose="Other", owner=officer2)
    assert share(stranger, address, foreign).status_code == 404
    assert share(browser, address, foreign).status_code == 400
    share(browser, address, circle)
    assert share(browser, address, circle).status_code == 303
    assert len(events("query.shared")) == 1
    assert member.post(f"{address}share/{circle.key}/end/").status_code == 404
    assert share(signed_in(manager), address, circle).status_code == 403
    assert stranger.get(address).status_code == 404


@pytest.mark.req("QRY-9", "BEY-3")
def test_the_door_of_shared_queries_asks_for_a_recall_of_the_reader(officer):
    look = record_durably(Kind.QUERY_VIEWED)
    with connection.cursor() as cursor, pytest.raises(DatabaseError):
        cursor.execute("SELECT * FROM store.shared_queries(%s::uuid, 10)", [look.id])
