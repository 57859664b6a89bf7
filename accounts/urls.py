from django.urls import path

from accounts.views import login, password, rules, training

app_name = "accounts"
urlpatterns = [
    path("login/", login.sign_in, name="login"),
    path("logout/", login.sign_out, name="logout"),
    path("rules/", rules.affirm, name="rules"),
    path("training/", training.missing, name="training"),
    path("password/", password.change, name="password"),
]
