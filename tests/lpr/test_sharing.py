"""A query is shared with a group: its members open it until they or the group leave (QRY-9, ACC-16)."""

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
