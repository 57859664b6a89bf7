"""The forms of incidents and suspected use. What is typed is named in words where it is wrong, and nothing of it is lost."""

from typing import Any

from django import forms

from audit.case_text import Find
from audit.incidents.recording import IncidentRefused
from audit.looked_over import LookedOverForm
from audit.models.incident import DataKind, Outcome, StepKind
from audit.sanctions import NOT_THEIRS

LONGEST = 10_000
NO_PLATES = "No plates, no subjects, no cases: name events by their numbers"


def _words(label: str, rows: int = 4, hint: str = NO_PLATES) -> forms.CharField:
    return forms.CharField(label=label, max_length=LONGEST, help_text=hint,
                           widget=forms.Textarea(attrs={"rows": rows, "autocomplete": "off"}))


class IncidentForm(LookedOverForm):
    """What the domain refuses is said at the field it means. What is recorded here stays: texts are looked over before."""

    LOOKED_OVER: tuple[str, ...] = ("text",)

    def __init__(self, *args: Any, **options: Any) -> None:
        # Several forms stand on one page, and ids are once on a page.
        super().__init__(*args, **{"auto_id": f"id_{type(self).__name__.lower()}_%s"} | options)

    def filled(self, data: Any) -> "IncidentForm":
        """The same form with what was sent."""
        return type(self)(data, initial=self.initial)

    def _finds(self, name: str, text: str) -> list[Find]:
        """Nothing in the very words that the record offered: an alarm's own, or a person's, which were looked over before."""
        offered = str(self.initial.get(name) or "")
        return [] if text.split() == offered.split() else super()._finds(name, text)

    def refuse(self, refusal: IncidentRefused) -> None:
        self.add_error(refusal.field if refusal.field in self.fields else None, str(refusal))


def _discovered() -> forms.DateTimeField:
    return forms.DateTimeField(label="Discovered at (UTC)", input_formats=["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"],
                               help_text="Such as 2026-11-21 14:30. It starts the clocks and cannot be changed afterwards",
                               error_messages={"invalid": "Enter a date and time such as 2026-11-21 14:30."})


def _data_kinds() -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(label="Kinds of data", choices=DataKind.choices, widget=forms.CheckboxSelectMultiple)


def _users_affected() -> forms.CharField:
    return forms.CharField(label="Users affected", max_length=500, help_text="User names, or how many and which area")


class OpenForm(IncidentForm):
    LOOKED_OVER = ("users_affected", "text")

    discovered_at = _discovered()
    data_kinds = _data_kinds()
    users_affected = _users_affected()
    text = _words("What happened")


class KnownForm(IncidentForm):
    LOOKED_OVER = ("users_affected", "text")

    data_kinds = _data_kinds()
    users_affected = _users_affected()
    text = _words("How it became known", 3)


class FirstReportForm(IncidentForm):
    text = _words("What is known so far", hint="It is mailed to both recipients at once. " + NO_PLATES)


class WrittenReportForm(IncidentForm):
    """Its fields are the parts of the written report."""

    LOOKED_OVER = ("what_happened", "cause", "harm", "done", "planned")

    what_happened = _words("What happened")
    cause = _words("Cause, as far as it is known", 3)
    harm = _words("Data and users harmed", 3)
    done = _words("What was done to contain it", 3)
    planned = _words("What will be done, by when", 3)
    contact = forms.CharField(label="Who answers questions", max_length=200, help_text="Name and telephone")

    def answers(self) -> list[tuple[str, str]]:
        return [(str(field.label), self.cleaned_data[field.name]) for field in self if field.name in self.cleaned_data]


class NoteForm(IncidentForm):
    kind = forms.ChoiceField(label="Step", widget=forms.RadioSelect,
                             choices=[(kind.value, kind.label) for kind in (StepKind.INQUIRY, StepKind.REMEDIATION)])
    text = _words("What was done")


class CloseForm(IncidentForm):
    text = _words("Conclusion")


class OpenUseForm(IncidentForm):
    LOOKED_OVER = ("evidence",)

    username = forms.CharField(label="User name", max_length=150, help_text="Whose use it is")
    discovered_at = _discovered()
    evidence = _words("Evidence")


class NoteUseForm(IncidentForm):
    text = _words("What was found or done")


class CloseUseForm(IncidentForm):
    """Where `choices` gives what the closer sees of the person's sanctions, one of them is chosen; else its number is typed."""

    outcome = forms.ChoiceField(label="Outcome", choices=Outcome.choices, widget=forms.RadioSelect)
    sanction = forms.CharField(label="Number of the sanction", max_length=40, required=False,
                               help_text="Where a sanction followed")
    text = _words("Conclusion")

    def __init__(self, *args: Any, choices: list[tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        self.choices = choices
        if choices:
            self.fields["sanction"] = forms.ChoiceField(
                label="Sanction", choices=[("", "None"), *choices], required=False, help_text="Where a sanction followed",
                error_messages={"invalid_choice": NOT_THEIRS})

    def filled(self, data: Any) -> IncidentForm:
        return type(self)(data, choices=self.choices)

    def wanted(self) -> dict[str, Any]:
        return self.cleaned_data | {"outcome": Outcome(self.cleaned_data["outcome"])}
