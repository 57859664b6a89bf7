"""The forms of user groups (ACC-16)."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

LONGEST = timedelta(days=366)


class PurposeForm(forms.Form):
    """What a group is for and until when; it ends, so that nothing is shared out of habit."""

    purpose = forms.CharField(max_length=300, help_text="The task that its members share. No plates, no names.")
    ends_on = forms.DateField(label="Ends on", widget=forms.DateInput(attrs={"type": "date"}),
                              help_text="From this day on the group shares nothing. A year from now at most.")

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    def clean_ends_on(self) -> date:
        ends_on = self.cleaned_data["ends_on"]
        if not self.today < ends_on <= self.today + LONGEST:
            raise ValidationError("Choose a day after today, within a year.", code="ends_on")
        return ends_on


class NewGroupForm(PurposeForm):
    name = forms.CharField(max_length=100)
    field_order = ("name", "purpose", "ends_on")


class MemberForm(forms.Form):
    username = forms.CharField(max_length=150, widget=forms.TextInput(
        attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}))
