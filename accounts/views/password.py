"""Changing one's own password (ACC-1)."""

from datetime import UTC, datetime

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import password_change, passwords
from accounts.access import user_of
from accounts.forms import PasswordForm
from accounts.views.login import come_back
from audit.middleware import identify


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest) -> HttpResponse:
    form = PasswordForm(request.POST if request.method == "POST" else None, user=user_of(request))
    if form.is_bound and form.is_valid():
        old, new = form.cleaned_data["old_password"], form.cleaned_data["new_password1"]
        try:
            password_change.change(user=user_of(request), old=old, new=new, now=datetime.now(UTC))
        except password_change.OldPasswordWrong:
            form.add_error("old_password", "This is not your password, or the account is locked.")
        except passwords.Busy as busy:
            return come_back(request, busy)
        else:
            update_session_auth_hash(request, user_of(request))
            identify(request)
            messages.success(request, "Your password is changed. Your other sessions have ended.")
            return redirect("accounts:password")
    return render(request, "accounts/password.html", {"form": form})
