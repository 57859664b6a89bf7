"""Fields that the forms of queries, reports and alerts share."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError


def with_blank(choices: Any, blank: str) -> list:
    return [("", blank), *choices]


def _encodable(text: str) -> None:
    """JSON can bring half a character, which no database takes."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise ValidationError("This holds a character that cannot be stored.") from error


class TextField(forms.CharField):
    """Text for the log: bounded, without NUL, and whole characters only."""

    default_validators = [_encodable]


class DayInput(forms.DateInput):
    """A day in the one form that browsers take."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")
