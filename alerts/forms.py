"""Forms of alerts, for pages and API alike: each error at its field, whatever was typed stays (ALR-2, ALR-4).

They check shape and phrase errors; what only the database can say (a full list, a closed account) is the domain's refusal, and
`refused` puts it at its field.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from accounts.models import User, UserGroup
from alerts import upload_rows, uploads
from alerts.entries import EntryRefused
from alerts.lists import ListRefused
from alerts.models import AlertList, AlertPolicy, Collapse, Disposition, Frequency, Scope
from alerts.persons import PersonNotNamed, check_person
from lpr import case_references, plates
from lpr.forms.case import FOR_WHOM, CaseForm, or_invalid
from lpr.forms.fields import RecordedForm, TextField, UserForm, with_blank

_BETWEEN_NAMES = re.compile(r"[\s,;]+")


class NamesInput(forms.TextInput):
    """One line of names; the API and a form with several fields of the name send a list."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> str:
        values = data.getlist(name) if hasattr(data, "getlist") else data.get(name) or []
        return ", ".join(str(value) for value in ([values] if isinstance(values, str) else values))


class UsersField(TextField):
    """User names, each of an account that is there; whether it may be told is for the domain to say."""

    widget = NamesInput

    def clean(self, value: Any) -> list[User]:
        names = [name for name in _BETWEEN_NAMES.split(super().clean(value)) if name]
        found = {user.username.lower(): user for user in User.objects.filter(
            username__in={spelling for name in names for spelling in (name, name.lower())})}
        unknown = [name for name in names if name.lower() not in found]
        if unknown:
            raise ValidationError(f"There is no user named {', '.join(unknown)}.")
        return list({found[name.lower()].pk: found[name.lower()] for name in names}.values())


class GroupField(forms.ModelChoiceField):
    """A group by its number, as the page sends it, or by its name."""

    def to_python(self, value: Any) -> UserGroup | None:
        if isinstance(value, str) and value and not value.isdecimal():
            groups: QuerySet[UserGroup] = self.queryset  # type: ignore[assignment]
            by_name = groups.filter(name=TextField(required=False).clean(value)).first()
            if by_name is None:
                raise ValidationError(self.error_messages["invalid_choice"], code="invalid_choice")
            return by_name
        return super().to_python(value)


class _Form(RecordedForm):
    def entered(self) -> dict[str, Any]:
        """The fields as they came, whatever was in them, for the record of a refusal."""
        named = {name: self.data[name] for name in self.fields if name in self.data}
        return named | ({"users": self["users"].value()} if "users" in named else {})

    def refused(self, refusal: EntryRefused | ListRefused | uploads.UploadRefused) -> None:
        """Show a refusal of the domain at its field."""
        self.add_error(refusal.field if refusal.field in self.fields else None, str(refusal))


class EntryForm(CaseForm, _Form):
    """One plate, why it is watched and for whom (ALR-2)."""

    field_order = ["plate", "state", "reason", "case_reference", "for_whom", "other_name", "ongoing"]

    case_reference = TextField(
        label="Case reference", max_length=case_references.LONGEST,
        widget=forms.Textarea(attrs={"rows": 2, "autocomplete": "off"}),
        help_text=f"Subject or case number, such as “{case_references.EXAMPLE}”. Only you and audit roles see it.",
        error_messages={"required": f"Enter the subject or case number, such as “{case_references.EXAMPLE}”."})
    for_whom = forms.ChoiceField(
        label="I watch for", choices=FOR_WHOM, widget=forms.RadioSelect, initial="self",
        error_messages={"required": "Say whether you watch for yourself or for another person.",
                        "invalid_choice": "Choose yourself or another person."})
    ongoing = forms.BooleanField(
        label="I affirm that this plate belongs to an ongoing investigation.",
        error_messages={"required": "Affirm that the plate belongs to an ongoing investigation."})

    def clean(self) -> dict[str, Any]:
        said = self.cleaned_data
        if "for_whom" in said and "other_name" not in self.errors:
            try:
                check_person(said["for_whom"], said.get("other_name", ""))
            except PersonNotNamed as refusal:
                self.add_error(refusal.field, str(refusal))
        return said

    def entry(self) -> dict[str, Any]:
        """The arguments of `entries.add_to` that a valid form gives."""
        names = ("plate", "state", "reason", "case_reference", "for_whom", "other_name")
        return {name: self.cleaned_data[name] for name in names}


