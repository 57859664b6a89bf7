"""The back office of agency managers and operator staff (decision: plain django-admin, our own site)."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.contrib.auth.views import redirect_to_login
from django.urls import reverse


class BackOffice(admin.AdminSite):
    site_header = "PlateLedger back office"
    site_title = "PlateLedger"
    index_title = "Back office"
    site_url = "/"

    def login(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        """There is one way in: the site's own login, with its lockout and its gates."""
        return redirect_to_login(reverse("admin:index"))
