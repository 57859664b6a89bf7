"""The one text of a fact: the same facts give the same bytes, and what has two texts is refused (AUD-2, BEY-2)."""

import json
import unicodedata
from datetime import UTC, date, datetime, timedelta, timezone
from uuid import UUID

import pytest
from django.db import connections
from hypothesis import given
from hypothesis import strategies as st

from audit import canonical

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
KEY = st.text(st.characters(min_codepoint=33, max_codepoint=0x2FF), min_size=1, max_size=8)
PLAIN = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT
FACTS = st.dictionaries(KEY, st.recursive(
    PLAIN, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEY, inner, max_size=4), max_leaves=12), max_size=6)


def unambiguous(facts: object) -> bool:
    """No two names that are one after normalization."""
    if isinstance(facts, dict):
        names = {unicodedata.normalize("NFC", key) for key in facts}
        return len(names) == len(facts) and all(map(unambiguous, facts.values()))
    return all(map(unambiguous, facts)) if isinstance(facts, list) else True


def reordered(facts: object) -> object:
    if isinstance(facts, dict):
        return {key: reordered(facts[key]) for key in reversed(facts)}
    return [reordered(item) for item in facts] if isinstance(facts, list) else facts


def decomposed(facts: object) -> object:
    if isinstance(facts, dict):
        return {unicodedata.normalize("NFD", key): decomposed(value) for key, value in facts.items()}
    if isinstance(facts, list):
        return [decomposed(item) for item in facts]
    return unicodedata.normalize("NFD", facts) if isinstance(facts, str) else facts


@pytest.mark.req("AUD-2", "BEY-2")
@given(FACTS.filter(unambiguous))
def test_the_text_does_not_depend_on_order_or_on_how_letters_are_composed(facts):
    text = canonical.text(facts)
    assert canonical.text(reordered(facts)) == text
    assert canonical.text(decomposed(facts)) == text


@pytest.mark.req("AUD-2", "BEY-2")
@given(FACTS.filter(unambiguous))
def test_the_text_is_its_own_text_after_reading_it(facts):
    text = canonical.text(facts)
    assert canonical.text(json.loads(text)) == text


@pytest.mark.req("AUD-2")
@given(st.datetimes(min_value=datetime(1, 1, 3), max_value=datetime(9999, 12, 29)), st.integers(-840, 840))
def test_one_moment_has_one_text_in_whatever_zone_it_was_written(naive, minutes):
    moment = naive.replace(tzinfo=UTC)
    elsewhere = moment.astimezone(timezone(timedelta(minutes=minutes)))
    assert canonical.text({"at": elsewhere}) == canonical.text({"at": moment})


@pytest.mark.req("AUD-2")
@pytest.mark.parametrize("value", [
    1.5, float("nan"), "a\x00b", 2**53 + 1, -(2**53) - 1, "half \ud800", datetime(2026, 1, 1), b"bytes", object(),
    {"a": {"b": [0.0]}}, {"e\u0301": 1, "\u00e9": 2},
])
def test_what_could_be_written_in_two_ways_is_refused(value):
    with pytest.raises(canonical.NotCanonical):
        canonical.text({"value": value})


def test_known_values_have_their_known_text():
    facts = {"b": True, "a": "é", "n": 2**53, "id": UUID(int=1), "day": date(2026, 1, 2), "empty": "",
             "none": None, "set": {3, 1}, "at": datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC), "zero": 0, "no": False}
    assert canonical.text(facts) == (
        '{"a":"é","at":"2026-01-02T03:04:05.000006Z","b":true,"day":"2026-01-02",'
        '"id":"00000000-0000-0000-0000-000000000001","n":9007199254740992,"no":false,"set":[1,3],"zero":0}')


@pytest.mark.req("AUD-2")
@pytest.mark.parametrize("text", ['quote " and \\ back', "line\nfeed\ttab\x01\x1f", "é ß 漢 😀", "</script>", "\u2028 \x7f"])
def test_text_that_the_database_writes_is_the_same_text(database, text):
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT to_json(normalize(%s::text, NFC))::text", [text])
        assert '{"a":' + cursor.fetchone()[0] + "}" == canonical.text({"a": text})
