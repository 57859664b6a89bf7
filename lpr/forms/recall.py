"""What the lists of one's own queries and of shared ones are narrowed by (QRY-9)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.core import signing
from django.core.exceptions import ValidationError

from accounts.models import User
from lpr import page_cursors, plates, policy
from lpr.forms.fields import DayField, TextField, start_of


class RecallForm(forms.Form):
    plate = TextField(label="Plate", required=False, max_length=64, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    case = TextField(label="Case reference contains", required=False, max_length=200,
                     widget=forms.TextInput(attrs={"autocomplete": "off"}))
    asked_from = DayField(label="Asked from", required=False)
    asked_to = DayField(label="Asked to", required=False)
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

    def clean(self) -> dict[str, Any]:
        first, last = self.cleaned_data.get("asked_from"), self.cleaned_data.get("asked_to")
        if first and last and first > last:
            self.add_error("asked_to", "The last day must not be before the first day.")
        return self.cleaned_data

    def criteria(self) -> dict[str, Any]:
        """The arguments of `recall.own` and `recall.shared`; where a page begins, only the former takes."""
        said, zone = self.cleaned_data, policy.zone_of(self.asker)
        return {"plate": said["plate"], "case": said["case"], "asked_from": start_of(said["asked_from"], zone),
                "asked_until": start_of(said["asked_to"], zone, later=1)}
