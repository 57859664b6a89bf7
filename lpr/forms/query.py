"""The form of a query: every field of QRY-1, QRY-3, QRY-5 and QRY-6, each error at its field.

Pages and the API use this one form. It checks shape, asks policy, and makes the `Query`; it never searches.
"""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.models import User
from lpr import addresses, case_references, plates, policy, states, timeframes
from lpr.models import Offense, ReasonCode
from lpr.query import Near, Query

FOR_WHOM = (("self", "Myself"), ("other", "Another agent or officer"))
STATES_OF_CAPTURE = [group for group in states.CHOICES if group[0] in {"States and DC", "Territories"}]
FARTHEST_KM = 500
PLACE = ("geo_state", "near_latitude", "near_longitude", "near_address", "near_radius_km")


def _with_blank(choices: Any, blank: str) -> list:
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


class QueryForm(forms.Form):
    required_css_class = "required"

    plate = TextField(
        label="License plate number", max_length=64,
        help_text="The whole number. Spaces, hyphens and dots make no difference.",
        error_messages={"required": "Enter the license plate number."},
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}))
    state = forms.ChoiceField(
        label="State", choices=_with_blank(states.CHOICES, "Choose a state"),
        error_messages={"required": "Choose the state of the plate.", "invalid_choice": "Choose a listed state."})
    reason = forms.ChoiceField(
        label="Reason", error_messages={"required": "Choose a reason.", "invalid_choice": "Choose a listed reason."})
    offense = forms.ChoiceField(
        label="Offense", required=False, error_messages={"invalid_choice": "Choose a listed offense."},
        help_text="For a criminal reason. HSI must name it: its statute of limitations sets the longest timeframe.")
    timeframe = forms.ChoiceField(
        label="Timeframe", choices=_with_blank(timeframes.CHOICES, "Choose a timeframe"),
        error_messages={"required": "Choose a timeframe.", "invalid_choice": "Choose a listed timeframe."})
    date_from = forms.DateField(
        label="First day", required=False, widget=DayInput,
        error_messages={"invalid": "Enter the first day as year-month-day, such as 2026-05-01."})
    date_to = forms.DateField(
        label="Last day", required=False, widget=DayInput,
        error_messages={"invalid": "Enter the last day as year-month-day, such as 2026-05-31."})
    case_reference = TextField(
        label="Case reference", max_length=case_references.LONGEST,
        widget=forms.Textarea(attrs={"rows": 2, "autocomplete": "off"}),
        help_text=f"Subject or case number, such as “{case_references.EXAMPLE}”.",
        error_messages={"required": f"Enter the subject or case number, such as “{case_references.EXAMPLE}”."})
    for_whom = forms.ChoiceField(
        label="I ask for", choices=FOR_WHOM, widget=forms.RadioSelect,
        error_messages={"required": "Say whether you ask for yourself or for another person.",
                        "invalid_choice": "Choose yourself or another person."})
    other_name = TextField(
        label="Name of the agent or officer", required=False, max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "off"}))
    other_unit = TextField(
        label="Unit (optional)", required=False, max_length=150, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    geo_state = forms.ChoiceField(
        label="State of capture", required=False, choices=_with_blank(STATES_OF_CAPTURE, "Anywhere"),
        error_messages={"invalid_choice": "Choose a listed state."})
    near_address = TextField(
        label="Near address", required=False, max_length=200, help_text="House number, street and city.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}))
    near_latitude = forms.DecimalField(
        label="Near latitude", required=False, min_value=-90, max_value=90, max_digits=14,
        widget=forms.TextInput(attrs={"inputmode": "text", "autocomplete": "off"}),
        error_messages={"invalid": "Enter degrees, such as 39.961176."})
    near_longitude = forms.DecimalField(
        label="Near longitude", required=False, min_value=-180, max_value=180, max_digits=14,
        widget=forms.TextInput(attrs={"inputmode": "text", "autocomplete": "off"}),
        error_messages={"invalid": "Enter degrees, such as -82.998794."})
    near_radius_km = forms.DecimalField(
        label="Within kilometers", required=False, min_value=Decimal("0.05"), max_value=FARTHEST_KM, max_digits=8,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        error_messages={"invalid": "Enter a number of kilometers, such as 5."})

    def __init__(self, *args: Any, asker: User, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.asker, self.now = asker, now
        self.reasons: dict[str, ReasonCode] = {row.code: row for row in policy.reasons_for(asker)}
        self.offenses: dict[str, Offense] = {row.code: row for row in policy.offenses()}
        self._choices("reason", [(code, row.label) for code, row in self.reasons.items()], "Choose a reason")
        self._choices("offense", [(code, str(row)) for code, row in self.offenses.items()], "No offense")

    @property
    def criminal_reasons(self) -> str:
        """The codes after which the offense is asked for, as the page's script reads them."""
        return ",".join(code for code, row in self.reasons.items() if row.is_criminal)

    @property
    def has_place(self) -> bool:
        """Whether something is entered or wrong in the part of the form that is folded away."""
        return any(self[name].value() or self[name].errors for name in PLACE)

    def clean_plate(self) -> str:
        return _or_invalid(plates.fold, self.cleaned_data["plate"])

    def clean_case_reference(self) -> str:
        return _or_invalid(case_references.check, self.cleaned_data["case_reference"])

    def clean(self) -> dict[str, Any]:
        self._check_person()
        self._check_place()
        self._check_timeframe()
        return self.cleaned_data

    def entered(self) -> dict[str, Any]:
        """The fields as they came, whatever was in them, for the record of a refusal."""
        return {name: self.data[name] for name in self.fields if name in self.data}

    def mistakes(self) -> dict[str, list[str]]:
        """The sentences shown, by field."""
        return {field: [str(sentence) for sentence in sentences] for field, sentences in self.errors.items()}

    def query(self) -> Query:
        """The question of a valid form."""
        said = self.cleaned_data
        span = said["span"]
        return Query(
            plate=said["plate"], state=said["state"], reason=said["reason"], offense=said["offense"],
            timeframe=said["timeframe"], captured_from=span.captured_from, captured_until=span.captured_until,
            date_from=said["date_from"], date_to=said["date_to"], case_reference=said["case_reference"],
            for_whom=said["for_whom"], other_name=said["other_name"], other_unit=said["other_unit"],
            geo_state=said["geo_state"], near=said["near"])

    def _choices(self, name: str, choices: list[tuple[str, str]], blank: str) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = _with_blank(choices, blank)

    def _check_person(self) -> None:
        """QRY-5: another person is named; and nobody is named whom the answer does not ask for."""
        said = self.cleaned_data
        other = " ".join(said.get("other_name", "").split())
        said["other_name"] = other
        if said.get("for_whom") == "other" and "other_name" not in self.errors and sum(map(str.isalpha, other)) < 2:
            self.add_error("other_name", "Enter the name of the agent or officer for whom you ask.")
        if said.get("for_whom") == "self" and (other or said.get("other_unit")):
            self.add_error("for_whom", "You named another person. Choose “Another agent or officer”, or clear the name and unit.")

    def _check_place(self) -> None:
        """QRY-6: a radius around coordinates or an address, whole or not at all."""
        said = self.cleaned_data
        said["near"] = None
        names = PLACE[1:]
        if any(name in self.errors for name in names) or not any(said.get(name) not in (None, "") for name in names):
            return
        latitude, longitude, address, radius = (said[name] for name in names)
        if address and (latitude is not None or longitude is not None):
            self.add_error("near_address", "Enter an address or coordinates, not both.")
        elif not address and latitude is None:
            self.add_error("near_latitude", "Enter the latitude of the place, or an address.")
        elif not address and longitude is None:
            self.add_error("near_longitude", "Enter the longitude of the place.")
        elif radius is None:
            self.add_error("near_radius_km", "Enter the radius in kilometers.")
        else:
            self._locate(latitude, longitude, address, radius)

    def _locate(self, latitude: Decimal | None, longitude: Decimal | None, address: str, radius: Decimal) -> None:
        if latitude is None or longitude is None:
            try:
                latitude, longitude = addresses.locate(address)
            except addresses.AddressNotFound as refusal:
                self.add_error("near_address", str(refusal))
                return
        self.cleaned_data["near"] = Near(
            latitude_e6=round(latitude * 10**6), longitude_e6=round(longitude * 10**6), radius_m=round(radius * 1000),
            address=address)

    def _check_timeframe(self) -> None:
        """QRY-3, QRY-4: a closed timeframe that policy allows for this reason, offense and these persons."""
        said = self.cleaned_data
        if any(name in self.errors for name in ("timeframe", "date_from", "date_to")):
            return
        try:
            span = timeframes.resolve(timeframe=said["timeframe"], date_from=said["date_from"], date_to=said["date_to"],
                                      zone=policy.zone_of(self.asker), now=self.now)
            if "reason" in self.errors or "offense" in self.errors:
                return
            said["span"] = policy.allowed_span(
                span, asker=self.asker, reason=self.reasons[said["reason"]], offense=self.offenses.get(said["offense"]),
                other_name=said.get("other_name", ""), other_unit=said.get("other_unit", ""), now=self.now)
        except (timeframes.TimeframeNotValid, policy.NotAllowed) as refusal:
            field = refusal.field
            if isinstance(refusal, timeframes.TimeframeTooLong) and said["timeframe"] == timeframes.CUSTOM:
                field = "date_from"
            self.add_error(field, str(refusal))


def _or_invalid(check: Callable[[str], str], text: str) -> str:
    """The checked text; a domain refusal becomes the form's error."""
    try:
        return check(text)
    except ValueError as refusal:
        raise ValidationError(str(refusal)) from refusal
