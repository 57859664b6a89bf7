from django.conf import settings
from django.urls import path

from lpr.api import intake_urls, queries

urlpatterns = [
    *(intake_urls.urlpatterns if settings.SERVES_READ_INTAKE else []),
    path("queries/", queries.QueriesView.as_view(), name="api-queries"),
    path("queries/<uuid:query>/", queries.QueryView.as_view(), name="api-query"),
]
