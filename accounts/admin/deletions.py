"""Deletions in the back office: filed and withdrawn by who keeps the account, carried out by operations (ACC-9)."""

from datetime import UTC, datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from accounts import ceilings, countdown, deletions
from accounts.access import user_of
from accounts.admin.base import ScopedAdmin
from accounts.admin.steps import StepPages
from accounts.keepers import keeps, kept_by
from accounts.models import DeletionRequest, Role, User
from audit.looked_over import QUESTION, LookedOverForm

State = DeletionRequest.State
TOLD = {
    "file": "The deletion of {} is filed. The account can do nothing from here.",
    "turn_down": "The deletion of {} is turned down.",
    "withdraw": "The deletion of {} is withdrawn.",
    "carry_out": "The account {} is deleted.",
}


class FilingForm(LookedOverForm, forms.ModelForm):
    LOOKED_OVER = ("reason",)

    by: User  # given by the page

    class Meta:
        model = DeletionRequest
        fields = ("account", "reason")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        # A page of a record that is there has no fields to choose from.
        if account := self.fields.get("account"):
            account.queryset = kept_by(self.by).filter(deleted_at__isnull=True)  # type: ignore[attr-defined]
            account.help_text = ("From the moment of filing the account can do nothing. "
                                 "The operator erases it inside 24 business hours.")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if self.has_case_text and "account" in cleaned:
            deletions.refuse(by=self.by, why=self.why, username=cleaned["account"].username)
        return cleaned

    def clean_account(self) -> User:
        account = self.cleaned_data["account"]
        if DeletionRequest.objects.running().filter(account=account).exists():
            deletions.refuse(by=self.by, why="AlreadyThere", username=account.username)
            raise forms.ValidationError("The deletion of this account was filed already.", code="filed")
        return account


class DecisionForm(LookedOverForm):
    LOOKED_OVER = ("note",)

    # Which steps need a reason is the domain's own rule.
    note = forms.CharField(max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 3}))


@admin.register(DeletionRequest)
class DeletionRequestAdmin(StepPages, ScopedAdmin):
    """Operations see the account's name, its area and the clock: why somebody goes is the agency's own matter."""

    change_form_template = "accounts/admin_deletion.html"
    form = FilingForm
    list_filter = ("state",)
    list_select_related = ("account__aor", "filed_by")
    steps = tuple(TOLD)
    step_form = DecisionForm
    refusals = (deletions.MayNot, deletions.NoReason, deletions.AlreadyThere, deletions.AlreadyEnded, ceilings.Full)

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        if _is_operator(request):
            return ("username", "area", "state", "clock", "filed_at")
        return ("username", "full_name", "state", "clock", "asked_by", "filed_by", "filed_at")

    def get_fields(self, request: HttpRequest, obj: DeletionRequest | None = None) -> tuple[str, ...]:
        if obj is None:
            return ("account", "reason", *QUESTION)
        if _is_operator(request):
            return ("username", "area", "state", "clock", "filed_at", "due_at", "ended_at")
        return ("username", "full_name", "area", "state", "clock", "reason", "asked_by", "asked_at", "filed_by", "filed_at",
                "due_at", "ended_by", "ended_at", "note")

    @admin.display(description="account")
    def username(self, row: DeletionRequest) -> str:
        return row.account.username

    @admin.display(description="name")
    def full_name(self, row: DeletionRequest) -> str:
        return row.account.full_name

    @admin.display(description="area of responsibility")
    def area(self, row: DeletionRequest) -> str:
        return str(row.account.aor or "-")

    @admin.display(description="time left", ordering="due_at")
    def clock(self, row: DeletionRequest) -> str:
        return countdown.shown(row, now=datetime.now(UTC)) if row.state == State.FILED else "-"

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A superuser files nothing: an account is in the hands of who keeps it."""
        return super().has_add_permission(request) and deletions.may_file(user_of(request))

    def render_change_form(self, request: HttpRequest, context: dict, *args: Any, **options: Any) -> Any:
        row: DeletionRequest | None = context.get("original")
        if row is not None:
            by = user_of(request)
            context |= {"may_decide": keeps(by, row.account), "may_carry_out": deletions.may_carry_out(by, row)}
        return super().render_change_form(request, context, *args, **options)

    def save_model(self, request: HttpRequest, obj: DeletionRequest, form: forms.ModelForm, change: bool) -> None:
        filed = deletions.file(by=user_of(request), now=datetime.now(UTC), **form.cleaned_data)
        obj.pk = filed.pk

    def step(self, request: HttpRequest, record: DeletionRequest, do: str, said: dict[str, Any]) -> str:
        by, now = user_of(request), datetime.now(UTC)
        if do == "file":
            deletions.file(account=record.account, by=by, reason="", now=now)
        elif do == "turn_down":
            deletions.turn_down(request=record, by=by, now=now, **said)
        elif do == "withdraw":
            deletions.withdraw(request=record, by=by, now=now, **said)
        else:
            deletions.carry_out(request=record, by=by, now=now)
        return TOLD[do].format(record.account)

    def refuse_form(self, request: HttpRequest, record: DeletionRequest, why: str) -> None:
        deletions.refuse(by=user_of(request), why=why, username=record.account.username)


def _is_operator(request: HttpRequest) -> bool:
    return user_of(request).role == Role.OPERATIONS
