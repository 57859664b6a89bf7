"""The addresses of the service. `config.wsgi_ingest` adds the intake of reads in production; the demo serves it here."""

from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView

from accounts.views import rules
from config import api_docs, health, views

urlpatterns = [
    path("", views.home, name="home"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("accounts/", include("accounts.urls")),
    path("groups/", include("accounts.group_urls")),
    path("help/", include("accounts.help_urls")),
    path("rules/", rules.read, name="rules"),
    path("rules/affirmations/", rules.affirmations, name="rules_affirmations"),
    path("", include("lpr.urls")),
    path("alerts/", include("alerts.urls")),
    path("audit/", include("audit.urls")),
    path("admin/", admin.site.urls),
    path("api/v1/schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("api/v1/docs/", api_docs.page, name="api-docs"),
    path("api/v1/", include("lpr.api.urls")),
    path("api/v1/", include("alerts.api.urls")),
    path("api/v1/", include("audit.api.urls")),
]