class SharingForm(UserForm, _Form):
    """Who is told of hits (ALR-4)."""

    scope = forms.ChoiceField(
        label="Who is told of hits", choices=Scope.choices, initial=Scope.SELF, required=False, widget=forms.RadioSelect,
        error_messages={"invalid_choice": "Choose who is told."})
    users = UsersField(
        label="User names", required=False, max_length=2000,
        help_text="With commas between them. They see plate, place and time, not the case.",
        widget=NamesInput(attrs={"autocomplete": "off", "spellcheck": "false"}))
    group = GroupField(
        label="User group", required=False, queryset=UserGroup.objects.none(), empty_label="Choose a group",
        error_messages={"invalid_choice": "Choose one of your user groups."})

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["group"].queryset = UserGroup.objects.of(self.user, self.now)  # type: ignore[attr-defined]

    def clean_scope(self) -> str:
        return self.cleaned_data["scope"] or Scope.SELF

    def sharing(self) -> dict[str, Any]:
        """The arguments `scope`, `users` and `group` that a valid form gives."""
        return {name: self.cleaned_data[name] for name in ("scope", "users", "group")}


class TellingForm(SharingForm):
    """Who is told of a list's hits, and in how many mails (ALR-4, BEY-9)."""

    collapse_minutes = forms.TypedChoiceField(
        label="Repeated sightings", choices=Collapse.choices, coerce=int, empty_value=None, required=False,
        widget=forms.RadioSelect, help_text="Every sighting is a hit of its own and shown in the app, whatever you choose.",
        error_messages={"invalid_choice": "Choose what happens to repeated sightings."})

    def sharing(self) -> dict[str, Any]:
        return super().sharing() | {"collapse_minutes": self.cleaned_data["collapse_minutes"]}


class MailChoiceForm(_Form):
    """How often one is mailed of hits."""

    frequency = forms.ChoiceField(
        label="Mails about hits", choices=Frequency.choices, widget=forms.RadioSelect,
        error_messages={"required": "Choose how often you are mailed.", "invalid_choice": "Choose how often you are mailed."})


class HitSharingForm(_Form):
    """Other users on the case, to whom one hit is shown (ALR-4)."""

    users = UsersField(
        label="User names", max_length=2000, help_text="With commas between them.",
        error_messages={"required": "Name at least one user to tell."},
        widget=NamesInput(attrs={"autocomplete": "off", "spellcheck": "false"}))


class DispositionForm(_Form):
    """What became of a hit."""

    disposition = forms.ChoiceField(
        label="What became of it", choices=Disposition.choices, widget=forms.RadioSelect,
        error_messages={"required": "Choose what became of the hit.", "invalid_choice": "Choose what became of the hit."})
    action_taken = TextField(label="Action taken", required=False, max_length=300,
                             widget=forms.TextInput(attrs={"autocomplete": "off"}))


class AlertForm(EntryForm, SharingForm):
    """A single-plate alert: a plate on a list of its own (ALR-1)."""

    field_order = ["plate", "state", "reason", "case_reference", "for_whom", "other_name", "scope", "users", "group", "ongoing"]


class ListForm(SharingForm):
    """A list without plates, to be filled through the API."""

    name = TextField(label="Name", max_length=100, error_messages={"required": "Enter a name."})


