"""Registration with a key (ACC-2, ACC-4)."""

from datetime import UTC, datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from accounts import ceilings, passwords, registration
from accounts.models import RegistrationKey
from accounts.request_forms import RegistrationForm
from accounts.views.login import come_back


@login_not_required
@sensitive_variables("key")
@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def register(request: HttpRequest, key: str) -> HttpResponse:
    """The form for whoever holds a good key; one neutral page for all others."""
    response = _answer(request, key)
    # Django logs the address of what it answers with 4xx and 5xx, and here the address is a secret; the record has the step.
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response


@sensitive_variables("key")
def _answer(request: HttpRequest, key: str) -> HttpResponse:
    try:
        opened = registration.open_key(secret=key, now=datetime.now(UTC))
        form = RegistrationForm(request.POST if request.method == "POST" else None, key=opened)
        if form.is_bound and (answer := _register(request, form, opened)) is not None:
            return answer
    except registration.KeyNotGood:
        return render(request, "accounts/register_closed.html", status=404)
    status = 400 if form.is_bound else 200
    return render(request, "accounts/register.html", {"form": form, "ground": opened.ground}, status=status)


def _register(request: HttpRequest, form: RegistrationForm, key: RegistrationKey) -> HttpResponse | None:
    """What follows a sent form; None where it must be filled in again."""
    if not form.is_valid():
        registration.refuse(key=key, fields=list(form.errors))
        return None
    cleaned = form.cleaned_data
    try:
        registration.register(key=key, username=cleaned["username"], password=cleaned["password1"], answers=form.answers(),
                              now=datetime.now(UTC))
    except registration.UsernameTaken:
        form.add_error("username", "This username is taken.")
    except ceilings.Full:
        form.add_error(None, "Your area has no place for another account now. Ask your Agency Manager; this address stays good.")
    except passwords.Busy as busy:
        return come_back(request, busy)
    else:
        messages.success(request, "Your account is registered. Sign in; it opens when your training is on record.")
        return redirect("accounts:login")
    return None

