"""The addresses of the process that takes reads in, and of nothing else (`config.wsgi_ingest`)."""

from django.urls import include, path

from config import health

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("api/v1/", include("lpr.api.intake_urls")),
]
