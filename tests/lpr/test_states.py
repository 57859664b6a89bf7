"""The listed states and the ways to write them."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpr import states


@pytest.mark.req("QRY-1")
def test_states_territories_federal_canada_and_mexico_are_listed():
    counts = {group: len(members) for group, members in states.CHOICES}
    assert counts == {"States and DC": 51, "Territories": 5, "Federal and diplomatic": 2, "Canada": 13, "Mexico": 1}
    assert len(states.NAMES) == 72


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("NJ", "NJ"), ("nj", "NJ"), ("us-nj", "NJ"), ("US-NJ", "NJ"), ("New Jersey", "NJ"), ("new_jersey", "NJ"),
        ("NEW-JERSEY", "NJ"), (" ny ", "NY"), ("D.C.", "DC"), ("Washington", "WA"),
        ("Washington DC", "DC"), ("us-pr", "PR"),
        ("ca-on", "ON"), ("Québec", "QC"), ("quebec", "QC"), ("mx", "MX"), ("México", "MX"), ("CA", "CA"),
        ("us-ca", "CA"), ("us", "US"), ("U.S. Government", "US"), ("diplomatic", "DP"), ("Virgin Islands", "VI"),
    ],
)  # fmt: skip
def test_every_usual_spelling_is_understood(written, code):
    assert states.parse(written) == code


@pytest.mark.req("QRY-1")
@pytest.mark.parametrize("text", ["XX", "us-xx", "ca-ca", "us-on", "gb", "eu-de", "Jersey", "N*", "unknown"])
def test_what_is_not_listed_is_refused(text):
    with pytest.raises(states.StateNotListed, match="not one of the listed"):
        states.parse(text)
    with pytest.raises(states.StateNotListed):
        states.parse_or_unknown(text)


@pytest.mark.parametrize("text", ["", "  "])
def test_an_empty_state_is_unknown_for_a_read_and_refused_for_a_query(text):
    assert states.parse_or_unknown(text) == states.UNKNOWN == ""
    with pytest.raises(states.StateNotListed, match="Choose a state"):
        states.parse(text)


@pytest.mark.parametrize(
    ("region", "state"),
    [("us-mo", "MO"), ("US-MO", "MO"), ("ca-on", "ON"), ("mx", "MX"), ("mx-jal", "MX"),
     ("us", ""), ("ca", ""), ("de", ""), ("eu-de", ""), ("us-xx", ""), ("", "")],
)  # fmt: skip
def test_a_country_alone_in_a_vendors_region_names_no_state(region, state):
    assert states.from_region(region) == state


@given(st.text(max_size=40))
def test_parsing_gives_a_listed_code_or_its_own_refusal(text):
    with suppress(states.StateNotListed):
        assert states.parse_or_unknown(text) in {*states.NAMES, states.UNKNOWN}


@given(st.sampled_from(sorted(states.NAMES)))
def test_codes_and_names_lead_back_to_the_code(code):
    assert states.parse(code.lower()) == states.parse(states.NAMES[code]) == code
