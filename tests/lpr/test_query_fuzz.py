"""Whatever is sent to the form or the API of a query: never a server error, never a result, always an audited refusal (QRY-8)."""

import json
from unicodedata import normalize

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.events import Kind
from lpr.api.query_serializers import QuerySerializer
from lpr.forms.narrowing import NarrowingForm
from lpr.forms.query import QueryForm
from lpr.forms.recall import RecallForm
from tests.lpr.stored_reads import store_read
from tests.lpr.test_query_pages import CASE, NEW, WHOLE

API = "/api/v1/queries/"
FUZZ = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
WORDS = st.text(max_size=80) | st.sampled_from([
    "", " ", "\x00", "%", "_", "*", "' OR 1=1 --", "\u202e", "\ud800", "NaN", "1e400", "-1", "0", "9" * 400, "<script>",
    "２", "ﬃ", "\r\n", "{}", "[]", "null", "2026-02-30", "0000-00-00", "99999-01-01"])
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WORDS, lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(WORDS, inner, max_size=3), max_leaves=6)
NUMBERS = ["NaN", "1e400", "Infinity", "-Infinity", "x", "9" * 400, "\x00", "%"]
# By field: values that are never good, whatever else is sent.
BAD = {
    "plate": WORDS.filter(lambda text: not any(sign.isalnum() for sign in normalize("NFKC", text))) | st.just("ABCDEFGH1234"),
    "state": st.sampled_from(["", "ZZ", "*", "%", "OH'", "\x00", "O", "OHIO%"]),
    "reason": WORDS.filter(lambda text: text.strip() not in {"CRIM", "CIVIL", "ADMIN"} and len(text) != 4),
    "offense": WORDS.filter(lambda text: text.strip() and len(text) < 6),
    "timeframe": WORDS.filter(lambda text: text.strip() not in {"7d", "30d", "60d", "90d", "1y", "5y", "custom"}),
    "date_from": st.sampled_from(["2026-02-30", "tomorrow", "99999-01-01", "\x00", "0001-01-01", ""]),
    "date_to": st.sampled_from(["2026-02-30", "tomorrow", "99999-01-01", "\x00", "0001-01-01", "9999-12-31", ""]),
    "case_reference": st.sampled_from(["", " ", "xxxx", "1", "test", "n/a", "investigation", "\x00", "........"]),
    "recent_case": st.sampled_from([" ", "xxxx", "test", "\x00", "x" * 501]),
    "for_whom": WORDS.filter(lambda text: text.strip() not in {"self", "other"}),
    "other_name": st.sampled_from(["", " ", "-", "7", "\x00", "J" * 151, "%"]),
    "other_unit": st.sampled_from(["\x00", "u" * 151]),
    "near_latitude": st.sampled_from([*NUMBERS, "", "91", "-90.1", "２００"]),
    "near_longitude": st.sampled_from([*NUMBERS, "", "181", "-180.1"]),
    "near_address": WORDS | st.sampled_from(["Main St", "1 Nowhere St, Columbus", "1 %", "1" * 201]),
    "near_radius_km": st.sampled_from([*NUMBERS, "", "-1", "0", "501"]),
    "geo_state": st.sampled_from(["ZZ", "%", "ON", "\x00"]),
}
# What makes the field matter that is wrong.
BESIDE = {
    "date_from": {"timeframe": "custom", "date_to": "2026-01-02"}, "date_to": {"timeframe": "custom", "date_from": "2026-01-01"},
    "recent_case": {"case_reference": ""}, "other_name": {"for_whom": "other"},
    "other_unit": {"for_whom": "other", "other_name": "Jane Roe"},
    "near_latitude": {"near_longitude": "-83", "near_radius_km": "5"},
    "near_longitude": {"near_latitude": "39.9", "near_radius_km": "5"}, "near_address": {"near_radius_km": "5"},
    "near_radius_km": {"near_latitude": "39.9", "near_longitude": "-83"},
}


@pytest.fixture
def page(officer, signed_in):
    return signed_in(officer)


@pytest.fixture
def client(officer, api):
    return api(officer)


def refused(events, answer, before):
    """A refusal of its own is on record, nothing was asked, and the answer names the fault."""
    assert answer.status_code in (400, 415), answer.status_code
    assert b"data-read-id" not in answer.content
    assert b'"reads"' not in answer.content
    log = events()
    assert not [event for event in log if event["kind"] == Kind.QUERY_ATTEMPTED]
    refusals = [event for event in log if event["kind"] in {Kind.QUERY_REFUSED, Kind.ACCESS_REFUSED}]
    assert len(refusals) == before + 1
    return len(refusals)


def refused_each(send, events, *, ways):
    """Every field by itself is sent wrong, in so many ways."""
    count = 0
    for name, values in BAD.items():

        @settings(FUZZ, max_examples=ways)
        @given(st.builds(lambda value, name=name: WHOLE | BESIDE.get(name, {}) | {name: value}, values))
        def fuzz(sent):
            nonlocal count
            count = refused(events, send(sent), count)

        fuzz()


def encodable(sent):
    """As a browser can send it."""
    return {name: value.encode("utf-8", "replace").decode() for name, value in sent.items()}


@pytest.mark.req("QRY-1", "QRY-8", "LIM-1")
def test_each_field_of_the_form_that_is_wrong_is_refused_on_record(page, events):
    assert set(QueryForm.base_fields) <= BAD.keys(), "say what is never good in the new field"
    refused_each(lambda sent: page.post(NEW, encodable(sent)), events, ways=3)


@pytest.mark.req("QRY-1", "QRY-8", "LIM-1")
def test_each_field_of_the_api_that_is_wrong_is_refused_on_record(client, events):
    assert set(QuerySerializer().fields) <= BAD.keys()
    refused_each(lambda sent: client.post(API, json.dumps(sent), content_type="application/json"), events, ways=5)


@pytest.mark.req("QRY-6", "QRY-9", "RES-2", "LIM-1")
def test_nothing_that_narrows_a_result_or_a_list_makes_a_server_error_or_shows_more(page, events):
    address = page.post(NEW, WHOLE | {"plate": "NONE999"})["Location"]
    store_read()
    fields = sorted({*NarrowingForm.base_fields, *RecallForm.base_fields})

    @settings(FUZZ, max_examples=20)
    @given(st.dictionaries(st.sampled_from(fields), WORDS, min_size=1, max_size=4), st.sampled_from([address, "/queries/"]))
    def fuzz(sent, target):
        answer = page.post(target, encodable(sent))
        assert answer.status_code in ((303, 400) if target == address else (200, 400)), answer.status_code
        shown = page.get(answer["Location"]) if answer.status_code == 303 else answer
        assert b"data-read-id" not in shown.content

    fuzz()
    assert len(events("query.attempted")) == 1


@pytest.mark.req("QRY-8", "LIM-1")
def test_no_body_of_the_api_makes_a_server_error_or_a_query(client, events):
    count = 0

    @FUZZ
    @given(ANYTHING)
    def fuzz(body):
        nonlocal count
        count = refused(events, client.post(API, json.dumps(body), content_type="application/json"), count)

    fuzz()


@pytest.mark.req("QRY-8", "LIM-1")
def test_values_of_any_kind_in_the_fields_of_the_api_make_no_server_error(client, events):
    count = 0

    @FUZZ
    @given(st.dictionaries(st.sampled_from(sorted(WHOLE)), ANYTHING, max_size=6))
    def fuzz(changes):
        nonlocal count
        sent = json.dumps(WHOLE | changes | {"case_reference": CASE[:3]})
        count = refused(events, client.post(API, sent, content_type="application/json"), count)

    fuzz()