class UploadForm(SharingForm):
    """A file of plates: for a new list, or for one of one's own (ALR-1)."""

    file = forms.FileField(
        label="File", allow_empty_file=True, widget=forms.FileInput(attrs={"accept": ".csv,.xlsx"}),
        error_messages={"required": "Choose a file."})
    mode = forms.ChoiceField(
        label="What the file is for", choices=uploads.Mode.choices, initial=uploads.Mode.NEW, required=False,
        widget=forms.RadioSelect, error_messages={"invalid_choice": "Choose what the file is for."})
    name = TextField(label="Name of the new list", max_length=100, required=False,
                     help_text="It stands in mails to everybody who is told: no plate and no case in it.")
    alert_list = forms.ModelChoiceField(
        label="List", queryset=AlertList.objects.none(), required=False, empty_label="Choose a list",
        error_messages={"invalid_choice": "Choose one of your lists."})

    field_order = ["file", "mode", "name", "alert_list", "scope", "users", "group"]

    def __init__(self, *args: Any, user: User, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, user=user, now=now, **kwargs)
        self.fields["alert_list"].queryset = uploads.lists_to_fill(user)  # type: ignore[attr-defined]
        most = AlertPolicy.objects.get(pk=1).max_entries
        self.fields["file"].help_text = (f"CSV or XLSX with at most {most:,} plates. The first row names the columns, or they "
                                         "stand in the order of the template.")

    def clean_mode(self) -> str:
        return self.cleaned_data["mode"] or uploads.Mode.NEW

    def clean(self) -> dict[str, Any]:
        said = self.cleaned_data
        if said.get("mode") == uploads.Mode.NEW:
            if not said.get("name") and "name" not in self.errors:
                self.add_error("name", "Enter a name for the new list.")
        elif "mode" in said and not said.get("alert_list") and "alert_list" not in self.errors:
            self.add_error("alert_list", "Choose one of your lists.")
        return said

    def upload(self) -> dict[str, Any]:
        """The arguments of `uploads.begin` that a valid form gives, but for the file."""
        chosen = self.cleaned_data["alert_list"]
        return {"name": self.cleaned_data["name"], "mode": self.cleaned_data["mode"],
                "alert_list": chosen.pk if chosen else None} | self.sharing()


class ColumnsForm(_Form):
    """Which column of a file is which of ours."""

    def __init__(self, *args: Any, heading: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.is_headed = any(heading)
        named = [(str(position), cell or f"Column {position + 1}") for position, cell in enumerate(heading)]
        for name, label in upload_rows.COLUMNS.items():
            self.fields[name] = forms.TypedChoiceField(
                label=label.capitalize(), coerce=int, empty_value=None, choices=with_blank(named, "Not in the file"),
                required=name in upload_rows.NEEDED, error_messages={"required": "Choose the column."})

    def columns(self) -> dict[str, int]:
        return {name: position for name, position in self.cleaned_data.items() if position is not None}


class RenewForm(_Form):
    need_confirmed = forms.BooleanField(label="The operational need continues.", required=False)
    note = TextField(label="Note", required=False, max_length=500)


class RemovalForm(_Form):
    """The marked plates of a list are removed; the field stands outside of the form that it belongs to."""

    note = TextField(label="Note (optional)", required=False, max_length=500,
                     widget=forms.TextInput(attrs={"autocomplete": "off", "id": "removal-note", "form": "removal"}))


class ListRemovalForm(_Form):
    """A list that is removed whole."""

    sure = forms.BooleanField(label="Remove this list with all its plates and their hits",
                              error_messages={"required": "Say that the list and all its plates are to be removed."})
    note = TextField(label="Note (optional)", required=False, max_length=500,
                     widget=forms.TextInput(attrs={"autocomplete": "off"}))


class SearchForm(_Form):
    plate = EntryForm.base_fields["plate"]

    def clean_plate(self) -> str:
        return or_invalid(plates.fold, self.cleaned_data["plate"])
