"""Plates, names and case text travel in bodies: no address has room for one (architecture, "State between requests")."""

import re
from pathlib import Path

import pytest
from django.urls.converters import IntConverter, PathConverter, StringConverter, UUIDConverter

from tests.guards import addresses

ROOT = Path(__file__).resolve().parent.parent.parent
# Each argument of an address: what it is, and so which converter it may have.
ARGUMENTS = {
    "query": UUIDConverter, "alert_list": UUIDConverter, "entry": UUIDConverter, "search_id": UUIDConverter,
    "draft": UUIDConverter, "hit": UUIDConverter, "report": UUIDConverter, "set_aside": UUIDConverter,
    "review": UUIDConverter, "item": UUIDConverter, "question": UUIDConverter, "notice": UUIDConverter,
    "incident": UUIDConverter, "suspected_use": UUIDConverter, "delivery": UUIDConverter,
    "number": IntConverter, "z": IntConverter, "x": IntConverter, "y": IntConverter,
    "token": StringConverter,  # signed; holds ids alone (lpr.read_tokens, accounts.ticket_links)
    "ticket": UUIDConverter,
    "key": StringConverter,  # mailed; opens registration once and holds nothing
    "group": UUIDConverter,
    "layer": StringConverter,  # street or satellite
    "object_id": PathConverter, "content_type_id": PathConverter,  # the back office's own, whole numbers
}
SECRETS = re.compile(r"plate|case|name|reference|subject|password|answer|code\b", re.I)
# The days of a usage report may stand in an address: a quarter is a link.
DAYS_ALONE = {"audit/statistics_views.py", "audit/templates/audit/statistics.html"}
CODE = [file for app in ("accounts", "alerts", "audit", "config", "lpr") for file in sorted((ROOT / app).rglob("*.py"))]
TEMPLATES = [file for app in ("accounts", "alerts", "audit", "config", "lpr") for file in sorted((ROOT / app).rglob("*.html"))]


@pytest.mark.req("QRY-8", "AUD-11")
def test_an_address_takes_ids_and_signed_tokens_only():
    for address in addresses.every():
        for name, converter in address.converters:
            assert name in ARGUMENTS, f"{address.route}: say in ARGUMENTS what <{name}> is"
            assert issubclass(converter, ARGUMENTS[name]), address.route


@pytest.mark.req("QRY-8", "AUD-11")
def test_no_view_reads_a_secret_from_the_query_string():
    read = re.compile(r"(?:\.GET|query_params)(?:\.get(?:list)?\(|\[)\s*[\"'](\w+)[\"']")
    found = {(file.relative_to(ROOT).as_posix(), name) for file in CODE for name in read.findall(file.read_text())
             if SECRETS.search(name)}
    assert not found


@pytest.mark.req("QRY-8", "AUD-11")
def test_no_form_is_bound_to_the_query_string():
    bound = re.compile(r"Form\(\s*(?:data=)?request\.GET\b")
    found = {file.relative_to(ROOT).as_posix() for file in CODE if bound.search(file.read_text())}
    assert found <= DAYS_ALONE


@pytest.mark.req("QRY-8", "AUD-11")
def test_no_template_writes_a_secret_into_an_address_or_asks_for_one_by_get():
    link = re.compile(r"(?:href|action|src)=\"([^\"]*)\"")
    for file in TEMPLATES:
        text = file.read_text()
        for target in link.findall(text):
            words = target.partition("?")[2]
            assert not SECRETS.search(words), f"{file.relative_to(ROOT)}: {target}"
        for form in [] if file.relative_to(ROOT).as_posix() in DAYS_ALONE else re.findall(r"<form[^>]*>", text):
            assert re.search(r"method=\"post\"", form), f"{file.relative_to(ROOT)}: {form}"


@pytest.mark.req("AUD-11")
def test_the_back_office_has_no_search_box_whose_words_would_stand_in_the_address():
    from django.contrib import admin

    for model, options in admin.site._registry.items():
        assert not options.search_fields, model
        assert not options.autocomplete_fields, model
