"""Everything is denied unless opened: every address walked by somebody who is not signed in (ACC-1)."""

import pytest
from django.test import Client
from django.urls import resolve

from tests.guards import addresses

pytestmark = pytest.mark.usefixtures("database")
# What a stranger may open: the door itself, the request for an account, the way to a new password, the help desk, and what
# the machine's own watch asks.
OPEN = {"accounts:login", "accounts:recover", "accounts:request", "accounts:request_filed", "help:desk", "help:sent", "healthz",
        "readyz"}
REFUSED = {401, 403, 404, 405}
# The back office's own login only leads on to the one there is.
LOGIN_PAGES = ("/accounts/login/", "/admin/login/")


def test_the_walk_finds_every_view_by_an_example_of_its_address():
    found = addresses.every()
    assert len(found) > 50
    for address in found:
        assert resolve(address.path).route == address.route.replace("^", ""), address


@pytest.mark.req("ACC-1")
@pytest.mark.parametrize("method", ["get", "post", "put", "delete", "head", "options"])
def test_a_stranger_gets_the_login_page_or_a_refusal_at_every_address(method):
    client = Client()
    opened = []
    for address in addresses.every():
        if address.name in OPEN:
            continue
        answer = getattr(client, method)(address.path)
        to_login = answer.status_code in (301, 302) and answer["Location"].startswith(LOGIN_PAGES)
        if not to_login and answer.status_code not in REFUSED:
            opened.append((address.route, answer.status_code, answer.headers.get("Location", "")))
    assert not opened


@pytest.mark.req("ACC-1")
def test_the_back_office_has_no_login_of_its_own():
    for method in ("get", "post"):
        answer = getattr(Client(), method)("/admin/login/", {"username": "x", "password": "y"})
        assert (answer.status_code, answer["Location"].split("?")[0]) == (302, "/accounts/login/")


@pytest.mark.req("ACC-1")
def test_the_open_pages_are_open_and_there_are_no_others_of_these_names():
    client = Client()
    paths = {address.name: address.path for address in addresses.every() if address.name in OPEN}
    assert set(paths) == OPEN
    assert client.get(paths["accounts:login"]).status_code == 200
    assert client.get(paths["healthz"]).status_code == 200


@pytest.mark.req("ACC-1")
def test_the_api_refuses_in_the_shape_of_a_problem():
    client = Client()
    for address in addresses.every():
        if address.is_api and not address.name.startswith("api-docs"):
            answer = client.get(address.path)
            if answer.status_code in REFUSED:
                assert answer["Content-Type"] == "application/problem+json", address
