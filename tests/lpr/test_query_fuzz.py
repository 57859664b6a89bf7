"""Whatever is sent to the form or the API of a query: never a server error, never a result, always an audited refusal (QRY-8)."""

import json
from datetime import date
from unicodedata import normalize

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.events import Kind
from tests.lpr.test_query_pages import CASE, NEW, WHOLE

API = "/api/v1/queries/"
FUZZ = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
WORDS = st.text(max_size=80) | st.sampled_from([
    "", " ", "\x00", "%", "_", "*", "' OR 1=1 --", "\u202e", "\ud800", "NaN", "1e400", "-1", "0", "9" * 400, "<script>",
    "２", "ﬃ", "\r\n", "{}", "[]", "null", "2026-02-30", "0000-00-00", "99999-01-01"])
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WORDS, lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(WORDS, inner, max_size=3), max_leaves=6)
# By field: values that are never good, whatever else is sent.
BAD = {
    "plate": WORDS.filter(lambda text: not any(sign.isalnum() for sign in normalize("NFKC", text))) | st.just("ABCDEFGH1234"),
    "state": st.sampled_from(["", "ZZ", "*", "%", "OH'", "\x00", "O", "OHIO%"]),
    "reason": WORDS.filter(lambda text: text.strip() not in {"CRIM", "CIVIL", "ADMIN"} and len(text) != 4),
    "timeframe": WORDS.filter(lambda text: text.strip() not in {"7d", "30d", "60d", "90d", "1y", "5y", "custom"}),
    "case_reference": st.sampled_from(["", " ", "xxxx", "1", "test", "n/a", "investigation", "\x00", "........"]),
    "for_whom": WORDS.filter(lambda text: text.strip() not in {"self", "other"}),
    "date_from": st.sampled_from(["2026-02-30", "tomorrow", "99999-01-01", "\x00"]),
    "near_radius_km": st.sampled_from(["NaN", "-1", "0", "1e400", "501", "Infinity", "x"]),
    "geo_state": st.sampled_from(["ZZ", "%", "ON", "\x00"]),
}
ONE_BAD = st.sampled_from(sorted(BAD)).flatmap(lambda name: st.tuples(st.just(name), BAD[name]))


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


def whole_with(name, value):
    sent = WHOLE | {name: value}
    if name == "date_from":
        sent |= {"timeframe": "custom", "date_to": date(2026, 1, 2).isoformat()}
    if name == "near_radius_km":
        sent |= {"near_latitude": "39.9", "near_longitude": "-83"}
    return sent


@pytest.mark.req("QRY-1", "QRY-8", "LIM-1")
def test_one_bad_field_of_the_form_is_refused_on_record(page, events):
    count = 0

    @FUZZ
    @given(ONE_BAD)
    def fuzz(bad):
        nonlocal count
        name, value = bad
        sent = whole_with(name, value.encode("utf-8", "replace").decode())
        count = refused(events, page.post(NEW, sent), count)

    fuzz()


@pytest.mark.req("QRY-1", "QRY-8", "LIM-1")
def test_one_bad_field_of_the_api_is_refused_on_record(client, events):
    count = 0

    @FUZZ
    @given(ONE_BAD)
    def fuzz(bad):
        nonlocal count
        sent = json.dumps(whole_with(*bad))
        count = refused(events, client.post(API, sent, content_type="application/json"), count)

    fuzz()


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
