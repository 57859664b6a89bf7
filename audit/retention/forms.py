"""The forms of the page of retention; what is wrong is said at the field."""

from datetime import date
from uuid import UUID

from django import forms

from audit.looked_over import LookedOverForm
from audit.step_forms import StepForm


class AnnounceForm(StepForm):
    months = forms.TypedMultipleChoiceField(
        label="Months to be dropped", coerce=date.fromisoformat, widget=forms.CheckboxSelectMultiple)


class ApproveForm(StepForm):
    UNSAID = frozenset({"confirm"})
    confirm = forms.BooleanField(label="I approve that the events of these months are dropped")
    announcement = forms.UUIDField(widget=forms.HiddenInput)


class WithdrawForm(StepForm):
    UNSAID = frozenset({"withdraw"})
    withdraw = forms.BooleanField(label="The announcement is withdrawn; nothing more of it goes")


class MatterForm(LookedOverForm, StepForm):
    """A hold names the matter that asks for it, by its docket number too, and stays on record."""

    LOOKED_OVER = ("reason",)
    MAY_CITE = ("reason",)


class HoldForm(MatterForm):
    month = forms.DateField(
        label="Month", required=False, input_formats=["%Y-%m"],
        widget=forms.DateInput(format="%Y-%m", attrs={"autocomplete": "off"}),
        help_text="As 2019-03. Empty: every month, those to come too.")
    reason = forms.CharField(label="Why it is held", max_length=500, help_text="Which matter asks for it; no plate, no name.")


class LiftForm(MatterForm):
    hold = forms.TypedChoiceField(label="Hold", coerce=UUID)
    reason = forms.CharField(label="Why it is lifted", max_length=500)
