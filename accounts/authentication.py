"""The officers' clients of the API use the session of a normal login; without one the answer is 401, not 403."""

from drf_spectacular.authentication import SessionScheme
from rest_framework.authentication import SessionAuthentication
from rest_framework.request import Request


class SessionOfLogin(SessionAuthentication):
    def authenticate_header(self, request: Request) -> str:
        return "Session"


class SessionOfLoginScheme(SessionScheme):
    """What the OpenAPI document says about it."""

    target_class = "accounts.authentication.SessionOfLogin"
    name = "session"
