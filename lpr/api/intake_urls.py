"""The intake of reads alone: included by the demo's one process, and all that production's own process serves."""

from django.urls import path

from lpr.api import reads

urlpatterns = [path("reads/", reads.ReadsView.as_view(), name="api-reads")]
