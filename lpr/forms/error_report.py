"""The forms of reporting a read as wrong, and of resolving such a report (RES-4)."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError

from lpr import plates, states
from lpr.admission import NotAdmitted
from lpr.error_reports import Correction, ReportedRead, place_at
from lpr.forms.fields import TextField
from lpr.models import ErrorKind, ReportStatus

_TO_THE_SECOND = "%Y-%m-%d %H:%M:%S"
_STATES = [("", "Cannot be read from the photo"), *states.CHOICES]


class ErrorReportForm(forms.Form):
    required_css_class = "required"

    kind = forms.ChoiceField(
        label="What is wrong", choices=ErrorKind.choices, widget=forms.RadioSelect,
        error_messages={"required": "Say what is wrong with the read."})
    note = TextField(
        label="What the photos show", max_length=500, widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Data-quality staff read this. Name no person, no case and no agency.",
        error_messages={"required": "Say in a few words what the photos show."})


class ResolutionForm(forms.Form):
    """Resolution with its note; for a correction also what the photographs show, filled in with what was read."""

    required_css_class = "required"

    resolution = forms.ChoiceField(
        choices=[(status.value, status.label) for status in ReportStatus if status != ReportStatus.OPEN],
        widget=forms.RadioSelect, error_messages={"required": "Choose a resolution."})
    note = TextField(max_length=500, widget=forms.Textarea(attrs={"rows": 3}), help_text="The reporter reads this.",
                     error_messages={"required": "Say why."})
    plate = TextField(max_length=64, required=False)
    state = forms.ChoiceField(choices=_STATES, required=False)
    make = TextField(max_length=200, required=False)
    model = TextField(max_length=200, required=False)
    captured = forms.DateTimeField(
        required=False, input_formats=[_TO_THE_SECOND, "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S"],
        widget=forms.DateTimeInput(format=_TO_THE_SECOND),
        help_text="By the clocks of the place, as year-month-day hour:minute:second.")
    latitude = forms.DecimalField(required=False, min_value=-90, max_value=90, max_digits=14, decimal_places=6)
    longitude = forms.DecimalField(required=False, min_value=-180, max_value=180, max_digits=14, decimal_places=6)

    def __init__(self, data: Any = None, *, read: ReportedRead | None, now: datetime) -> None:
        self.read, self.now = read, now
        shown = {name: getattr(read, name) for name in ("plate", "state", "make", "model")} if read else {}
        if read:
            shown |= {"captured": read.captured_there.replace(tzinfo=None), "latitude": f"{read.latitude_e6 / 1e6:.6f}",
                      "longitude": f"{read.longitude_e6 / 1e6:.6f}"}
        super().__init__(data, initial=shown)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        resolution = cleaned.get("resolution")
        if resolution in {ReportStatus.CORRECTED, ReportStatus.WITHDRAWN} and (self.read is None or self.read.marked):
            self.add_error("resolution", "The read is shown no more: it was corrected, withdrawn or has passed its retention.")
        elif resolution == ReportStatus.CORRECTED:
            self._clean_correction(cleaned)
        return cleaned

    def _clean_correction(self, cleaned: dict[str, Any]) -> None:
        try:
            cleaned["plate"] = plates.fold(cleaned.get("plate", ""))
        except plates.PlateNotValid as refusal:
            self.add_error("plate", ValidationError(str(refusal)))
            return
        if self.read is None or self.errors:
            return
        cleaned["captured_at"], cleaned["place"] = self._moment(self.read), None
        self._clean_place(self.read, cleaned)
        if not self.errors and self.correction() == Correction(
                self.read.plate, self.read.state, self.read.make, self.read.model):
            self.add_error("resolution", "Nothing is corrected: change what is wrong of the read, or resolve otherwise.")

    def _moment(self, read: ReportedRead) -> datetime | None:
        """When the read was captured after all; None where that was right. What is not entered was right."""
        entered = self.cleaned_data.get("captured")
        shown = read.captured_there.replace(microsecond=0, tzinfo=None)
        if entered is None or entered.replace(tzinfo=None, microsecond=0) == shown:
            return None
        moment = entered.replace(tzinfo=ZoneInfo(read.zone)).astimezone(UTC)
        if moment > self.now:
            self.add_error("captured", "The read cannot have been captured in the future.")
        elif moment < self.now - timedelta(days=read.retention_days):
            self.add_error("captured", "The read would be past its source's retention: withdraw it instead.")
        return moment

    def _clean_place(self, read: ReportedRead, cleaned: dict[str, Any]) -> None:
        latitude, longitude = cleaned.get("latitude"), cleaned.get("longitude")
        if latitude is None or longitude is None:
            return
        place = round(latitude * 10**6), round(longitude * 10**6)
        if place == (read.latitude_e6, read.longitude_e6) and cleaned["captured_at"] is None:
            return
        try:
            found = place_at(read=read, latitude_e6=place[0], longitude_e6=place[1],
                             captured_at=cleaned["captured_at"] or read.captured_at)
        except NotAdmitted as refusal:
            self.add_error("latitude", str(refusal))
            return
        if place != (read.latitude_e6, read.longitude_e6):
            cleaned["place"] = found

    def correction(self) -> Correction:
        """What the photographs show, and when and where they were taken."""
        said = self.cleaned_data
        words = {name: said.get(name, "") for name in ("plate", "state", "make", "model")}
        return Correction(**words, captured_at=said.get("captured_at"), place=said.get("place"))
