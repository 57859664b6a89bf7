from django.urls import path

from alerts.views import adding, hits, lists

app_name = "alerts"
urlpatterns = [
    path("", lists.all_lists, name="lists"),
    path("new/", adding.add, name="new"),
    path("hits/", hits.all_hits, name="hits"),
    path("search/", lists.search, name="search"),
    path("<uuid:alert_list>/", lists.one_list, name="list"),
]
