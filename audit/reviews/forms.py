"""The forms of reviews. What is typed is named in words where it is wrong, and nothing of it is lost."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django import forms

from audit.models import Method, Verdict
from audit.people import Area
from audit.reviews.reviewing import LONGEST_NOTE, ReviewRefused
from audit.sanctions import NOT_THEIRS

MOST = 500


def _words(rows: int = 4) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows, "autocomplete": "off"})


class ReviewedForm(forms.Form):
    """What the domain refuses is said at the field it means."""

    def refuse(self, refusal: ReviewRefused) -> None:
        self.add_error(refusal.field if refusal.field in self.fields else None, str(refusal))


class OpenForm(ReviewedForm):
    aor = forms.ChoiceField(label="Area of responsibility", required=False)
    since = forms.DateField(label="From", help_text="A day such as 2026-11-16, in UTC")
    until = forms.DateField(label="To", help_text="That day included")
    method = forms.ChoiceField(label="Sample", choices=Method.choices, widget=forms.RadioSelect, initial=Method.RANDOM)
    size = forms.IntegerField(label="Queries", min_value=1, max_value=MOST, required=False)

    def __init__(self, *args: Any, areas: list[Area], every_aor: bool, smallest: int, today: date, **options: Any) -> None:
        super().__init__(*args, **options)
        choices = [(area.code, f"{area.name} ({area.code})") for area in areas]
        field = self.fields["aor"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "Every area"), *choices] if every_aor else choices
        self.smallest = smallest
        self.fields["size"].help_text = f"Of a sample that is drawn: at least {smallest}, or all that there are"
        self.fields["size"].initial = smallest
        self.fields["since"].initial, self.fields["until"].initial = today - timedelta(days=7), today - timedelta(days=1)

    def clean_size(self) -> int:
        return self.cleaned_data["size"] or self.smallest

    def wanted(self) -> dict[str, Any]:
        """The arguments of opening, the days as moments and the end excluded."""
        said = self.cleaned_data
        return {"aor": said["aor"], "method": Method(said["method"]), "size": said["size"],
                "since": _midnight(said["since"]), "until": _midnight(said["until"] + timedelta(days=1))}


class VerdictForm(ReviewedForm):
    verdict = forms.ChoiceField(label="Verdict", choices=Verdict.choices, widget=forms.RadioSelect)
    note = forms.CharField(label="Note", max_length=LONGEST_NOTE, widget=_words(),
                           help_text="Why; it stands in the audit log alone")


class AskForm(ReviewedForm):
    question = forms.CharField(label="Question to the officer", max_length=LONGEST_NOTE, widget=_words(),
                               help_text="The officer reads it on a page of theirs; the mail tells only that it is there")


class FollowUpForm(ReviewedForm):
    """Where `choices` gives what the reviewer sees of the officer's sanctions, one is chosen of them; else a number is typed."""

    sanction = forms.CharField(label="Number of the sanction", max_length=64, help_text="As the record of sanctions has it")

    def __init__(self, *args: Any, choices: list[tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        if choices:
            self.fields["sanction"] = forms.ChoiceField(label="Sanction", choices=[("", "Choose"), *choices],
                                                        error_messages={"invalid_choice": NOT_THEIRS})


class SignOffForm(ReviewedForm):
    note = forms.CharField(label="Conclusion", max_length=LONGEST_NOTE, widget=_words())
    confirm = forms.BooleanField(label="I sign off this review. It cannot be changed afterwards.")


class ChooseForm(ReviewedForm):
    officer = forms.CharField(label="User name", max_length=150, required=False, help_text="Leave empty for all",
                              widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}))


class AnswerForm(forms.Form):
    answer = forms.CharField(label="Your answer", max_length=LONGEST_NOTE, widget=_words(),
                             help_text="It stands in the audit log, and is given once")


class DisownForm(forms.Form):
    note = forms.CharField(label="What you want to say about it", max_length=500, required=False, widget=_words(2))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=UTC)
