"""An event in words: what the auditor reads instead of keys and codes (AUD-1, AUD-3)."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from audit.events import Kind, is_refusal
from audit.search import Criteria, FoundEvent

_LABELS = {
    "actor": "User", "actor_id": "User number", "aor": "Area of responsibility", "request": "Request number",
    "address": "Client address", "client": "Client program", "session": "Session mark", "query": "Query number",
    "on_behalf_of": "On behalf of", "named_aors": "Area of the person named", "plate": "License plate",
    "reason": "Reason code", "id": "Event number",
    "why": "Why", "from": "From", "until": "Until", "captured_from": "Captured from", "captured_until": "Captured until",
    "geo_state": "State of capture", "radius_m": "Radius in meters", "count_state_unread": "Reads whose state was not read",
    "case_reference": "Case reference", "event": "Event",
}
# In the answer of a query; other events count and digest other things.
_OF_READS = {"count": "Reads found", "digest": "Digest of the reads found"}
# Exports put hundreds of thousands of events into words: what is asked of each is looked up, not made anew.
_KINDS = {kind.value: str(kind.label) for kind in Kind}
_ATTEMPTED, _ANSWERED = Kind.QUERY_ATTEMPTED.value, Kind.QUERY_ANSWERED.value
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_ORDER = ["actor", "actor_id", "role", "component", "aor", "on_behalf_of", "named_aors", "plate", "state", "reason", "details",
          "query", "address", "client", "session", "request"]


@dataclass(frozen=True)
class Outcome:
    """What became of it, in a word or two, and why where it was refused or failed. `tone` is ok, bad or idle."""

    text: str
    tone: str = "ok"
    why: str = ""

    def __str__(self) -> str:
        return f"{self.text}: {self.why}" if self.why else self.text


def what(kind: str) -> str:
    """The kind in words; a kind of a later release in its own."""
    return _KINDS.get(kind) or _sentence(kind.replace(".", " "))


def outcome(event: FoundEvent) -> Outcome:
    is_attempt = event.kind == _ATTEMPTED
    details = event.outcome if is_attempt else event.facts.get("details", {})
    if details is None:
        return Outcome("No answer on record", "bad")
    if is_refusal(event.kind):
        return Outcome("Refused", "bad", _why(details))
    if event.kind.endswith("failed") or (is_attempt and "count" not in details):
        return Outcome("Failed", "bad", _why(details))
    # Other events count events, people or rows.
    if "count" in details and (is_attempt or event.kind == _ANSWERED):
        return Outcome(f"{details['count']} read{'' if details['count'] == 1 else 's'}", "ok")
    return Outcome("Done", "idle")


def facts(event: FoundEvent) -> list[tuple[str, str]]:
    """All that the event holds, as pairs of a label and a value in words."""
    ordered = sorted(event.facts, key=lambda key: _ORDER.index(key) if key in _ORDER else len(_ORDER))
    pairs = [("Recorded at", moment(event.at, exact=True))]
    for key in ordered:
        pairs += _flat(key, event.facts[key]) if key != "details" else _own(event)
    return [*pairs, *_answer(event), ("Event number", str(event.id))]


def details(event: FoundEvent) -> str:
    """What the event holds beside its columns, and its answer, in one text."""
    return "; ".join(f"{label}: {value}" for label, value in (*_own(event), *_answer(event)))


def criteria(wanted: Criteria) -> list[tuple[str, str]]:
    """A search in words; empty where everything was asked for."""
    return [("Event", what(value)) if key == "event" else (label(key), moment(value) if key in {"from", "until"} else value)
            for key, value in wanted.facts().items() if value]


def moment(at: datetime, *, exact: bool = False) -> str:
    """A time as the log shows it: in UTC, and `exact` to the microsecond."""
    return f"{at.astimezone(UTC):{'%Y-%m-%d %H:%M:%S.%f' if exact else '%Y-%m-%d %H:%M:%S'}} UTC"


@lru_cache(maxsize=2048)
def label(key: str) -> str:
    return _LABELS.get(key) or _sentence(key.removesuffix("_e6"))


def _own(event: FoundEvent) -> Iterator[tuple[str, str]]:
    return _members(event.facts.get("details", {}), _OF_READS if event.kind == _ANSWERED else _LABELS)


def _answer(event: FoundEvent) -> Iterator[tuple[str, str]]:
    for name, value in _members(event.outcome or {}, _OF_READS):
        yield f"Answer: {name[:1].lower()}{name[1:]}", value


def _members(value: Mapping[str, Any], named: Mapping[str, str] = _LABELS) -> Iterator[tuple[str, str]]:
    """`named`: what some of the keys are called here."""
    for key in sorted(value):
        item = value[key]
        if isinstance(item, Mapping | list):
            yield from _flat(key, item)
        else:
            yield named.get(key) or label(key), _text(key, item)


def _flat(key: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for name, text in _members(value):
            yield f"{label(key)}: {name[:1].lower()}{name[1:]}", text
    elif isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
        for number, item in enumerate(value, 1):
            yield from _flat(f"{key} {number}", item)
    else:
        yield label(key), _text(key, value)


def _text(key: str, value: Any) -> str:
    if isinstance(value, str):
        if value[4:5] == "-" and _MOMENT.fullmatch(value):
            return moment(datetime.fromisoformat(value))
        if key in {"event", "kind"}:
            return _KINDS.get(value, value)
        return _sentence(value) if key == "role" else value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(_text(key, item) for item in value) or "none"
    return f"{value / 1_000_000:.6f}" if isinstance(value, int) and key.endswith("_e6") else str(value)


def _why(details: Mapping[str, Any]) -> str:
    return str(details.get("why") or " ".join(text for _, text in _flat("errors", details.get("errors", {}))))


def _sentence(text: str) -> str:
    words = text.replace("_", " ").strip()
    return words[:1].upper() + words[1:]
