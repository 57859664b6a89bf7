"""The forms of deliveries of the log. What is typed is named in words where it is wrong, and nothing of it is lost."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django import forms

from audit.deliveries import DeliveryRefused
from audit.people import Area


class DeliveryForm(forms.Form):
    """What the domain refuses is said at the field it means."""

    def refuse(self, refusal: DeliveryRefused) -> None:
        self.add_error(refusal.field if refusal.field in self.fields else None, str(refusal))


class AskForm(DeliveryForm):
    aor = forms.ChoiceField(label="Area of responsibility", required=False,
                            help_text="What its people did, and what others did in their name")
    since = forms.DateField(label="From", help_text="A day such as 2026-11-16, in UTC")
    until = forms.DateField(label="To", help_text="That day included; of today, what is on record by now")
    user = forms.CharField(label="User name", max_length=150, required=False, help_text="Empty for everybody's events",
                           widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}))
    certificate = forms.FileField(label="Your certificate", help_text="X.509 with an RSA key, PEM or DER. Never a private key")

    def __init__(self, *args: Any, areas: list[Area], today: date, **options: Any) -> None:
        super().__init__(*args, **options)
        field = self.fields["aor"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "Every area"), *((area.code, f"{area.name} ({area.code})") for area in areas)]
        self.fields["since"].initial, self.fields["until"].initial = today - timedelta(days=30), today

    def wanted(self) -> dict[str, Any]:
        """The arguments of asking, the days as moments and the end excluded."""
        said = self.cleaned_data
        # One byte more than is taken: what is too large is seen to be.
        return {"aor": said["aor"], "of_user": said["user"], "since": _midnight(said["since"]),
                "until": _midnight(said["until"] + timedelta(days=1)), "certificate": said["certificate"].read(2**16 + 1)}


class ReceiptForm(DeliveryForm):
    digest = forms.CharField(label="SHA-256 of the file that you hold", max_length=200,
                             help_text="As computed by you: openssl dgst -sha256 FILE, or sha256sum FILE",
                             widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=UTC)
