"""The back office of agency managers and operator staff (decision: plain django-admin, our own site)."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_http_methods

from accounts import desk
from accounts.access import user_of
from accounts.views.login import sign_out


class BackOffice(admin.AdminSite):
    """Login, logout and password are the site's own, with their lockout, gates and events; so is the record of changes."""

    site_header = "PlateLedger back office"
    site_title = "PlateLedger"
    index_title = "Back office"
    site_url = "/"

    def has_permission(self, request: HttpRequest) -> bool:
        """Staff by role; whoever else is signed in is refused, on the record, and not sent to sign in once more."""
        if request.user.is_authenticated and not request.user.is_staff:
            raise PermissionDenied("The back office belongs to other roles.")
        return super().has_permission(request)

    def index(self, request: HttpRequest, extra_context: dict | None = None) -> TemplateResponse:
        """The doors of the role, and for an Agency Manager their desk."""
        panels = desk.of(user_of(request), now=datetime.now(UTC))
        response = super().index(request, {"panels": panels} | (extra_context or {}))
        response["Cache-Control"] = "no-store, private"
        return response

    def admin_view(  # type: ignore[override]
        self, view: Callable[..., Any], cacheable: bool = False,
    ) -> Callable[..., Any]:
        """Pages are read and forms are sent; Django would take any other method for one of the two."""
        return require_http_methods(["GET", "HEAD", "POST"])(super().admin_view(view, cacheable))

    @method_decorator(login_not_required)
    def login(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        return redirect_to_login(request.GET.get("next") or reverse("admin:index"))

    def logout(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:  # type: ignore[override]
        return sign_out(request)

    def password_change(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict | None = None,
    ) -> HttpResponse:
        return redirect("accounts:password")
