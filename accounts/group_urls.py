from django.urls import path

from accounts.views import groups

app_name = "groups"
urlpatterns = [
    path("", groups.mine, name="mine"),
    path("new/", groups.new, name="new"),
    path("<uuid:group>/", groups.group, name="group"),
]
