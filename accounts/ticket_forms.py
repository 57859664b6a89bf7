"""The forms of the help desk: what is typed is looked over before it is kept (ACC-13)."""

import unicodedata

from django import forms
from django.core.exceptions import ValidationError

from audit.looked_over import LookedOverForm

TEXT_LONGEST = 4000
HINT = "No license plate, no case number, no name from a case: the help desk belongs to the operator and must not get them."


class TextForm(LookedOverForm):
    LOOKED_OVER = ("subject", "text")

    def clean_subject(self) -> str:
        subject = self.cleaned_data["subject"]
        if any(unicodedata.category(c) in {"Cc", "Zl", "Zp"} for c in subject):
            raise ValidationError("Write the subject in one line.", code="line")
        return subject


def text_field(label: str) -> forms.CharField:
    return forms.CharField(label=label, max_length=TEXT_LONGEST, help_text=HINT,
                           widget=forms.Textarea(attrs={"rows": 6, "maxlength": None}))


class TicketForm(TextForm):
    subject = forms.CharField(max_length=120, widget=forms.TextInput(attrs={"autocomplete": "off"}),
                              help_text="What it is about, in a few words.")
    text = text_field("Your question")
    field_order = ("email", "subject", "text")


class StrangerTicketForm(TicketForm):
    email = forms.EmailField(label="Work email", max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "email"}),
                             help_text="The address that your account is registered with. Answers go there.")


class ReplyForm(TextForm):
    text = text_field("Your reply")
