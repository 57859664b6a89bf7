"""What who keeps an account does when its owner cannot enter: reset a lost second factor, start a password reset (ACC-13, BEY-1).

Neither shows or sets a secret.
"""

from datetime import UTC, datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts import recovery, second_factor
from accounts.access import user_of
from accounts.models import Role, User
from audit.events import Kind
from audit.record import record_durably


class IdentityForm(forms.Form):
    """How it was made sure that the person who asks is the owner of the account."""

    check = forms.ChoiceField(label="How you checked who asks", choices=[
        ("in person", "In person, with an official identity card"),
        ("video", "By video, with an official identity card"),
        ("call back", "By calling back a number from the agency's directory"),
    ])
    note = forms.CharField(label="What you saw or heard", max_length=500, widget=forms.Textarea(attrs={"rows": 3}),
                           help_text="Who, when, and by what you knew them. This is kept in the audit log.")


class RecoveryActions(admin.ModelAdmin):
    """Mixed into the back office's page of people."""

    def has_reset_factor_permission(self, request: HttpRequest) -> bool:
        by = user_of(request)
        return by.is_superuser or by.role in {Role.AGENCY_MANAGER, Role.AGENCY_APPOINTER}

    def has_start_reset_permission(self, request: HttpRequest) -> bool:
        return user_of(request).role == Role.AGENCY_MANAGER

    @admin.action(permissions=["reset_factor"], description="Reset the lost second factor of one account")
    def reset_factor(self, request: HttpRequest, queryset: QuerySet[User]) -> HttpResponse | None:
        """Asks for the identity check first; one account at a time, since each check is of one person."""
        account = queryset.first()
        if account is None or queryset.count() != 1:
            self.message_user(request, "Select one account: each check of identity is of one person.", messages.ERROR)
            return None
        form = IdentityForm(request.POST if "check" in request.POST else None)
        if form.is_valid():
            self._reset(request, account, form.cleaned_data)
            return None
        context = self.admin_site.each_context(request) | {
            "title": f"Reset the second factor of {account.username}", "account": account, "form": form, "opts": self.opts}
        return render(request, "accounts/admin_reset_factor.html", context)

    def _reset(self, request: HttpRequest, account: User, checked: dict[str, Any]) -> None:
        try:
            second_factor.reset(account=account, by=user_of(request), now=datetime.now(UTC), **checked)
            self.message_user(request, f"The second factor of {account.username} is reset. They have been told by mail.",
                              messages.SUCCESS)
        except second_factor.MayNotReset:
            _record_refusal(request, "not yours to reset")
            self.message_user(request, f"The second factor of {account.username} is not yours to reset.", messages.ERROR)

    @admin.action(permissions=["start_reset"], description="Start a password reset")
    def start_password_reset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for account in queryset:
            try:
                recovery.start(account=account, by=user_of(request), now=datetime.now(UTC))
                self.message_user(request, f"A link for a new password is on its way to {account.username}.", messages.SUCCESS)
            except recovery.MayNotStart:
                _record_refusal(request, "not yours to reset")
                self.message_user(request, f"The password of {account.username} is not yours to reset.", messages.ERROR)
            except recovery.NoQuestions:
                self.message_user(request, f"The account {account.username} is closed or has no challenge questions on record.",
                                  messages.ERROR)


def _record_refusal(request: HttpRequest, why: str) -> None:
    match = request.resolver_match
    record_durably(Kind.ACCESS_REFUSED, method=request.method or "", status=403, route=match.route if match else "", why=why)
