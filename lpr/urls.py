from django.urls import path

from lpr.views import comparison, coverage, error_reports, photos, queries, report, sharing
from lpr.views import map as map_views

app_name = "lpr"
urlpatterns = [
    path("coverage/", coverage.page, name="coverage"),
    path("map/streets/", map_views.streets, name="map_streets"),
    path("map/tiles/<str:layer>/<int:z>/<int:y>/<int:x>", map_views.tile, name="map_tile"),
    path("queries/", queries.recalled, name="queries"),
    path("queries/new/", queries.ask, name="query_new"),
    path("queries/<uuid:query>/", queries.result, name="query"),
    path("queries/<uuid:query>/report/", report.print_view, name="report"),
    path("queries/<uuid:query>/report.pdf", report.download, name="report_pdf"),
    path("queries/<uuid:query>/share/", sharing.share, name="share"),
    path("queries/<uuid:query>/share/<uuid:group>/end/", sharing.end, name="share_end"),
    path("queries/<uuid:query>/again/", queries.again, name="query_again"),
    path("reads/notices/", error_reports.notices, name="notices"),
    path("reads/<str:token>/error/", error_reports.report, name="error_report"),
    path("reads/<str:token>/compare/", comparison.compare, name="compare"),
    path("reads/<str:token>/photos/<int:number>/", photos.photo, name="photo"),
]
