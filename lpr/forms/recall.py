"""What the list of one's own queries is narrowed by (QRY-9)."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.core import signing
from django.core.exceptions import ValidationError

from accounts.models import User
from lpr import page_cursors, plates, policy
from lpr.forms.fields import DayInput, TextField


class RecallForm(forms.Form):
    plate = TextField(label="Plate", required=False, max_length=64, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    case = TextField(label="Case reference contains", required=False, max_length=200,
                     widget=forms.TextInput(attrs={"autocomplete": "off"}))
    asked_from = forms.DateField(label="Asked from", required=False, widget=DayInput)
    asked_to = forms.DateField(label="Asked to", required=False, widget=DayInput)
    before = forms.CharField(required=False, max_length=300, widget=forms.HiddenInput)

    def __init__(self, *args: Any, asker: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.asker = asker

    def clean_plate(self) -> str:
        text = self.cleaned_data["plate"]
        try:
            return plates.fold(text) if text else ""
        except plates.PlateNotValid as refusal:
            raise ValidationError(str(refusal)) from refusal

    def clean_before(self) -> tuple[datetime, UUID] | None:
        try:
            return page_cursors.asked_before(self.cleaned_data["before"])
        except signing.BadSignature as refusal:
            raise ValidationError("Start from the newest query again.") from refusal

    def criteria(self) -> dict[str, Any]:
        """The arguments of `recall.own`."""
        said = self.cleaned_data
        return {
            "plate": said["plate"], "case": said["case"], "before": said["before"],
            "asked_from": self._start(said["asked_from"], 0), "asked_until": self._start(said["asked_to"], 1),
        }

    def _start(self, day: Any, later: int) -> datetime | None:
        """When the day begins that lies so many days later, by the clocks of the asker's area."""
        if day is None or day.year < 1970 or day.year > 9000:
            return None
        return datetime.combine(day + timedelta(days=later), time(), policy.zone_of(self.asker)).astimezone(UTC)

