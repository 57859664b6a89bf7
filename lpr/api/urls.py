from django.urls import path

from lpr.api import queries

urlpatterns = [
    path("queries/", queries.QueriesView.as_view(), name="api-queries"),
    path("queries/<uuid:query>/", queries.QueryView.as_view(), name="api-query"),
]
