"""Reads are found by one exact plate and by nothing else: no pattern, part of a plate, place, person or thing (LIM-1).

Every address, every call of the API, the whole back office and every command is tried with parts of plates, wildcards, places and
names; and the database itself is asked whether any of its doors takes such a thing at all.
"""

import argparse
import json

import pytest
from django.core.management import get_commands, load_command_class
from django.test import Client

from config import databases
from tests.factories.alerts import CASE
from tests.guards import addresses
from tests.lpr.stored_reads import add_source, store_read

pytestmark = [pytest.mark.req("LIM-1"), pytest.mark.usefixtures("database")]
OURS = ("accounts", "alerts", "audit", "config", "lpr")
PARTS = ("QZX77", "ZX7788", "QZX%", "QZX_788", "QZX*", "Q?X7788", "^QZX.*", "QZX7788' OR '1'='1")
# What only the stored read holds: wherever it shows, a search has found it.
CANARIES = ("Zaporozhets", "Canaria 900", "Gate Serinus", "17 Serinus Lane", "Serinus & Finch")
NAMES = ("q", "s", "search", "query", "plate", "plate__startswith", "plate__icontains", "plate__regex", "state", "place",
         "place_state", "address", "near_address", "intersection", "camera", "source", "source_kind", "make", "model", "name",
         "user", "subject", "person", "near", "bbox", "order_by", "ordering", "filter", "fields", "format", "page", "page_size",
         "limit", "all", "read", "record_id", "captured_from", "captured_to")
PLACES = {"address": "17 Serinus Lane", "near_address": "17 Serinus Lane, Columbus", "intersection": "Serinus & Finch",
          "camera": "Gate Serinus", "source": "canary", "make": "Zaporozhets", "model": "Canaria 900", "name": "Zaporozhets",
          "near_latitude": "39.96", "near_longitude": "-83.0", "near_radius_km": "5", "geo_state": "OH", "state": "OH",
          "bbox": "-83.01,39.95,-82.99,39.97", "user": "officer", "q": "Serinus", "s": "Serinus"}
ENDS_THE_SESSION = {"accounts:logout", "admin:logout"}


@pytest.fixture(autouse=True)
def canary():
    add_source("canary", label="Canary toll road camera")
    return store_read(plate="QZX7788", source="canary", make="Zaporozhets", model="Canaria 900", camera="Gate Serinus",
                      address="17 Serinus Lane, Columbus", intersection="Serinus & Finch")


def found(text: str, canary, sent: str) -> list[str]:
    """What of the stored read is in an answer and was not in what was sent."""
    return [word for word in (*CANARIES, "QZX7788", str(canary), canary.hex) if word in text and word not in sent]


def text_of(answer) -> str:
    return b"".join(answer.streaming_content).decode("utf-8", "replace") if answer.streaming else answer.content.decode(
        "utf-8", "replace")


def bodies():
    """What is sent: whole questions with a part of a plate, and the same by place, thing and name without any plate."""
    question = {"state": "OH", "reason": "CRIM", "timeframe": "5y", "case_reference": CASE, "for_whom": "self"}
    yield dict.fromkeys(NAMES, "QZX77") | question | {"plate": "QZX77"}
    yield dict.fromkeys(NAMES, "QZX%") | question | {"plate": "QZX%"}
    yield question | PLACES


@pytest.mark.parametrize("persona", ["officer", "auditor", "quality", "superuser"])
def test_no_address_finds_a_read_by_anything_but_its_whole_plate(persona, request, signed_in, canary):
    client: Client = signed_in(request.getfixturevalue(persona))
    part, wildcard, place = bodies()
    finds = []
    # The officer may ask; everybody else is refused a question whatever it is, and tries less. What is made on the way has the
    # names that were sent, so those of the places come last.
    closed: set[str] = set()
    askers = [("post", part), ("post", wildcard)] if persona == "officer" else []
    for method, body in [("get", wildcard | place), *askers, ("post", place)]:
        for address in addresses.every():
            if address.name in ENDS_THE_SESSION or address.path == "/admin/logout/" or address.route in closed:
                continue
            sent = {"data": json.dumps(body), "content_type": "application/json"} if address.is_api and method == "post" else {
                "data": body}
            answer = getattr(client, method)(address.path, **sent)
            if persona != "officer" and method == "get" and answer.status_code in (403, 404):
                closed.add(address.route)
            if words := found(text_of(answer), canary, json.dumps(body)):
                finds.append((method, address.route, words))
            assert answer.status_code < 500 or address.name == "readyz", (address.route, answer.status_code)
        if client.get("/").status_code == 302:
            # Something on the way ended the session, as it may: the walk goes on with a new one.
            client = signed_in(request.getfixturevalue(persona))
    assert not finds


