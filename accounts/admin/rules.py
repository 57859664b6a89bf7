"""The texts of the rules in the back office: either side drafts, the agency's appointer decides (ACC-8)."""

from datetime import UTC, datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path

from accounts import rules_drafts, text_changes
from accounts.access import user_of
from accounts.admin.base import ScopedAdmin
from accounts.models import RulesText
from accounts.roles import Right, Role, may

# The operator sees which side drafted and decided, and no name of the agency.
NAMES_FOR = frozenset({Role.AGENCY_MANAGER, Role.AGENCY_APPOINTER})


class ApprovalForm(forms.Form):
    seen = forms.CharField(max_length=64)
    in_force_from = forms.DateTimeField(required=False)


class RefusalForm(forms.Form):
    reason = forms.CharField(max_length=500, error_messages={"required": "Say why, for the drafter."})


@admin.register(RulesText)
class RulesTextAdmin(ScopedAdmin):
    change_form_template = "accounts/admin_rules_text.html"
    change_list_template = "accounts/admin_rules_texts.html"
    list_display = ("__str__", "state", "side", "in_force_from")
    list_filter = ("state",)
    ordering = (F("version").desc(nulls_first=True), "-pk")

    def get_fields(self, request: HttpRequest, obj: RulesText | None = None) -> tuple[str, ...]:
        names = ("drafted_by", "decided_by") if user_of(request).role in NAMES_FOR else ()
        about = ("state", "version", "side", "drafted_at", "decided_at", "decision_reason", "in_force_from", *names)
        return ("body", *about) if obj else ("body",)

    def get_readonly_fields(self, request: HttpRequest, obj: RulesText | None = None) -> tuple[str, ...]:
        return tuple(name for name in self.get_fields(request, obj) if name != "body")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and rules_drafts.may_draft(user_of(request))

    def has_change_permission(self, request: HttpRequest, obj: RulesText | None = None) -> bool:
        return super().has_change_permission(request, obj) and (
            obj is None or rules_drafts.may_change(obj, user_of(request)))

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """A new text starts from the one in force."""
        current = RulesText.objects.in_force(datetime.now(UTC))
        return {"body": current.body if current else ""}

    def save_model(self, request: HttpRequest, obj: RulesText, form: forms.ModelForm, change: bool) -> None:
        by, body = user_of(request), form.cleaned_data["body"]
        if change:
            rules_drafts.change(text=obj, body=body, by=by)
        else:
            obj.pk = rules_drafts.draft(body=body, by=by, now=datetime.now(UTC)).pk

    def get_urls(self) -> list[URLPattern]:
        step = path("<path:object_id>/step/", self.admin_site.admin_view(self.step_view), name="accounts_rulestext_step")
        return [step, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        doors = {"may_see_affirmations": may(request.user, Right.SEE_AFFIRMATIONS)}
        return super().changelist_view(request, {**(extra_context or {}), **doors})

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "",
                    extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """With what the text would change, and the step that is this person's."""
        text: Any = self.get_object(request, object_id)
        by, current = user_of(request), RulesText.objects.in_force(datetime.now(UTC))
        shown = {
            "current": current, "digest": rules_drafts.digest(text.body),
            "changes": text_changes.between(current.body, text.body) if current and current.pk != text.pk else None,
            "may_submit": rules_drafts.may_change(text, by), "may_decide": rules_drafts.may_decide(text, by)}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **shown})

    def step_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        text: Any = self.get_object(request, object_id)
        step = {"submit": _submit, "approve": _approve, "refuse": _refuse}.get(request.POST.get("do", ""))
        if request.method != "POST" or step is None:
            raise Http404
        try:
            self.message_user(request, step(request, text), messages.SUCCESS)
        except rules_drafts.OtherWords:
            self.message_user(request, "Nothing was done: the words changed since you opened the page. Read them again.",
                              messages.ERROR)
        except rules_drafts.InThePast:
            self.message_user(request, "Nothing was done: a text takes effect now or later, not in the past.", messages.ERROR)
        except rules_drafts.NotWaiting as refusal:
            self.message_user(request, f"Nothing was done. {refusal}", messages.ERROR)
        except (rules_drafts.MayNotDraft, rules_drafts.MayNotDecide):
            self.message_user(request, "Nothing was done: this step is not yours.", messages.ERROR)
        except forms.ValidationError as refusal:
            self.message_user(request, " ".join(refusal.messages), messages.ERROR)
        return redirect("admin:accounts_rulestext_change", text.pk)


def _submit(request: HttpRequest, text: RulesText) -> str:
    rules_drafts.submit(text=text, by=user_of(request), now=datetime.now(UTC))
    return "The text waits for the agency's approval. The appointer has been told by mail."


def _approve(request: HttpRequest, text: RulesText) -> str:
    now, form = datetime.now(UTC), ApprovalForm(request.POST)
    if not form.is_valid():
        raise forms.ValidationError("Enter day and time (UTC), or leave the field empty for now.")
    from_when = form.cleaned_data["in_force_from"] or now
    approved = rules_drafts.approve(text=text, by=user_of(request), seen=form.cleaned_data["seen"], in_force_from=from_when,
                                    now=now)
    return f"Version {approved.version} is approved. It is in force from {from_when:%Y-%m-%d %H:%M} UTC."


def _refuse(request: HttpRequest, text: RulesText) -> str:
    form = RefusalForm(request.POST)
    if not form.is_valid():
        raise forms.ValidationError([error for errors in form.errors.values() for error in errors])
    rules_drafts.refuse(text=text, by=user_of(request), reason=form.cleaned_data["reason"], now=datetime.now(UTC))
    return "The text is refused. Its drafter has been told by mail."
