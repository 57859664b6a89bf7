"""Without a record of every course required of one's role nothing opens but the page that says which is missing (ACC-7)."""

import pytest

from tests.guards import addresses

OPEN = {"accounts:training", "accounts:rules", "rules", "help:desk", "help:sent", "help:ticket", "help:follow", "accounts:login",
        "accounts:logout", "healthz", "readyz"}


@pytest.mark.req("ACC-7")
@pytest.mark.parametrize("method", ["get", "post"])
def test_every_address_leads_to_what_is_missing(method, untrained, signed_in):
    client = signed_in(untrained)
    let_through = []
    for address in addresses.every():
        if address.name in OPEN:
            continue
        answer = getattr(client, method)(address.path)
        if address.is_api:
            stopped = answer.status_code == 403 and answer.json()["type"] == "training-missing"
        else:
            stopped = answer.status_code == 302 and answer["Location"].startswith("/accounts/training/")
        if not stopped:
            let_through.append((address.route, answer.status_code))
    assert not let_through


@pytest.mark.req("ACC-7")
def test_the_page_names_what_is_missing(untrained, signed_in):
    page = signed_in(untrained).get("/accounts/training/")
    assert page.status_code == 200
    assert "Lawful use of license plate reader data" in page.content.decode()
