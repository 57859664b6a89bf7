"""The forms of the help desk: what is typed is looked over before it is kept (ACC-13)."""

import unicodedata
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts import ticket_text

TEXT_LONGEST = 4000
HINT = "No license plate, no case number, no name from a case: the help desk belongs to the operator and must not get them."


class LookedOverForm(forms.Form):
    """What surely is case text is refused at its field; what may be is asked about, once for each find.

    `asks` says that the question is open: the page then offers `no_case`. A confirmation counts for the very finds that were
    shown; other words are asked about anew.
    """

    no_case = forms.BooleanField(required=False, label="I looked at it: this is no license plate, no case number and no person "
                                                       "of a case. Send it as it is.")
    looked = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    asks = False
    why = ""

    def clean(self) -> None:
        found = {name: ticket_text.look_over(self.cleaned_data.get(name) or "") for name in self.looked_over()}
        sure = {name: [find for find in finds if find.is_sure] for name, finds in found.items()}
        open_ones = [find for finds in found.values() for find in finds if not find.is_sure]
        mark = _mark(open_ones)
        confirmed = self.cleaned_data.get("no_case") and constant_time_compare(self.cleaned_data.get("looked") or "", mark)
        for name, finds in sure.items():
            for find in finds:
                self.add_error(name, ValidationError(f"“{find.words}” is {find.what}. Take it out.", code="case"))
        self.why = "case text" if any(sure.values()) else "fields" if self.errors else ""
        if not open_ones or confirmed:
            return
        for name, finds in found.items():
            for find in finds:
                if not find.is_sure:
                    self.add_error(name, ValidationError(
                        f"“{find.words}” may be {find.what}. Is it? Then take it out. If not, say so below.", code="question"))
        self.asks = True
        self.why = self.why or "question"
        # The question comes back unanswered, and for these finds.
        self.data = {**self.data.dict(), "looked": mark, "no_case": ""}  # type: ignore[attr-defined]

    def looked_over(self) -> list[str]:
        return [name for name in ("subject", "text") if name in self.fields]

    def clean_subject(self) -> str:
        subject = self.cleaned_data["subject"]
        if any(unicodedata.category(c) in {"Cc", "Zl", "Zp"} for c in subject):
            raise ValidationError("Write the subject in one line.", code="line")
        return subject


def _mark(finds: list[ticket_text.Find]) -> str:
    words = "\n".join(sorted({f"{find.what}|{find.words}" for find in finds}))
    return salted_hmac("accounts.ticket_forms", words, algorithm="sha256").hexdigest()


def text_field(label: str) -> forms.CharField:
    return forms.CharField(label=label, max_length=TEXT_LONGEST, help_text=HINT,
                           widget=forms.Textarea(attrs={"rows": 6, "maxlength": None}))


class TicketForm(LookedOverForm):
    subject = forms.CharField(max_length=120, widget=forms.TextInput(attrs={"autocomplete": "off"}),
                              help_text="What it is about, in a few words.")
    text = text_field("Your question")
    field_order = ("email", "subject", "text")


class StrangerTicketForm(TicketForm):
    email = forms.EmailField(label="Work email", max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "email"}),
                             help_text="The address that your account is registered with. Answers go there.")


class ReplyForm(LookedOverForm):
    text = text_field("Your reply")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order_fields(["text"])
