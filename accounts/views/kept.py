"""The pages on which a form waits while its sender signs in again (ACC-1)."""

from collections.abc import Callable
from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render, resolve_url

from accounts import gates, kept_forms

# The pages that hand on what they are given; every other gate ends the way.
CARRIERS = {"accounts:login", "accounts:rules", "accounts:second_factor"}


def held(request: HttpRequest, view: Callable, page: str) -> HttpResponse | None:
    """Instead of a refusal: keep what the form held and lead to `page`, a gate's by its name or the form's own by its path.

    None where nothing is kept.
    """
    sealed = kept_forms.sealed(request, view) if page in CARRIERS or page == request.path else ""
    return _step(request, sealed, page) if sealed else None


def go_on(request: HttpRequest) -> HttpResponse | None:
    """After a gate was passed: to the next gate, or to the form. None where nothing is carried, or by another person."""
    kept = kept_forms.passing(request)
    if kept is None or kept.user_id != request.user.pk:
        return None
    closed = gates.first_closed(request, request.user, now=datetime.now(UTC), view="")  # type: ignore[arg-type]
    if closed and closed.page not in CARRIERS:
        return None
    return _step(request, request.POST[kept_forms.KEPT], closed.page if closed else kept.path, status=200)


def _step(request: HttpRequest, sealed: str, page: str, *, status: int = 403) -> HttpResponse:
    to_form = page.startswith("/")
    response = render(request, "accounts/kept.html", {
        "kept": sealed, "action": resolve_url(page), "only": not to_form, "to_form": to_form,
        "to_sign_in": page == "accounts:login"}, status=status)
    response["Cache-Control"] = "no-store, private"
    return response