def test_parts_of_a_plate_are_refused_or_find_nothing_on_every_channel(officer, signed_in, events, canary):
    client = signed_in(officer)
    question = {"state": "OH", "reason": "CRIM", "timeframe": "5y", "case_reference": CASE, "for_whom": "self"}
    for plate in PARTS:
        page = client.post("/queries/new/", question | {"plate": plate})
        call = client.post("/api/v1/queries/", json.dumps(question | {"plate": plate}), content_type="application/json")
        if page.status_code == 303:
            assert "No reads were found" in client.get(page["Location"]).content.decode()
            assert call.json()["count"] == 0
        else:
            assert (page.status_code, call.status_code) == (400, 400), plate
    assert {event["details"].get("count", 0) for event in events("query.answered")} <= {0}
    whole = client.post("/queries/new/", question | {"plate": "QZX-7788"})
    assert "Zaporozhets" in client.get(whole["Location"]).content.decode(), "the walk would see what is found"


def test_a_look_takes_no_parameter_that_shows_more(officer, signed_in, canary):
    """Beside its own cursor and the id of a narrowed look, the address of a result listens to nothing."""
    client = signed_in(officer)
    asked = client.post("/queries/new/", {"plate": "OTHER1", "state": "OH", "reason": "CRIM", "timeframe": "5y",
                                          "case_reference": CASE, "for_whom": "self"})["Location"]
    for path in (asked, f"{asked}report/", f"{asked}report.pdf", f"/api/v1{asked}"):
        for body in bodies():
            answer = client.get(path, body | {"plate": "QZX7788", "read": str(canary)})
            assert not found(text_of(answer), canary, json.dumps(body) + f"QZX7788 {canary} {canary.hex}"), path
    narrowed = client.post(asked, PLACES | {"plate": "QZX7788"})
    shown = client.get(narrowed["Location"]) if narrowed.status_code == 303 else narrowed
    assert not found(text_of(shown), canary, json.dumps(PLACES) + "QZX7788")


def test_no_command_takes_a_plate_a_pattern_a_place_or_a_person_to_look_for():
    # By command: the free text that it takes, none of which is looked for among reads.
    taken = {}
    for name, app in get_commands().items():
        if app.split(".")[0] not in OURS:
            continue
        parser = load_command_class(app, name).create_parser("manage.py", name)
        for action in parser._actions:
            is_free = action.type in (None, str) and action.nargs != 0 and not action.choices
            if is_free and not isinstance(action, argparse._HelpAction | argparse._VersionAction) and action.dest not in STANDARD:
                taken.setdefault(name, set()).add(action.dest)
    unknown = {name: dests - KNOWN.get(name, set()) for name, dests in taken.items() if dests - KNOWN.get(name, set())}
    assert not unknown, "say in KNOWN what this text is, if it is nothing to look for among reads"


# Django's own options of every command.
STANDARD = {"settings", "pythonpath", "version", "verbosity", "database"}
# By command: names of sources and people to act on, files to read and write.
KNOWN = {
    "load_reads": {"files", "source", "photos"}, "load_streets": {"file", "name", "attribution"},
    "issue_source_key": {"name", "source"},
    "appoint": {"username", "email", "authority", "succeeds"}, "verify_audit": {"bundle", "checkpoint", "keys", "public_key"},
    "export_contract": {"out", "destination"},
    "erase_contract": {"export", "approval", "by"},
    "migrate": {"app_label", "migration_name"},
}


def test_no_door_of_the_database_takes_text():
    """The functions that the web and the loader may call on the store take ids of events, times, numbers and yes or no."""
    with databases.administrator() as administrator:
        doors = administrator.execute(
            "SELECT p.proname, array(SELECT format_type(unnest(p.proargtypes), NULL)) FROM pg_proc p"
            " JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = 'store'"
            " AND has_function_privilege('lpr_app', p.oid, 'EXECUTE')").fetchall()
        tables = administrator.execute(
            "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'store'"
            " AND c.relkind IN ('r', 'p', 'v', 'm') AND has_table_privilege('lpr_app', c.oid, 'SELECT')").fetchall()
    harmless = {"uuid", "uuid[]", "boolean", "integer", "bigint", "date", "timestamp with time zone"}
    assert len(doors) > 5
    assert {name: types for name, types in doors if set(types) - harmless} == {}
    assert tables == []
