"""What a query and an alert entry state alike: a plate, its state, the reason, the case, and for whom (QRY-1, ALR-2)."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from lpr import case_references, plates, policy, states
from lpr.forms.fields import TextField, UserForm, with_blank

FOR_WHOM = (("self", "Myself"), ("other", "Another agent or officer"))


class CaseForm(UserForm):
    """The fields both have; each subclass words its own `case_reference` and `for_whom`."""

    plate = TextField(
        label="License plate number", max_length=64,
        help_text="The whole number. Spaces, hyphens and dots make no difference.",
        error_messages={"required": "Enter the license plate number."},
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}))
    state = forms.ChoiceField(
        label="State", choices=with_blank(states.CHOICES, "Choose a state"),
        error_messages={"required": "Choose the state of the plate.", "invalid_choice": "Choose a listed state."})
    reason = forms.ChoiceField(
        label="Reason", error_messages={"required": "Choose a reason.", "invalid_choice": "Choose a listed reason."})
    other_name = TextField(
        label="Name of the agent or officer", required=False, max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "off"}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.reasons = {row.code: row for row in policy.reasons_for(self.user)}
        self.offer("reason", [(code, row.label) for code, row in self.reasons.items()], "Choose a reason")

    def offer(self, name: str, choices: list[tuple[str, str]], blank: str) -> None:
        """Set the choices of a field, the empty one first."""
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = with_blank(choices, blank)

    def clean_plate(self) -> str:
        return or_invalid(plates.fold, self.cleaned_data["plate"])

    def clean_case_reference(self) -> str:
        return or_invalid(case_references.check, self.cleaned_data["case_reference"], policy.case_numbers_of(self.user))


def or_invalid(check: Callable[..., str], *arguments: Any) -> str:
    """The checked text; a domain refusal becomes the form's error."""
    try:
        return check(*arguments)
    except ValueError as refusal:
        raise ValidationError(str(refusal)) from refusal
