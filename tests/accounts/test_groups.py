"""User groups: owner, members across areas, purpose, end; leaving ends access by the next request (ACC-16)."""

from datetime import timedelta

import pytest

from accounts import groups
from accounts.models import UserGroup


@pytest.fixture
def group(officer, officer_chi, now) -> UserGroup:
    made = groups.create(owner=officer, name="Task force", purpose="Joint work", ends_on=(now + timedelta(days=30)).date())
    groups.add(group=made, by=officer, username="officer_chi")
    return made


def page(group: UserGroup) -> str:
    return f"/groups/{group.key}/"


@pytest.mark.req("ACC-16")
def test_an_officer_makes_a_group_and_adds_people_of_other_areas_by_name(officer, officer_chi, signed_in, events, now):
    client = signed_in(officer)
    ends_on = (now + timedelta(days=30)).date()
    answer = client.post("/groups/new/", {"name": "Task force", "purpose": "Joint work", "ends_on": ends_on.isoformat()})
    made = UserGroup.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, page(made))
    for _ in range(2):
        assert client.post(page(made), {"do": "add", "username": " OFFICER_CHI "}).status_code == 302
    assert (made.owner, made.ends_on, list(made.members.all())) == (officer, ends_on, [officer_chi])
    theirs = signed_in(officer_chi)
    assert "Task force" in theirs.get("/groups/").content.decode()
    assert "Joint work" in theirs.get(page(made)).content.decode()
    kinds = [event["kind"] for event in events() if event["kind"].startswith("group.")]
    assert kinds[:2] == ["group.created", "group.viewed"]
    [added] = events("group.member_added")
    assert (added["actor"], added["details"]) == ("officer", {"group": made.pk, "username": "officer_chi"})


@pytest.mark.req("ACC-16")
@pytest.mark.parametrize("who", ["manager", "auditor", "operator", "nobody", "officer"])
def test_only_people_who_query_are_members(who, group, officer, request, signed_in, events):
    if who != "nobody":
        request.getfixturevalue(who)
    answer = signed_in(officer).post(page(group), {"do": "add", "username": who})
    assert (answer.status_code, group.members.count()) == (400, 1)
    assert events("group.refused")[-1]["details"] == {"group": group.pk, "why": "not to be added"}


@pytest.mark.req("ACC-16")
@pytest.mark.parametrize("way", ["leave", "remove", "end", "close"])
def test_what_a_group_shares_is_closed_by_the_next_request(way, group, officer, officer_chi, signed_in, watch, events, now):
    watch(plate="XYZ1234", state="OH")
    theirs = signed_in(officer_chi)
    assert UserGroup.objects.of(officer_chi, now).exists()
    assert theirs.get(page(group)).status_code == 200
    if way == "leave":
        assert theirs.post(page(group), {"do": "leave"})["Location"] == "/groups/"
        assert [event["actor"] for event in events("group.member_left")] == ["officer_chi"]
    elif way == "remove":
        signed_in(officer).post(page(group), {"do": "remove", "member": officer_chi.pk})
        assert events("group.member_removed")[0]["details"] == {"group": group.pk, "username": "officer_chi"}
    elif way == "end":
        UserGroup.objects.update(ends_on=now.date())
    else:
        officer_chi.is_active = False
        officer_chi.save()
    if way == "close":
        assert theirs.get(page(group)).status_code == 302
        return
    assert not UserGroup.objects.of(officer_chi, now).exists()
    assert "Task force" not in theirs.get("/groups/").content.decode()
    assert theirs.get(page(group)).status_code == (200 if way == "end" else 404)


@pytest.mark.req("ACC-16")
def test_a_group_is_not_there_for_others_and_only_its_owner_changes_it(
    group, officer, officer_chi, officer2, signed_in, events, now,
):
    stranger, member = signed_in(officer2), signed_in(officer_chi)
    for body in ({"do": "add", "username": "officer2"}, {"do": "leave"}, {"do": "remove", "member": officer_chi.pk}):
        assert stranger.post(page(group), body).status_code == 404
    assert stranger.get(page(group)).status_code == 404
    assert member.get(f"/groups/{group.pk}/").status_code == 404, "no address counts groups"
    ends_on = (now + timedelta(days=5)).date().isoformat()
    for body in ({"do": "add", "username": "officer2"}, {"do": "remove", "member": officer_chi.pk},
                 {"do": "change", "purpose": "Mine", "ends_on": ends_on}):
        assert member.post(page(group), body).status_code == 403, body
    assert len(events("group.refused")) == 3
    group.refresh_from_db()
    assert (group.purpose, group.members.count()) == ("Joint work", 1)
    assert signed_in(officer).post(page(group), {"do": "change", "purpose": "More", "ends_on": ends_on}).status_code == 302
    assert events("group.changed")[0]["details"] == {"group": group.pk, "fields": ["purpose", "ends_on"]}
    for body in ({"do": "nothing"}, {"do": "remove", "member": "x"}, {}):
        assert signed_in(officer).post(page(group), body).status_code == 404


@pytest.mark.req("ACC-16")
@pytest.mark.parametrize("days", [-1, 0, 367])
def test_a_group_ends_after_today_and_within_a_year(days, officer, signed_in, now):
    ends_on = (now + timedelta(days=days)).date().isoformat()
    answer = signed_in(officer).post("/groups/new/", {"name": "X", "purpose": "Y", "ends_on": ends_on})
    assert (answer.status_code, UserGroup.objects.count()) == (400, 0)


@pytest.mark.req("ACC-16")
def test_two_groups_do_not_have_one_name(group, officer2, signed_in, now):
    ends_on = (now + timedelta(days=5)).date().isoformat()
    answer = signed_in(officer2).post("/groups/new/", {"name": "Task force", "purpose": "Y", "ends_on": ends_on})
    assert (answer.status_code, "Another group" in answer.content.decode()) == (400, True)


@pytest.mark.req("ACC-16", "ACC-10")
def test_groups_belong_to_those_who_query(manager, auditor, superuser, operator, signed_in):
    for person in (manager, auditor, superuser, operator):
        assert signed_in(person).get("/groups/").status_code == 403
