"""The way in and the way out (ACC-1)."""

from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts import passwords, sessions
from accounts.forms import NO_MATCH, SignInForm
from accounts.kept_forms import ONLY_PASSING
from accounts.views import kept
from audit.events import Kind
from audit.record import record_durably


@login_not_required
@sensitive_post_parameters("password")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    form = SignInForm(request.POST if request.method == "POST" and ONLY_PASSING not in request.POST else None)
    if form.is_bound and form.is_valid():
        try:
            user = authenticate(request, **form.cleaned_data)
        except passwords.Busy as busy:
            return come_back(request, busy)
        if user is not None:
            sessions.begin(request, user=user, now=datetime.now(UTC))
            return kept.go_on(request) or redirect(next_page(request))
        form.add_error(None, NO_MATCH)
    return render(request, "accounts/login.html", {"form": form, "next": next_page(request, default="")})


@login_not_required
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        sessions.end(request)
    response = redirect("accounts:login")
    response["Clear-Site-Data"] = '"cache"'
    return response


def next_page(request: HttpRequest, *, default: str | None = None) -> str:
    """Where the user wanted to go, if it is a page of this site; else home, or `default`."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    if url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure()):
        return wanted
    return resolve_url(settings.LOGIN_REDIRECT_URL) if default is None else default


def come_back(request: HttpRequest, busy: passwords.Busy) -> HttpResponse:
    response = render(request, "503.html", status=503)
    response["Retry-After"] = str(busy.retry_after)
    return response


def address_locked(request: Any, original: HttpResponse, credentials: dict | None) -> HttpResponse:
    """What axes answers an address that failed too often (ACC-12); the attempt that locks it is an event of its own."""
    if request.axes_failures_since_start:
        record_durably(Kind.ADDRESS_LOCKED, failures=request.axes_failures_since_start)
    else:
        record_durably(Kind.SIGN_IN_REFUSED, username="", why="address locked")
    response = render(request, "accounts/address_locked.html", status=429)
    response["Retry-After"] = str(int(settings.AXES_COOLOFF_TIME.total_seconds()))
    return response
