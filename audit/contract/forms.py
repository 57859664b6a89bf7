"""The forms of the end of the contract; what is wrong is said at the field."""

from django import forms

from audit.step_forms import StepForm


class BeginForm(StepForm):
    destination = forms.CharField(label="To whom the data go", max_length=200,
                                  help_text="Office and place, as it is to stand on the manifest and on the log.")
    ended_on = forms.DateField(label="Last day of the contract", widget=forms.DateInput(attrs={"type": "date"}))


class ReceiptForm(StepForm):
    manifest = forms.CharField(label="SHA-256 of the manifest", max_length=64,
                               widget=forms.TextInput(attrs={"autocomplete": "off"}),
                               help_text="As the verifier shows it when it has checked the export that you received.")
    missing = forms.CharField(label="Files that the export lacks", required=False, max_length=100_000,
                              widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off"}),
                              help_text="Only where the verifier lists some: their names, one a line. With them you accept that "
                                        "they are lost.")

    def clean_missing(self) -> list[str]:
        return [name.strip() for name in self.cleaned_data["missing"].splitlines() if name.strip()]


class ApproveForm(StepForm):
    UNSAID = frozenset({"confirm"})
    confirm = forms.BooleanField(label="I approve that everything this export holds is erased here")
    manifest = forms.CharField(widget=forms.HiddenInput)


class WithdrawForm(StepForm):
    UNSAID = frozenset({"withdraw"})
    withdraw = forms.BooleanField(label="The contract goes on; nothing is erased")
