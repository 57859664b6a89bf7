"""The forms by which operations staff repair or discard a record that was set aside (DAT-3)."""

from typing import Any

from django import forms

from lpr import quarantine
from lpr.forms.fields import TextField
from lpr.models import QuarantinedRecord

_HELP = {
    "state": "Two letters, or empty where the source did not read it.",
    "captured_at": "Such as 2026-05-01T12:00:00-04:00, with the offset from UTC.",
    "latitude": "In degrees, south negative.", "longitude": "In degrees, west negative.", "confidence": "0 to 100.",
}


class RepairForm(forms.Form):
    """Every field as text, filled in with what was sent; the loader's own checks say what is wrong."""

    def __init__(self, data: Any = None, *, record: QuarantinedRecord) -> None:
        super().__init__(data, initial=quarantine.entered(record))
        self.bad_field = quarantine.bad_field(record)
        for name in quarantine.FIELDS:
            self.fields[name] = TextField(label=name.replace("_", " ").capitalize(), max_length=500, required=False,
                                          help_text=_HELP.get(name, ""))

    def said(self) -> dict[str, str]:
        """What was entered, by field."""
        return {name: self.cleaned_data.get(name, "") for name in quarantine.FIELDS}


class DiscardForm(forms.Form):
    note = TextField(label="Why it is discarded", max_length=300, error_messages={"required": "Say why it is discarded."})
