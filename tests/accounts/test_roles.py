"""Roles hold what accounts/roles.py says and nothing else (ACC-10)."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.test import RequestFactory
from rest_framework.test import APIRequestFactory

from accounts.access import may_permission, private_page
from accounts.models import User
from accounts.roles import PERMISSIONS, RIGHTS, Right, Role, may

pytestmark = pytest.mark.usefixtures("database")


def installed() -> dict[str, set[str]]:
    return {group.name: {f"{app}.{code}" for app, code in
                         group.permissions.values_list("content_type__app_label", "codename")}
            for group in Group.objects.all()}


def promised() -> dict[str, set[str]]:
    return {role.value: {f"{app}.{action}_{model}" for name, actions in models.items()
                         for app, model in [name.split(".")] for action in actions}
            for role, models in PERMISSIONS.items()}


@pytest.mark.req("ACC-10")
def test_the_groups_in_the_database_are_the_roles_of_the_file():
    assert installed() == promised()
    assert set(PERMISSIONS) == set(Role)
    Group.objects.get(name=Role.OFFICER).permissions.add(Permission.objects.first())
    Group.objects.create(name="wizards")
    call_command("install_roles", verbosity=0)
    assert installed() == promised()


@pytest.mark.req("ACC-10")
def test_permissions_come_from_the_role_alone(officer, manager):
    group = Group.objects.get(name=Role.OPERATIONS)
    officer.groups.add(group)
    officer.user_permissions.add(Permission.objects.get(codename="change_user"))
    assert User.objects.get(pk=officer.pk).get_all_permissions() == set()
    assert manager.get_all_permissions() == promised()[Role.AGENCY_MANAGER]
    manager.is_active = False
    assert manager.get_all_permissions() == set()


@pytest.mark.req("ACC-10")
def test_nobody_deletes_in_the_back_office():
    assert not [name for names in promised().values() for name in names if ".delete_" in name]


@pytest.mark.req("ACC-10")
@pytest.mark.parametrize("role", [*Role, ""])
def test_only_the_named_roles_hold_a_right_and_superuser_status_holds_none(make_user, role):
    user = make_user("someone", role=role, is_superuser=True)
    for right in Right:
        assert may(user, right) == (role in RIGHTS[right])
    user.is_active = False
    assert not any(may(user, right) for right in Right)


@pytest.mark.req("ACC-10")
def test_a_superuser_opens_no_content(superuser, signed_in, events):
    client = signed_in(superuser)
    for path in ("/queries/", "/queries/new/", "/alerts/", "/alerts/hits/", "/audit/"):
        assert client.get(path).status_code == 403, path
    refused = events("access.refused", actor="superuser")
    assert len(refused) == 5
    assert {event["role"] for event in refused} == {"superuser"}


@pytest.mark.req("ACC-10")
def test_a_page_answers_403_to_a_role_without_the_right_and_keeps_the_refusal(officer, manager, signed_in, events):
    assert signed_in(officer).get("/queries/").status_code == 200
    assert signed_in(manager).get("/queries/").status_code == 403
    assert signed_in(officer).get("/audit/").status_code == 403
    assert [(event["actor"], event["details"]["route"]) for event in events("access.refused")] == [
        ("manager", "queries/"), ("officer", "audit/")]


@pytest.mark.req("ACC-10")
def test_the_api_asks_for_the_same_right(officer, auditor):
    request = APIRequestFactory().get("/")
    for user, allowed in ((officer, True), (auditor, False)):
        request.user = user
        assert may_permission(Right.QUERY)().has_permission(request, None) is allowed


@pytest.mark.req("RES-7")
def test_a_private_page_is_kept_by_no_cache():
    from django.http import HttpResponse

    answer = private_page(lambda request: HttpResponse("reads"))(RequestFactory().get("/"))
    assert (answer["Cache-Control"], answer["Vary"]) == ("no-store, private", "Cookie")
