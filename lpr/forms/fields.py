"""Fields and bases that the forms of queries, reports and alerts share."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator

from accounts.models import User
from audit.forms import whole_characters
from lpr import timeframes

LATEST = date(9000, 12, 31)


def with_blank(choices: Any, blank: str) -> list:
    return [("", blank), *choices]


class TextField(forms.CharField):
    """Text for the log: bounded, without NUL, and whole characters only."""

    default_validators = [whole_characters]


class DayInput(forms.DateInput):
    """A day in the one form that browsers take."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")


class DayField(forms.DateField):
    """A day that any clock of the service can hold: what lies before or beyond is refused, not taken for none."""

    widget = DayInput
    default_validators = [
        MinValueValidator(timeframes.EARLIEST, f"Enter a day from {timeframes.EARLIEST.year} on."),
        MaxValueValidator(LATEST, "Enter a day that has a year of four digits."),
    ]
    default_error_messages = {"invalid": "Enter the day as year-month-day, such as 2026-05-01."}


def start_of(day: date | None, zone: ZoneInfo, *, later: int = 0) -> datetime | None:
    """When the day begins that lies so many days later, by the clocks of a zone; None for no day."""
    return None if day is None else datetime.combine(day + timedelta(days=later), time(), zone).astimezone(UTC)


class RecordedForm(forms.Form):
    """A form whose refusal is on record with its mistakes."""

    required_css_class = "required"

    def mistakes(self) -> dict[str, list[str]]:
        """The sentences shown, by field."""
        return {field: [str(sentence) for sentence in sentences] for field, sentences in self.errors.items()}


class UserForm(RecordedForm):
    """A form of which the choices depend on who fills it in, and when."""

    def __init__(self, *args: Any, user: User, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user, self.now = user, now
