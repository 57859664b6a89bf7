"""Which part of an answer to look at: dates, kind of source, place (RES-2)."""

from typing import Any
from zoneinfo import ZoneInfo

from django import forms

from lpr.forms.fields import DayField, start_of, with_blank
from lpr.forms.place import PLACE, PlaceForm
from lpr.models.source import SourceKind
from lpr.narrowing import Narrowing


class NarrowingForm(PlaceForm):
    field_order = ("date_from", "date_to", "source_kind", *PLACE)

    date_from = DayField(label="Captured from", required=False)
    date_to = DayField(label="Captured to", required=False)
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
            date_from=said["date_from"], date_to=said["date_to"],
            captured_from=start_of(said["date_from"], self.zone), captured_until=start_of(said["date_to"], self.zone, later=1),
            source_kind=said["source_kind"], place_state=said["geo_state"], near=said["near"])
        return None if asked == Narrowing() else asked
