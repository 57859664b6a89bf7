"""The forms of the accounts room: shape and words; the rules are in the rooms they call."""

from typing import Any

from django import forms
from django.contrib.auth.password_validation import password_validators_help_texts, validate_password
from django.core.exceptions import ValidationError

from accounts.models import User

NO_MATCH = ("That username and password do not match, or the account is locked. After 5 failed attempts an account stays "
            "locked until its manager releases it.")


def password_field(label: str, autocomplete: str, **options: Any) -> forms.CharField:
    """A secret: spaces are kept, nothing is shown again."""
    widget = forms.PasswordInput(attrs={"autocomplete": autocomplete})
    return forms.CharField(label=label, max_length=512, strip=False, widget=widget, **options)


class SignInForm(forms.Form):
    username = forms.CharField(max_length=150, widget=forms.TextInput(
        attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false", "autofocus": True}))
    password = password_field("Password", "current-password")


class RulesForm(forms.Form):
    agree = forms.BooleanField(
        label="I have read these rules of behavior and permissible uses, I understand them, and I will follow them.",
        error_messages={"required": "Tick this box to affirm the rules. Nothing else opens before."})
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)


class PasswordForm(forms.Form):
    old_password = password_field("Old password", "current-password")
    new_password1 = password_field("New password", "new-password")
    new_password2 = password_field("New password again", "new-password")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.fields["new_password1"].help_text = " ".join(password_validators_help_texts())

    def clean_new_password1(self) -> str:
        password = self.cleaned_data["new_password1"]
        validate_password(password, self.user)
        return password

    def clean(self) -> None:
        first, second = self.cleaned_data.get("new_password1"), self.cleaned_data.get("new_password2")
        if first and second and first != second:
            self.add_error("new_password2", ValidationError("The two new passwords differ.", code="password_mismatch"))
        if first and first == self.cleaned_data.get("old_password"):
            self.add_error("new_password1", ValidationError("This is the old password.", code="password_unchanged"))
