"""From a person of the list to the form of their deletion or of a sanction (ACC-9, ACC-11)."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from accounts import sanctions
from accounts.access import user_of
from accounts.models import User


class RemovalActions(admin.ModelAdmin):
    """Mixed into the back office's page of people."""

    def has_removal_permission(self, request: HttpRequest) -> bool:
        return sanctions.may_impose(user_of(request))

    @admin.action(permissions=["removal"], description="File the deletion of one account")
    def file_deletion(self, request: HttpRequest, queryset: QuerySet[User]) -> HttpResponse | None:
        return self._form_for_one(request, queryset, "admin:accounts_deletionrequest_add")

    @admin.action(permissions=["removal"], description="Put a sanction of one account on record")
    def sanction(self, request: HttpRequest, queryset: QuerySet[User]) -> HttpResponse | None:
        return self._form_for_one(request, queryset, "admin:accounts_sanction_add")

    def _form_for_one(self, request: HttpRequest, queryset: QuerySet[User], form: str) -> HttpResponse | None:
        account = queryset.first()
        if account is None or queryset.count() != 1:
            self.message_user(request, "Select one account: each has a reason of its own.", messages.ERROR)
            return None
        return redirect(f"{reverse(form)}?account={account.pk}")
