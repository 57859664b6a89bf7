"""A question about one plate: what is asked, of whom it is asked, and how the log holds it (QRY-1 to QRY-6).

A query has no table: its record is the event of its attempt (QRY-9). `details` and `from_event` are the one place where a
question becomes an event and an event a question again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Self


@dataclass(frozen=True)
class Near:
    """A radius around a place: micro-degrees and meters, because the log knows no fractions."""

    latitude_e6: int
    longitude_e6: int
    radius_m: int
    address: str = ""

    @property
    def latitude(self) -> float:
        return self.latitude_e6 / 1e6

    @property
    def longitude(self) -> float:
        return self.longitude_e6 / 1e6

    @property
    def radius_km(self) -> float:
        return self.radius_m / 1000

    def facts(self) -> dict[str, Any]:
        """As an event holds it; the store's functions read it."""
        return {"latitude_e6": self.latitude_e6, "longitude_e6": self.longitude_e6, "radius_m": self.radius_m,
                "address": self.address}

    @classmethod
    def from_facts(cls, facts: Mapping[str, Any] | None) -> Self | None:
        if not facts:
            return None
        return cls(facts["latitude_e6"], facts["longitude_e6"], facts["radius_m"], facts.get("address", ""))

    def entries(self) -> dict[str, str]:
        """As the fields of a form: by its address where it has one."""
        place = {"near_address": self.address} if self.address else {
            "near_latitude": f"{self.latitude:.6f}", "near_longitude": f"{self.longitude:.6f}"}
        return place | {"near_radius_km": f"{self.radius_km:g}"}


@dataclass(frozen=True)
class Query:
    """One whole question. `captured_until` is exclusive; `date_from` and `date_to` are the days entered for `custom`."""

    plate: str
    state: str
    reason: str
    timeframe: str
    captured_from: datetime
    captured_until: datetime
    case_reference: str
    for_whom: str
    offense: str = ""
    date_from: date | None = None
    date_to: date | None = None
    other_name: str = ""
    other_unit: str = ""
    geo_state: str = ""
    near: Near | None = None

    def facts(self) -> dict[str, Any]:
        """The attempt's event: arguments for `audit.record`."""
        return {"plate": self.plate, "state": self.state, "reason": self.reason, "on_behalf_of": self.other_name,
                **self.details()}

    def details(self) -> dict[str, Any]:
        """What the event holds beside plate, state, reason and the person named; the store's function reads it too."""
        return {
            "timeframe": self.timeframe, "captured_from": self.captured_from, "captured_until": self.captured_until,
            "date_from": self.date_from, "date_to": self.date_to, "offense": self.offense,
            "case_reference": self.case_reference, "for_whom": self.for_whom, "other_unit": self.other_unit,
            "geo_state": self.geo_state, "near": self.near and self.near.facts(),
        }

    @classmethod
    def from_event(cls, payload: Mapping[str, Any]) -> Self:
        """The question that the payload of a `query.attempted` event holds."""
        said = payload["details"]
        return cls(
            plate=payload["plate"], state=payload["state"], reason=payload["reason"], timeframe=said["timeframe"],
            captured_from=datetime.fromisoformat(said["captured_from"]),
            captured_until=datetime.fromisoformat(said["captured_until"]),
            case_reference=said["case_reference"], for_whom=said["for_whom"], offense=said.get("offense", ""),
            date_from=_day(said.get("date_from")), date_to=_day(said.get("date_to")),
            other_name=payload.get("on_behalf_of", ""), other_unit=said.get("other_unit", ""),
            geo_state=said.get("geo_state", ""),
            near=Near.from_facts(said.get("near")),
        )

    def entries(self) -> dict[str, Any]:
        """The question as the fields of the form, to be asked again (QRY-9)."""
        entries: dict[str, Any] = {
            name: getattr(self, name)
            for name in ("plate", "state", "reason", "offense", "timeframe", "date_from", "date_to", "case_reference",
                         "for_whom", "other_name", "other_unit", "geo_state")
        }
        return entries | (self.near.entries() if self.near else {})


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
