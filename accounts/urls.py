from django.urls import path

from accounts.views import (
    access_request,
    deletions,
    login,
    password,
    recovery,
    registration,
    rules,
    second_factor,
    training,
)

app_name = "accounts"
urlpatterns = [
    path("login/", login.sign_in, name="login"),
    path("logout/", login.sign_out, name="logout"),
    path("recover/", recovery.ask, name="recover"),
    path("recover/<str:token>/", recovery.answer, name="recover_answer"),
    path("second-factor/", second_factor.give, name="second_factor"),
    path("second-factor/set-up/", second_factor.set_up, name="second_factor_set_up"),
    path("rules/", rules.affirm, name="rules"),
    path("training/", training.missing, name="training"),
    path("request/", access_request.file, name="request"),
    path("request/filed/", access_request.filed, name="request_filed"),
    path("register/<str:key>/", registration.register, name="register"),
    path("password/", password.change, name="password"),
    path("deletions/", deletions.asked, name="deletions"),
]
