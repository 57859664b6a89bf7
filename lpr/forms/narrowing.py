"""Which part of an answer to look at: dates, kind of source, place (RES-2)."""

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms

from lpr.forms.fields import DayInput, with_blank
from lpr.forms.place import PLACE, PlaceForm
from lpr.models.source import SourceKind
from lpr.narrowing import Narrowing


class NarrowingForm(PlaceForm):
    field_order = ("date_from", "date_to", "source_kind", *PLACE)

    date_from = forms.DateField(
        label="Captured from", required=False, widget=DayInput,
        error_messages={"invalid": "Enter the first day as year-month-day, such as 2026-05-01."})
    date_to = forms.DateField(
        label="Captured to", required=False, widget=DayInput,
        error_messages={"invalid": "Enter the last day as year-month-day, such as 2026-05-31."})
    source_kind = forms.ChoiceField(
        label="Kind of source", required=False, choices=with_blank(SourceKind.choices, "Any"),
        error_messages={"invalid_choice": "Choose a listed kind of source."})

    def __init__(self, *args: Any, zone: ZoneInfo, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = zone

    def clean(self) -> dict[str, Any]:
        self.check_place()
        first, last = self.cleaned_data.get("date_from"), self.cleaned_data.get("date_to")
        if first and last and first > last:
            self.add_error("date_to", "The last day must not be before the first day.")
        return self.cleaned_data

    def narrowing(self) -> Narrowing | None:
        """What a valid form asks for; None where it asks for nothing."""
        said = self.cleaned_data
        asked = Narrowing(
            date_from=said["date_from"], date_to=said["date_to"], captured_from=self._start(said["date_from"], 0),
            captured_until=self._start(said["date_to"], 1), source_kind=said["source_kind"], place_state=said["geo_state"],
            near=said["near"])
        return None if asked == Narrowing() else asked

    def _start(self, day: date | None, later: int) -> datetime | None:
        """When the day begins that lies so many days later, by the clocks of who looks."""
        if day is None or not 1970 <= day.year <= 9000:
            return None
        return datetime.combine(day + timedelta(days=later), time(), self.zone)
