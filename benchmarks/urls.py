"""The product's addresses, and the one page that query_http compares with."""

from django.urls import include, path

from benchmarks import constant_page

urlpatterns = [
    path("benchmark/constant/<uuid:query>/", constant_page.render_it, name="constant_page"),
    path("", include("config.urls")),
]
