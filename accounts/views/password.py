"""Changing one's own password, by choice or because nothing else opens before (ACC-1, ACC-3)."""

from datetime import UTC, datetime

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import password_change, passwords, sessions
from accounts.access import user_of
from accounts.forms import PasswordForm
from accounts.models import User
from accounts.views.login import come_back
from audit.middleware import identify


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest) -> HttpResponse:
    due = sessions.password_due(request)
    recovered = due == sessions.TEMPORARY
    form = PasswordForm(request.POST if request.method == "POST" else None, user=user_of(request), recovered=recovered)
    if form.is_bound and form.is_valid():
        try:
            _change(user_of(request), form, recovered=recovered)
        except password_change.OldPasswordWrong:
            form.add_error("old_password", "This is not your password, or the account is locked.")
        except passwords.Busy as busy:
            return come_back(request, busy)
        else:
            sessions.password_done(request)
            update_session_auth_hash(request, user_of(request))
            identify(request)
            messages.success(request, "Your password is changed. Your other sessions have ended.")
            return redirect("home" if due else "accounts:password")
    return render(request, "accounts/password_due.html" if due else "accounts/password.html", {"form": form, "due": due})


def _change(user: User, form: PasswordForm, *, recovered: bool) -> None:
    new, now = form.cleaned_data["new_password1"], datetime.now(UTC)
    if recovered:
        password_change.set_recovered(user=user, new=new, now=now)
    else:
        password_change.change(user=user, old=form.cleaned_data["old_password"], new=new, now=now)
