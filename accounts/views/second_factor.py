"""The second factor: given between password and splash, and set up (BEY-1)."""

from datetime import UTC, datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import passkeys, qr_codes, recovery_codes, second_factor
from accounts.access import private_page, user_of
from accounts.forms import FactorForm, NewAppForm, NewPasskeyForm
from accounts.kept_forms import ONLY_PASSING
from accounts.models import User
from accounts.views import kept
from accounts.views.login import next_page

SET_UP = "accounts:second_factor_set_up"


@sensitive_post_parameters()
@private_page
@require_http_methods(["GET", "HEAD", "POST"])
def give(request: HttpRequest) -> HttpResponse:
    user, now = user_of(request), datetime.now(UTC)
    if not second_factor.is_bound(user):
        return redirect(SET_UP)
    form = FactorForm(request.POST if request.method == "POST" and ONLY_PASSING not in request.POST else None)
    if form.is_bound and form.is_valid():
        try:
            second_factor.enter(request, user=user, now=now, **form.cleaned_data)
            return kept.go_on(request) or redirect(next_page(request))
        except second_factor.FactorRefused:
            form.add_error("code", "This was not accepted, or the account is locked. A code works once.")
    context = {"form": form, "next": next_page(request, default=""),
               "passkey_options": passkeys.options_to_enter(user=user, now=now)}
    return render(request, "accounts/second_factor.html", context)


@sensitive_post_parameters()
@private_page
@require_http_methods(["GET", "HEAD", "POST"])
def set_up(request: HttpRequest) -> HttpResponse:
    """Change what is bound; whoever has a factor gives it again first, unless that was a moment ago."""
    user, now = user_of(request), datetime.now(UTC)
    if second_factor.is_bound(user) and not second_factor.is_fresh(request, now=now):
        return redirect(f"{reverse('accounts:second_factor')}?next={reverse(SET_UP)}")
    change = CHANGES.get(request.POST.get("change", "")) if request.method == "POST" else None
    return change(request, user, now) if change else _page(request, user, now)


def _bind_app(request: HttpRequest, user: User, now: datetime) -> HttpResponse:
    form = NewAppForm(request.POST)
    if form.is_valid():
        try:
            codes = second_factor.bind_app(request, user=user, code=form.cleaned_data["code"], now=now)
            return _done(request, codes, "Your authenticator app is set up.")
        except second_factor.FactorRefused:
            form.add_error("code", "This is not the code that the app shows for this key now. Wait for the next one.")
    return _page(request, user, now, app_form=form)


def _bind_passkey(request: HttpRequest, user: User, now: datetime) -> HttpResponse:
    form = NewPasskeyForm(request.POST)
    if form.is_valid():
        try:
            codes = second_factor.bind_passkey(
                request, user=user, name=form.cleaned_data["name"], answer=form.cleaned_data["passkey"], now=now)
            return _done(request, codes, "Your passkey is set up.")
        except second_factor.FactorRefused:
            form.add_error("name", "The device's answer was not accepted. Try again.")
    return _page(request, user, now, passkey_form=form)


def _remove(request: HttpRequest, user: User, now: datetime) -> HttpResponse:
    passkey = request.POST.get("passkey_id", "")
    try:
        second_factor.remove(user=user, passkey=int(passkey) if passkey.isdecimal() else None, now=now)
        second_factor.follow_removal(request, user=user)
        messages.success(request, "Removed.")
    except second_factor.LastFactor:
        messages.error(request, "This is your last one. Set up another before you remove it.")
    return redirect(SET_UP)


def _new_codes(request: HttpRequest, user: User, now: datetime) -> HttpResponse:
    if not second_factor.is_bound(user):
        return redirect(SET_UP)
    return _done(request, recovery_codes.make(user=user, now=now), "Your old recovery codes no longer work.")


CHANGES = {"app": _bind_app, "passkey": _bind_passkey, "remove": _remove, "codes": _new_codes}


def _done(request: HttpRequest, codes: list[str], message: str) -> HttpResponse:
    """The codes are shown in this answer and never again."""
    if codes:
        return render(request, "accounts/recovery_codes.html", {"codes": codes, "message": message})
    messages.success(request, message)
    return redirect(SET_UP)


def _page(request: HttpRequest, user: User, now: datetime, app_form: NewAppForm | None = None,
          passkey_form: NewPasskeyForm | None = None) -> HttpResponse:
    app = second_factor.being_set_up(user=user, now=now)
    context = {
        "app_form": app_form or NewAppForm(), "passkey_form": passkey_form or NewPasskeyForm(),
        "qr": qr_codes.of_key(app.key, username=user.username), "key": qr_codes.as_text(app.key),
        "passkey_options": passkeys.options_to_register(user=user, now=now), "passkeys": user.passkeys.all(),
        "app_bound": second_factor.has_app(user), "bound": second_factor.is_bound(user),
        "codes_left": recovery_codes.left(user),
        "required": second_factor.is_required(user) and not second_factor.is_given(request),
    }
    return render(request, "accounts/second_factor_set_up.html", context)
