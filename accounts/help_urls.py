from django.urls import path

from accounts.views import help

app_name = "help"
urlpatterns = [
    path("", help.desk, name="desk"),
    path("sent/", help.sent, name="sent"),
    path("tickets/<uuid:ticket>/", help.ticket, name="ticket"),
    path("follow/<str:token>/", help.follow, name="follow"),
]
