"""Sanctions in the back office: put on record by who keeps the account, read by its area's managers and by OPR (ACC-11)."""

from datetime import UTC, datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AdminSplitDateTime
from django.http import HttpRequest

from accounts import ceilings, sanctions
from accounts.access import user_of
from accounts.admin.base import ScopedAdmin
from accounts.admin.steps import StepPages
from accounts.keepers import kept_by
from accounts.models import Sanction, User
from audit.looked_over import QUESTION, LookedOverForm

MEASURES = [(kind.value, kind.label) for kind in Sanction.Kind if kind != Sanction.Kind.LIFTING]


# Evidence lies in cases of the agency's own, by their numbers.
EVIDENCED = ("reason", "evidence"), ("evidence",)


class SanctionForm(LookedOverForm, forms.ModelForm):
    """`by` is given by the page. Times are those of the site, UTC; an empty beginning is now."""

    LOOKED_OVER, MAY_CITE = EVIDENCED

    by: User
    kind = forms.ChoiceField(label="Measure", choices=MEASURES, help_text="Revocation and termination close the account at once.")
    starts_at = forms.SplitDateTimeField(label="From", required=False, widget=AdminSplitDateTime,
                                         help_text="Of a suspension, in UTC. Leave it empty to begin now.")
    ends_at = forms.SplitDateTimeField(label="Until", required=False, widget=AdminSplitDateTime,
                                       help_text="Of a suspension, in UTC.")

    class Meta:
        model = Sanction
        fields = ("account", "kind", "starts_at", "ends_at", "reason", "evidence")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if account := self.fields.get("account"):
            account.queryset = kept_by(self.by)  # type: ignore[attr-defined]
        # Each half of a moment has a name of its own; the label stands before both.
        for name in {"starts_at", "ends_at"} & set(self.fields):
            for half, what in zip(self.fields[name].widget.widgets, ("day", "time"), strict=True):  # type: ignore[attr-defined]
                half.attrs["aria-label"] = f"{self.fields[name].label}, {what}"

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if self.has_case_text and "account" in cleaned:
            sanctions.refuse(account=cleaned["account"], by=self.by, why=self.why)
        if self.errors:
            return cleaned
        field, why = sanctions.why_not(
            kind=cleaned["kind"], reason=cleaned["reason"], evidence=cleaned["evidence"], starts_at=cleaned["starts_at"],
            ends_at=cleaned["ends_at"], now=datetime.now(UTC))
        if why:
            sanctions.refuse(account=cleaned["account"], by=self.by, why="NotPossible")
            self.add_error(field, why)
        return cleaned

    def _post_clean(self) -> None:
        """The record is made by the domain, not from this form's instance, and its constraints are met there."""


class LiftForm(LookedOverForm):
    LOOKED_OVER, MAY_CITE = EVIDENCED

    # That both are there is the domain's own rule.
    reason = forms.CharField(max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 3, "required": True}))
    evidence = forms.CharField(max_length=200, required=False,
                               widget=forms.TextInput(attrs={"autocomplete": "off", "required": True}))


@admin.register(Sanction)
class SanctionAdmin(StepPages, ScopedAdmin):
    change_form_template = "accounts/admin_sanction.html"
    form = SanctionForm
    list_display = ("username", "full_name", "kind", "standing", "starts_at", "ends_at", "decided_by", "decided_at")
    list_filter = ("kind",)
    list_select_related = ("account", "decided_by", "lifted_by")
    steps = ("lift",)
    step_form = LiftForm
    refusals = (sanctions.MayNotSanction, sanctions.NotPossible, sanctions.AlreadyLifted, ceilings.Full)

    def get_fields(self, request: HttpRequest, obj: Sanction | None = None) -> tuple[str, ...]:
        if obj is None:
            return (*SanctionForm.Meta.fields, *QUESTION)
        return ("number", "username", "full_name", "kind", "standing", "starts_at", "ends_at", "reason", "evidence", "decider",
                "decided_at", "lifting")

    @admin.display(description="number")
    def number(self, row: Sanction) -> str:
        """By which a review names the sanction that followed (AUD-8)."""
        return str(row.pk)

    @admin.display(description="account")
    def username(self, row: Sanction) -> str:
        return row.account.username

    @admin.display(description="name")
    def full_name(self, row: Sanction) -> str:
        return row.account.full_name

    @admin.display(description="state")
    def standing(self, row: Sanction) -> str:
        return row.state(datetime.now(UTC))

    @admin.display(description="decided by")
    def decider(self, row: Sanction) -> str:
        return str(row.decided_by)

    @admin.display(description="lifted")
    def lifting(self, row: Sanction) -> str:
        if row.lifts:
            return f"lifts the {row.lifts}"
        lifted = getattr(row, "lifted_by", None)
        return f"{lifted.decided_at:%Y-%m-%d %H:%M} UTC by {lifted.decided_by}: {lifted.reason}" if lifted else "-"

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A superuser sanctions nobody."""
        return super().has_add_permission(request) and sanctions.may_impose(user_of(request))

    def render_change_form(self, request: HttpRequest, context: dict, *args: Any, **options: Any) -> Any:
        row: Sanction | None = context.get("original")
        if row is not None:
            is_lifted = row.kind == Sanction.Kind.LIFTING or hasattr(row, "lifted_by")
            context |= {"may_lift": not is_lifted and sanctions.may_lift(user_of(request), row)}
        return super().render_change_form(request, context, *args, **options)

    def save_model(self, request: HttpRequest, obj: Sanction, form: forms.ModelForm, change: bool) -> None:
        made = sanctions.impose(by=user_of(request), now=datetime.now(UTC), **form.cleaned_data)
        obj.pk, obj.account, obj.kind = made.pk, made.account, made.kind

    def step(self, request: HttpRequest, record: Sanction, do: str, said: dict[str, Any]) -> str:
        sanctions.lift(sanction=record, by=user_of(request), now=datetime.now(UTC), **said)
        return f"The {record} is lifted."

    def refuse_form(self, request: HttpRequest, record: Sanction, why: str) -> None:
        sanctions.refuse(account=record.account, by=user_of(request), why=why)
