"""The limit of failed sign-ins by address, against spraying (ACC-12): django-axes, made to keep nothing that was typed.

As it comes, axes stores the posted fields and the typed name, and counts an address from its first failure on, which would
lock an office that shares one address. Here it gets an empty request, and a row for each minute, of which it adds up those
of the last quarter of an hour.
"""

from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from django.http import HttpRequest

COPIED_BACK = ("axes_locked_out", "axes_credentials", "axes_failures_since_start")


class AddressHandler(AxesDatabaseHandler):
    def user_login_failed(self, sender: Any, credentials: dict, request: Any = None, **kwargs: Any) -> None:
        if request is None:
            return
        bare: Any = HttpRequest()
        bare.axes_ip_address = request.axes_ip_address
        bare.axes_attempt_time = request.axes_attempt_time
        bare.axes_locked_out = request.axes_locked_out
        # The columns that keep rows apart: no name, and the minute in the place of the client.
        bare.axes_user_agent = f"{request.axes_attempt_time:%Y-%m-%dT%H:%M}"
        bare.axes_path_info = bare.axes_http_accept = ""
        bare.axes_credentials = bare.axes_failures_since_start = None
        super().user_login_failed(sender, {"username": ""}, bare, **kwargs)
        for name in COPIED_BACK:
            setattr(request, name, getattr(bare, name))
