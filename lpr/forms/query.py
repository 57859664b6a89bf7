"""The form of a query: every field of QRY-1, QRY-3, QRY-5 and QRY-6, each error at its field.

Pages and the API use this one form. It checks shape, asks policy, and makes the `Query`; it never searches.
"""

from functools import cached_property
from typing import Any

from django import forms

from audit import names
from lpr import case_references, policy, timeframes
from lpr.forms.case import FOR_WHOM, CaseForm
from lpr.forms.fields import DayField, TextField, with_blank
from lpr.forms.offered import OfferedTimeframes
from lpr.forms.place import PLACE, PlaceForm
from lpr.models import Offense
from lpr.query import Query


class CaseInput(forms.Textarea):
    """What is typed, or else what is chosen among one's recent case references."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return data.get(name) or data.get("recent_case") or data.get(name)


class QueryForm(CaseForm, PlaceForm):
    # As they stand on the page: errors are listed in this order.
    field_order = ("plate", "state", "reason", "offense", "case_reference", "timeframe", "date_from", "date_to", "for_whom",
                   "other_name", "other_unit", *PLACE)

    offense = forms.ChoiceField(
        label="Offense", required=False, error_messages={"invalid_choice": "Choose a listed offense."},
        help_text="For a criminal reason. HSI must name it: its statute of limitations sets the longest timeframe.")
    timeframe = forms.ChoiceField(
        label="Timeframe", choices=with_blank(timeframes.CHOICES, "Choose a timeframe"),
        error_messages={"required": "Choose a timeframe.", "invalid_choice": "Choose a listed timeframe."})
    date_from = DayField(label="First day", required=False)
    date_to = DayField(label="Last day", required=False)
    case_reference = TextField(
        label="Case reference", max_length=case_references.LONGEST,
        widget=CaseInput(attrs={"rows": 2, "autocomplete": "off"}),
        help_text=f"Subject or case number, such as “{case_references.EXAMPLE}”.",
        error_messages={"required": f"Enter the subject or case number, such as “{case_references.EXAMPLE}”."})
    for_whom = forms.ChoiceField(
        label="I ask for", choices=FOR_WHOM, widget=forms.RadioSelect,
        error_messages={"required": "Say whether you ask for yourself or for another person.",
                        "invalid_choice": "Choose yourself or another person."})
    other_unit = TextField(
        label="Unit (optional)", required=False, max_length=150, widget=forms.TextInput(attrs={"autocomplete": "off"}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offenses: dict[str, Offense] = {row.code: row for row in policy.offenses_for(self.reasons.values())}
        self.offer("offense", [(code, str(row)) for code, row in self.offenses.items()], "No offense")

    @property
    def criminal_reasons(self) -> str:
        """The codes after which the offense is asked for, as the page's script reads them."""
        return ",".join(code for code, row in self.reasons.items() if row.is_criminal)

    @cached_property
    def offered(self) -> OfferedTimeframes:
        """The timeframes for the reason and offense that are chosen, and for each that may be."""
        return OfferedTimeframes(asker=self.user, reasons=self.reasons, offenses=self.offenses, now=self.now)

    @property
    def offered_now(self) -> str:
        return self.offered.words(self["reason"].value() or "", self["offense"].value() or "")

    def offer_timeframes(self) -> None:
        """Show only the offenses of the chosen reason and the timeframes that both allow, and what is chosen already."""
        reason, offense = self["reason"].value() or "", self["offense"].value() or ""
        self._offer("timeframe", {code for code, _ in self.offered.choices(reason, offense)})
        if reason in self.reasons:
            self._offer("offense", set(self.reasons[reason].offenses))

    def _offer(self, name: str, allowed: set[str]) -> None:
        widget = self.fields[name].widget
        assert isinstance(widget, forms.Select)
        kept = allowed | {"", self[name].value() or ""}
        widget.choices = [choice for choice in widget.choices if choice[0] in kept]

    def clean(self) -> dict[str, Any]:
        self._check_person()
        self.check_place()
        self._check_timeframe()
        return self.cleaned_data

    def entered(self) -> dict[str, Any]:
        """The fields as they came, whatever was in them, for the record of a refusal."""
        return {name: self[name].data for name in self.fields if name in self.data}

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

    def _check_person(self) -> None:
        """QRY-5: another person is named; and nobody is named whom the answer does not ask for."""
        said = self.cleaned_data
        other = names.tidy(said.get("other_name", ""))
        said["other_name"] = other
        if said.get("for_whom") == "other" and "other_name" not in self.errors and sum(map(str.isalpha, other)) < 2:
            self.add_error("other_name", "Enter the name of the agent or officer for whom you ask.")
        if said.get("for_whom") == "self" and (other or said.get("other_unit")):
            self.add_error("for_whom", "You named another person. Choose “Another agent or officer”, or clear the name and unit.")

    def _check_timeframe(self) -> None:
        """QRY-3, QRY-4: a closed timeframe that policy allows for this reason, offense and these persons."""
        said = self.cleaned_data
        if any(name in self.errors for name in ("timeframe", "date_from", "date_to")):
            return
        try:
            span = timeframes.resolve(timeframe=said["timeframe"], date_from=said["date_from"], date_to=said["date_to"],
                                      zone=policy.zone_of(self.user), now=self.now)
            if "reason" in self.errors or "offense" in self.errors:
                return
            said["span"] = policy.allowed_span(
                span, asker=self.user, reason=self.reasons[said["reason"]], offense=self.offenses.get(said["offense"]),
                other_name=said.get("other_name", ""), other_unit=said.get("other_unit", ""), now=self.now)
        except (timeframes.TimeframeNotValid, policy.NotAllowed) as refusal:
            field = refusal.field
            if isinstance(refusal, timeframes.TimeframeTooLong) and said["timeframe"] == timeframes.CUSTOM:
                field = "date_from"
            self.add_error(field, str(refusal))
