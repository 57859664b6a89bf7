"""The forms of reporting a read as wrong, and of resolving such a report (RES-4)."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from lpr import plates, states
from lpr.error_reports import Correction, ReportedRead
from lpr.forms.fields import TextField
from lpr.models import ErrorKind, ReportStatus

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

    def __init__(self, data: Any = None, *, read: ReportedRead | None) -> None:
        self.read = read
        now = {name: getattr(read, name) for name in ("plate", "state", "make", "model")} if read else {}
        super().__init__(data, initial=now)

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
        if self.read and self.correction() == Correction(self.read.plate, self.read.state, self.read.make, self.read.model):
            self.add_error("resolution", "Nothing is corrected: change plate, state, make or model, or resolve otherwise.")

    def correction(self) -> Correction:
        """What the photographs show."""
        return Correction(*(self.cleaned_data.get(name, "") for name in ("plate", "state", "make", "model")))
