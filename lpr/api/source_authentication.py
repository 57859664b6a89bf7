"""The login of sources at the API: `Authorization: Source <key>`; a refused key is on record (DAT-1)."""

from datetime import UTC, datetime

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from audit import context
from audit.events import Kind
from audit.record import record_durably
from lpr import sources
from lpr.models import Source


class SourceCaller:
    """What stands in `request.user` while a source calls: no person, no right, no session."""

    is_authenticated = True
    is_active = True
    is_staff = False
    role = ""
    pk = None

    def __init__(self, source: Source) -> None:
        self.source = source

    def get_username(self) -> str:
        return sources.actor_of(self.source).name


class SourceAuthentication(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[SourceCaller, Source]:
        try:
            source = sources.authenticate(request.META.get("HTTP_AUTHORIZATION", ""), now=datetime.now(UTC))
        except sources.KeyRefused as refusal:
            record_durably(Kind.READS_REFUSED, why=str(refusal))
            raise AuthenticationFailed("A valid key of a source is needed.") from refusal
        # From here on the source acts in every event, also in that of a refusal.
        context.current().actor = sources.actor_of(source)
        return SourceCaller(source), source

    def authenticate_header(self, request: Request) -> str:
        return sources.SCHEME


class SourceKeyScheme(OpenApiAuthenticationExtension):
    target_class = SourceAuthentication
    name = "sourceKey"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "apiKey", "in": "header", "name": "Authorization",
                "description": "`Source <key>`, with the key that the operator issued to the source."}
