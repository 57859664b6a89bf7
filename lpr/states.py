"""The states that issue plates, as listed values (QRY-1), and the ways in which sources and lists write them.

A read whose source gave no state has `UNKNOWN`. The state is compared exactly, so an unclear text is refused rather
than guessed.
"""

import re
import unicodedata

UNKNOWN = ""

_STATES = {
    "AL": "Alabama", "AK": "Alaska", "AZ": "Arizona", "AR": "Arkansas", "CA": "California", "CO": "Colorado",
    "CT": "Connecticut", "DE": "Delaware", "DC": "District of Columbia", "FL": "Florida", "GA": "Georgia",
    "HI": "Hawaii", "ID": "Idaho", "IL": "Illinois", "IN": "Indiana", "IA": "Iowa", "KS": "Kansas",
    "KY": "Kentucky", "LA": "Louisiana", "ME": "Maine", "MD": "Maryland", "MA": "Massachusetts",
    "MI": "Michigan", "MN": "Minnesota", "MS": "Mississippi", "MO": "Missouri", "MT": "Montana",
    "NE": "Nebraska", "NV": "Nevada", "NH": "New Hampshire", "NJ": "New Jersey", "NM": "New Mexico",
    "NY": "New York", "NC": "North Carolina", "ND": "North Dakota", "OH": "Ohio", "OK": "Oklahoma",
    "OR": "Oregon", "PA": "Pennsylvania", "RI": "Rhode Island", "SC": "South Carolina", "SD": "South Dakota",
    "TN": "Tennessee", "TX": "Texas", "UT": "Utah", "VT": "Vermont", "VA": "Virginia", "WA": "Washington",
    "WV": "West Virginia", "WI": "Wisconsin", "WY": "Wyoming",
}  # fmt: skip
_TERRITORIES = {
    "AS": "American Samoa", "GU": "Guam", "MP": "Northern Mariana Islands", "PR": "Puerto Rico",
    "VI": "U.S. Virgin Islands",
}  # fmt: skip
_FEDERAL = {"US": "U.S. Government", "DP": "U.S. diplomatic"}
_CANADA = {
    "AB": "Alberta", "BC": "British Columbia", "MB": "Manitoba", "NB": "New Brunswick",
    "NL": "Newfoundland and Labrador", "NT": "Northwest Territories", "NS": "Nova Scotia", "NU": "Nunavut",
    "ON": "Ontario", "PE": "Prince Edward Island", "QC": "Quebec", "SK": "Saskatchewan", "YT": "Yukon",
}  # fmt: skip
_MEXICO = {"MX": "Mexico"}

CHOICES: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = tuple(
    (group, tuple(members.items()))
    for group, members in (
        ("States and DC", _STATES),
        ("Territories", _TERRITORIES),
        ("Federal and diplomatic", _FEDERAL),
        ("Canada", _CANADA),
        ("Mexico", _MEXICO),
    )
)
"""Code and name by group, in the form that a select field takes."""

NAMES: dict[str, str] = {code: name for _, members in CHOICES for code, name in members}

_OTHER_NAMES = {
    "washington dc": "DC", "d c": "DC", "virgin islands": "VI", "us virgin islands": "VI",
    "commonwealth of puerto rico": "PR", "us government": "US", "federal": "US", "federal government": "US",
    "government": "US", "us diplomatic": "DP", "diplomatic": "DP", "diplomat": "DP", "newfoundland": "NL",
    "yukon territory": "YT", "pei": "PE",
}  # fmt: skip


class StateNotListed(ValueError):
    """The text names no listed state; the message is a plain sentence."""


def parse(text: str) -> str:
    """The listed code for a code in any case, `us-nj`, `ca-on`, `mx`, or a full name as `New Jersey` or `new_jersey`.

    Raises:
        StateNotListed: the text is empty or is none of these.
    """
    if text in NAMES:
        return text
    words = _words(text)
    if not words:
        raise StateNotListed("Choose a state.")
    code = _by_words.get(words)
    if code is None:
        raise StateNotListed("The state is not one of the listed states, territories or provinces.")
    return code


def parse_or_unknown(text: str) -> str:
    """As `parse`, but an empty text is `UNKNOWN`: the source did not read the state.

    Raises:
        StateNotListed: the text is not empty and names no listed state.
    """
    return parse(text) if text.strip() else UNKNOWN


def from_region(region: str) -> str:
    """The listed code for a vendor's region code such as `us-mo`, `ca-on` or `mx-jal`; otherwise `UNKNOWN`.

    Vendors write a country alone as two letters. Read as our codes, `us` would turn into U.S. Government, `ca` into
    California and `de` into Delaware, so a country alone, or one that is not listed, says that the state was not
    read.
    """
    country, _, part = region.strip().lower().partition("-")
    if country == "mx":
        return "MX"
    return _by_words.get(f"{country} {part}", UNKNOWN) if country in {"us", "ca"} else UNKNOWN


def _words(text: str) -> str:
    """Lower case without accents, points and underscores, so that spellings of one name meet."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return " ".join(re.sub(r"[\s_-]+", " ", plain.replace(".", "").replace("'", "")).lower().split())


def _spellings() -> dict[str, str]:
    spellings = dict(_OTHER_NAMES)
    for code, name in NAMES.items():
        spellings[code.lower()] = spellings[_words(name)] = code
    for country, codes in (("us", [*_STATES, *_TERRITORIES]), ("ca", _CANADA)):
        spellings |= {f"{country} {code.lower()}": code for code in codes}
    return spellings


_by_words = _spellings()
