"""The form of the audit search: its field names are the service's contract with the outside."""

import unicodedata
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from typing import Any

from django import forms

from audit import names, search
from audit.events import Kind

_ROOMS = {
    "session": "Signing in", "account": "Accounts", "address": "Accounts", "rules": "Signing in", "access": "Signing in",
    "page": "Signing in",
    "query": "Queries", "photo": "Queries", "reads": "Reads", "list": "Alerts", "entry": "Alerts", "entries": "Alerts",
    "hit": "Alerts", "hits": "Alerts", "notification": "Alerts", "audit": "Audit", "delivery": "Audit", "record": "Back office",
    "review": "Reviews", "reviews": "Reviews", "question": "Reviews", "named": "Reviews", "letter": "Reviews",
    "incident": "Incidents", "suspected_use": "Incidents", "alarm": "Incidents",
}
_OTHERS = "Operation"


def whole_characters(text: str) -> None:
    """A check of fields for the log: JSON can bring half a character, which no database takes.

    Raises:
        ValidationError: it holds one.
    """
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise forms.ValidationError("This holds a character that cannot be stored.") from error


def storable(text: str) -> str:
    """The text without what the log does not take, and as the log writes it: two that are one there are one here."""
    return unicodedata.normalize("NFC", text.replace("\x00", "").encode("utf-8", "replace").decode())


def event_choices() -> list[tuple[str, Any]]:
    """The catalogue, grouped by what the events are about."""
    def room(kind: Kind) -> str:
        return _ROOMS.get(kind.value.partition(".")[0], _OTHERS)

    ordered = sorted(Kind, key=room)
    return [("", "Any event"), *((name, [(kind.value, kind.label) for kind in kinds])
                                 for name, kinds in groupby(ordered, key=room))]


class MomentField(forms.CharField):
    """A date, or a date and time; without a zone it is UTC. A date alone means its first moment, or with `end` its last."""

    default_error_messages = {"moment": "Enter a date such as 2026-11-21, or a date and time such as 2026-11-21 14:30."}

    def __init__(self, *, end: bool = False, **options: Any) -> None:
        super().__init__(max_length=40, required=False, **options)
        self.end = end

    def clean(self, value: Any) -> datetime | None:
        text = super().clean(value)
        if not text:
            return None
        try:
            moment = self._moment(text)
        except (ValueError, OverflowError) as error:
            raise forms.ValidationError(self.error_messages["moment"], code="moment") from error
        return moment

    def _moment(self, text: str) -> datetime:
        try:
            day = date.fromisoformat(text)
        except ValueError:
            moment = datetime.fromisoformat(text)
            moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        else:
            moment = datetime.combine(day + timedelta(days=1) if self.end else day, time.min, tzinfo=UTC)
        if not 1970 <= moment.year <= 2200:
            raise ValueError("out of range")
        return moment


class SearchForm(forms.Form):
    user = forms.CharField(label="User", max_length=150, required=False, help_text="User name or number")
    on_behalf_of = forms.CharField(label="On behalf of", max_length=200, required=False, help_text="The person named")
    plate = forms.CharField(label="License plate", max_length=40, required=False)
    to = MomentField(label="To", end=True, help_text="A date counts whole. UTC")
    event = forms.ChoiceField(label="Event", choices=event_choices, required=False,
                              error_messages={"invalid_choice": "Choose a listed event."})
    reason = forms.CharField(label="Reason code", max_length=32, required=False)
    aor = forms.CharField(label="Area of responsibility", max_length=32, required=False, help_text="Its code")

    field_order = ["user", "on_behalf_of", "plate", "from", "to", "event", "reason", "aor"]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        # `from` is the field's name outside, and no name for an attribute in Python.
        self.fields["from"] = MomentField(label="From", help_text="2026-11-21 or 2026-11-21 14:30, UTC")
        self.order_fields(self.field_order)
        for field in self.fields.values():
            field.validators.append(whole_characters)
        for name in ("user", "on_behalf_of", "plate"):
            self.fields[name].widget.attrs |= {"autocomplete": "off", "spellcheck": "false"}

    def clean_plate(self) -> str:
        text = self.cleaned_data["plate"]
        try:
            return search.fold_plate(text) if text else ""
        except search.PlateNotValid as error:
            raise forms.ValidationError(str(error)) from error

    def clean_on_behalf_of(self) -> str:
        return names.tidy(self.cleaned_data["on_behalf_of"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("from") and cleaned.get("to") and cleaned["from"] >= cleaned["to"]:
            self.add_error("to", "The end must be after the beginning.")
        return cleaned

    def criteria(self) -> search.Criteria:
        """What is asked for, once the form is valid."""
        data = dict(self.cleaned_data)
        return search.Criteria(since=data.pop("from"), until=data.pop("to"), **data)

    def mistakes(self) -> dict[str, list[str]]:
        return {name: [str(error) for error in errors] for name, errors in self.errors.items()}

    def entered(self) -> dict[str, str]:
        """What was typed, for the record of a refusal: shortened, and without what no text may hold."""
        return {name: storable(str(self.data.get(name, ""))[:200]) for name in self.field_order}

    @classmethod
    def of(cls, criteria: search.Criteria) -> "SearchForm":
        """The form as it was filled in, to change a search."""
        def text(moment: datetime | None) -> str:
            return moment.strftime("%Y-%m-%d %H:%M:%S").removesuffix(":00") if moment else ""

        facts = criteria.facts()
        return cls(initial={**facts, "from": text(criteria.since), "to": text(criteria.until)})
