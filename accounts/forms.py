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


def code_field(label: str, **options: Any) -> forms.CharField:
    """A code that is typed off another screen; the device's own memory of forms does not keep it."""
    widget = forms.TextInput(attrs={"autocomplete": "one-time-code", "autocapitalize": "characters", "spellcheck": "false"})
    return forms.CharField(label=label, max_length=60, widget=widget, **options)


class RecoverForm(forms.Form):
    username = forms.CharField(max_length=150, widget=forms.TextInput(
        attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false", "autofocus": True}))


class AnswerForm(forms.Form):
    answer = password_field("Your answer", "off")


class FactorForm(forms.Form):
    """One of the two: a typed code, or what a passkey answered."""

    code = code_field("Code", required=False,
                      help_text="The six digits that your authenticator app shows, or one of your recovery codes.")
    passkey = forms.CharField(required=False, max_length=20_000, widget=forms.HiddenInput)

    def clean(self) -> None:
        if not self.cleaned_data.get("code") and not self.cleaned_data.get("passkey"):
            self.add_error("code", "Enter a code.")


class NewAppForm(forms.Form):
    code = code_field("Code that the app shows")


class NewPasskeyForm(forms.Form):
    name = forms.CharField(label="Name of the device", max_length=60, help_text="For example: work phone.")
    passkey = forms.CharField(max_length=20_000, widget=forms.HiddenInput)


class RulesForm(forms.Form):
    agree = forms.BooleanField(
        label="I have read these rules of behavior and permissible uses, I understand them, and I will follow them.",
        error_messages={"required": "Tick this box to affirm the rules. Nothing else opens before."})
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)


class PasswordForm(forms.Form):
    old_password = password_field("Old password", "current-password")
    new_password1 = password_field("New password", "new-password")
    new_password2 = password_field("New password again", "new-password")

    def __init__(self, *args: Any, user: User, recovered: bool = False, **kwargs: Any) -> None:
        """`recovered`: a temporary password opened the session, so there is no old one to give."""
        super().__init__(*args, **kwargs)
        self.user = user
        if recovered:
            del self.fields["old_password"]
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
