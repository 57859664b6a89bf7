from django.urls import path

from audit import statistics_views, views

app_name = "audit"
urlpatterns = [
    path("", views.search_form, name="search"),
    path("searches/<uuid:search_id>/", views.results, name="results"),
    path("searches/<uuid:search_id>/bundle", views.bundle, name="bundle"),
    path("searches/<uuid:search_id>/export.xlsx", views.export, {"format": "xlsx"}, name="export_xlsx"),
    path("searches/<uuid:search_id>/export.pdf", views.export, {"format": "pdf"}, name="export_pdf"),
    path("statistics/", statistics_views.statistics_page, name="statistics"),
    path("statistics/report.xlsx", statistics_views.statistics_file, {"format": "xlsx"}, name="statistics_xlsx"),
    path("statistics/report.pdf", statistics_views.statistics_file, {"format": "pdf"}, name="statistics_pdf"),
]
