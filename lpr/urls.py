from django.urls import path

from lpr.views import map as map_views
from lpr.views import photos, queries, report

app_name = "lpr"
urlpatterns = [
    path("map/streets/", map_views.streets, name="map_streets"),
    path("map/tiles/<str:layer>/<int:z>/<int:y>/<int:x>", map_views.tile, name="map_tile"),
    path("queries/", queries.recalled, name="queries"),
    path("queries/new/", queries.ask, name="query_new"),
    path("queries/<uuid:query>/", queries.result, name="query"),
    path("queries/<uuid:query>/report/", report.print_view, name="report"),
    path("queries/<uuid:query>/report.pdf", report.download, name="report_pdf"),
    path("queries/<uuid:query>/again/", queries.again, name="query_again"),
    path("reads/<str:token>/photos/<int:number>/", photos.photo, name="photo"),
]
