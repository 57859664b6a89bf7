"""Runs the gates before any view, on every channel; what is closed answers by itself (ACC-1, ACC-7, ACC-8)."""

from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import urlencode

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from accounts import gates, problems, sessions
from accounts.views import kept
from audit.events import Kind
from audit.middleware import AWAY, unavailable
from audit.record import record_durably

SAFE = {"GET", "HEAD", "OPTIONS"}


class SignInMiddleware(LoginRequiredMiddleware):
    """Django's own, but a form whose sender is not signed in any more is kept."""

    def handle_no_permission(  # type: ignore[override]
        self, request: HttpRequest, view_func: Callable
    ) -> HttpResponseBase:
        return kept.held(request, view_func, "accounts:login") or super().handle_no_permission(request, view_func)


class GateMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Callable, args: tuple, kwargs: dict) -> HttpResponse | None:
        """After the record knows the actor (audit.middleware) and before the view does anything."""
        try:
            sessions.drop_of_closed_account(request)
            if not request.user.is_authenticated:
                return None
            closed = gates.first_closed(request, request.user, now=datetime.now(UTC))
            return _answer(request, closed, view) if closed else None
        except AWAY as error:
            return unavailable(request, error)


def _answer(request: HttpRequest, closed: gates.Gate, view: Callable) -> HttpResponse:
    """A problem for the API; for a browser the page that opens the gate. What it wanted to do, it may not do unseen."""
    if request.path.startswith("/api/"):
        return problems.answer(closed.status, type=closed.problem, detail=closed.detail)
    if request.method not in SAFE:
        match = request.resolver_match
        record_durably(Kind.ACCESS_REFUSED, method=request.method or "", status=closed.status,
                       route=match.route if match else "", why=closed.problem)
        return kept.held(request, view, closed.page) or redirect(closed.page)
    return redirect(f"{reverse(closed.page)}?{urlencode({'next': request.get_full_path()})}")
