from django.urls import path

from audit import views

app_name = "audit"
urlpatterns = [
    path("", views.search_form, name="search"),
    path("searches/<uuid:search_id>/", views.results, name="results"),
    path("searches/<uuid:search_id>/bundle", views.bundle, name="bundle"),
    path("searches/<uuid:search_id>/export.xlsx", views.export, {"format": "xlsx"}, name="export_xlsx"),
    path("searches/<uuid:search_id>/export.pdf", views.export, {"format": "pdf"}, name="export_pdf"),
]
