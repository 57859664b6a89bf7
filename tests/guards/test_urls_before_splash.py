"""Signed in is not yet inside: before the rules of behavior are affirmed every address leads to them (ACC-8)."""

import pytest
from django.test import Client

from tests.guards import addresses
from tests.personas import RULES_PAGE, sign_in

# The page of the rules itself, their text, the way out, the help desk, and what needs no session.
OPEN = {"accounts:rules", "rules", "help:desk", "help:sent", "help:ticket", "help:follow", "accounts:login", "accounts:logout",
        "healthz", "readyz"}


@pytest.mark.req("ACC-8")
@pytest.mark.parametrize("persona", ["officer", "superuser"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_every_address_leads_to_the_rules_until_they_are_affirmed(persona, method, request):
    client = Client()
    sign_in(client, request.getfixturevalue(persona))
    let_through = []
    for address in addresses.every():
        if address.name in OPEN:
            continue
        answer = getattr(client, method)(address.path)
        if address.is_api:
            stopped = answer.status_code == 403 and answer.json()["type"] == "rules-not-accepted"
        else:
            stopped = answer.status_code == 302 and answer["Location"].startswith(RULES_PAGE)
        if not stopped:
            let_through.append((address.route, answer.status_code))
    assert not let_through
