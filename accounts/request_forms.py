"""The forms of strangers: request to account, registration (ACC-2, ACC-4, ACC-5)."""

from typing import Any

from django import forms
from django.contrib.auth.password_validation import password_validators_help_texts, validate_password
from django.core.exceptions import ValidationError

from accounts import challenges, registration, scans
from accounts.forms import password_field
from accounts.models import AOR, ChallengeQuestion, Component, JobCategory, RegistrationKey, User
from audit import names

# Some jobs belong to one component.
COMPONENT_OF_JOB = {JobCategory.ERO_OFFICER: Component.ERO, JobCategory.HSI_AGENT: Component.HSI}


def choice_field(label: str, choices: Any) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, choices=[("", "Choose"), *choices])


def line_field(label: str, autocomplete: str = "off") -> forms.CharField:
    return forms.CharField(label=label, max_length=150, widget=forms.TextInput(attrs={"autocomplete": autocomplete}))


class AccessRequestForm(forms.Form):
    full_name = line_field("Full name", "name")
    email = forms.EmailField(label="Work email", widget=forms.EmailInput(attrs={"autocomplete": "email"}))
    aor = forms.ModelChoiceField(label="Area of responsibility", queryset=AOR.objects.none(), to_field_name="code",
                                 empty_label="Choose")
    component = choice_field("Component", Component.choices)
    job_category = choice_field("Job category", JobCategory.choices)
    justification = forms.CharField(label="Why the account is needed", max_length=2000, widget=forms.Textarea(attrs={"rows": 4}))
    supervisor_name = line_field("Supervisor's full name")
    supervisor_email = forms.EmailField(label="Supervisor's email", widget=forms.EmailInput(attrs={"autocomplete": "off"}))
    form = forms.FileField(
        label="Scan of the signed form", required=False, help_text="Optional. PDF, PNG or JPEG, at most 10 MB.",
        widget=forms.FileInput(attrs={"accept": ".pdf,.png,.jpg,.jpeg"}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["aor"].queryset = AOR.objects.all()  # type: ignore[attr-defined]

    def clean_full_name(self) -> str:
        return names.tidy(self.cleaned_data["full_name"])

    def clean_form(self) -> scans.Scan | None:
        """The checked scan; what the browser says about the file is not asked."""
        file = self.cleaned_data["form"]
        if file is None:
            return None
        try:
            return scans.check(file.read(scans.MOST_BYTES + 1))
        except scans.ScanNotUsable as refusal:
            raise ValidationError(str(refusal), code="scan") from refusal

    def clean(self) -> None:
        needed = COMPONENT_OF_JOB.get(self.cleaned_data.get("job_category", ""))
        if needed and self.cleaned_data.get("component") not in {None, "", needed}:
            self.add_error("job_category", ValidationError(f"This job category belongs to {needed}.", code="component"))


class RegistrationForm(forms.Form):
    username = forms.CharField(max_length=150, help_text="It stays yours; nobody else ever gets it.", widget=forms.TextInput(
        attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}))
    password1 = password_field("Password", "new-password")
    password2 = password_field("Password again", "new-password")

    def __init__(self, *args: Any, key: RegistrationKey, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.key = key
        self.fields["password1"].help_text = " ".join(password_validators_help_texts())
        if key.appointment and key.appointment.username:
            self.fields["username"].initial = key.appointment.username
        offered = ChallengeQuestion.objects.filter(is_offered=True)
        for number in range(1, challenges.NEEDED + 1):
            self.fields[f"question_{number}"] = forms.ModelChoiceField(
                label=f"Question {number}", queryset=offered, empty_label="Choose a question")
            self.fields[f"answer_{number}"] = forms.CharField(
                label=f"Answer {number}", max_length=challenges.LONGEST,
                widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}))

    def clean_username(self) -> str:
        try:
            return registration.usable_username(self.cleaned_data["username"], key=self.key)
        except registration.UsernameNotUsable as refusal:
            raise ValidationError(str(refusal), code="username") from refusal
        except registration.UsernameTaken as refusal:
            raise ValidationError("This username is taken.", code="taken") from refusal

    def clean_password1(self) -> str:
        password = self.cleaned_data["password1"]
        ground = self.key.ground
        validate_password(password, User(username=self.cleaned_data.get("username", ""), full_name=ground.full_name,
                                         email=ground.email))
        return password

    def clean(self) -> None:
        first, second = self.cleaned_data.get("password1"), self.cleaned_data.get("password2")
        if first and second and first != second:
            self.add_error("password2", ValidationError("The two passwords differ.", code="password_mismatch"))
        self._clean_questions()
        self._clean_answers()

    def _clean_questions(self) -> None:
        seen: set[ChallengeQuestion] = set()
        for number in range(1, challenges.NEEDED + 1):
            question = self.cleaned_data.get(f"question_{number}")
            if question in seen:
                self.add_error(f"question_{number}", ValidationError("Choose three different questions.", code="repeated"))
            if question:
                seen.add(question)

    def _clean_answers(self) -> None:
        seen: set[str] = set()
        for number in range(1, challenges.NEEDED + 1):
            answer = challenges.normalize(self.cleaned_data.get(f"answer_{number}", ""))
            if not answer:
                continue
            if len(answer) < challenges.SHORTEST:
                self.add_error(f"answer_{number}", ValidationError("This answer is too short.", code="short"))
            if answer in seen:
                self.add_error(f"answer_{number}", ValidationError("Give three different answers.", code="repeated"))
            seen.add(answer)

    def answers(self) -> list[tuple[ChallengeQuestion, str]]:
        return [(self.cleaned_data[f"question_{number}"], self.cleaned_data[f"answer_{number}"])
                for number in range(1, challenges.NEEDED + 1)]
