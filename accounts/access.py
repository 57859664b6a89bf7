"""Who may open a page or call the API: rights by role, asked in one place (ACC-10)."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.utils.cache import patch_vary_headers
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from accounts.models import User
from accounts.roles import Right, may

View = Callable[..., HttpResponseBase]


def right_required(right: Right) -> Callable[[View], View]:
    """Decorate a function view so that it answers 403 to whoever does not hold `right`; the refusal is recorded (ACC-10).

    The login itself is asked by Django's LoginRequiredMiddleware, before any view.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not may(request.user, right):
                raise PermissionDenied(f"This needs the right: {right.label}.")
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def may_permission(right: Right) -> type[BasePermission]:
    """The DRF permission class that asks for `right`: `permission_classes=[IsAuthenticated, may_permission(right)]`."""

    class MayPermission(BasePermission):
        message = f"This needs the right: {right.label}."

        def has_permission(self, request: Request, view: object) -> bool:
            return may(request.user, right)

    return MayPermission


def user_of(request: HttpRequest) -> User:
    """The person behind a request that needs a login; type checkers know it from here."""
    return cast(User, request.user)


def private_page(view: View) -> View:
    """Decorate a view whose page shows results: no cache keeps it, not even the browser's own (RES-7)."""

    @wraps(view)
    def kept_nowhere(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        response["Cache-Control"] = "no-store, private"
        patch_vary_headers(response, ["Cookie"])
        return response

    return kept_nowhere
