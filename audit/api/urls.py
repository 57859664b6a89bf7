from django.urls import path

from audit.api import views

urlpatterns = [
    path("audit/searches/", views.SearchesView.as_view(), name="audit-searches"),
    path("audit/searches/<uuid:search_id>/", views.SearchView.as_view(), name="audit-search"),
]
