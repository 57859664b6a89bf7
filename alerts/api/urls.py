from django.urls import path

from alerts.api import uploads, views

urlpatterns = [
    path("alert-lists/", views.AlertLists.as_view(), name="api-alert-lists"),
    path("alert-lists/<uuid:alert_list>/entries/", views.AlertListEntries.as_view(), name="api-alert-list-entries"),
    path("alert-entries/<uuid:entry>/", views.AlertEntry.as_view(), name="api-alert-entry"),
    path("alert-entries/<uuid:entry>/renew/", views.AlertEntryRenewal.as_view(), name="api-alert-entry-renewal"),
    path("alert-uploads/", uploads.AlertUploads.as_view(), name="api-alert-uploads"),
    path("alert-uploads/<uuid:draft>/", uploads.AlertUpload.as_view(), name="api-alert-upload"),
    path("alert-uploads/<uuid:draft>/columns/", uploads.AlertUploadColumns.as_view(), name="api-alert-upload-columns"),
    path("hits/", views.Hits.as_view(), name="api-hits"),
]
