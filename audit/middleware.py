"""Gives every event its request, and records outside of any transaction what nothing else did: each refusal, each failure, and
each page opened or form sent by a person of which no other event came (AUD-1, decision 3).

Where neither log nor database answers, the spool has a line of it, and whoever asked gets 503.
"""

import logging
from collections.abc import Callable

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string

from audit import context
from audit.events import Kind
from audit.record import AuditUnavailable, record_durably

logger = logging.getLogger(__name__)

# 404 is what another AOR's record answers, so a signed-in user's is a refusal too.
REFUSALS = {400, 401, 403, 404, 405, 409, 413, 415, 429}
REFUSALS_TO_ANYONE = {400, 401, 403, 413, 429}
# Addresses that a page asks for by itself: what they show belongs to the page's event, or is nobody's.
PARTS_OF_PAGES = {"healthz", "readyz", "lpr:photo", "lpr:map_streets", "lpr:map_tile", "admin:jsi18n"}
# A balancer asks for them: that a part is not well is their answer, not their failure.
STATES = {"healthz", "readyz"}
# The log or the whole database is away, or could not do it now: a deadlock, a lock not gotten, a full disk. Nobody is let in,
# nothing is shown.
AWAY = (AuditUnavailable, OperationalError, InterfaceError)


class AuditMiddleware:
    """Outermost of the middleware that may answer: what it enters is there for all inside it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with context.entered(context.of_request(request)) as now:
            response = self.get_response(request)
            try:
                self._record_refusal(request, response, now)
                self._record_failure(request, response, now)
                self._record_rest(request, response, now)
            except AuditUnavailable as error:
                response = unavailable(request, error)
            response["X-Request-Id"] = now.request_id
            return response

    def process_view(self, request: HttpRequest, view: Callable, args: tuple, kwargs: dict) -> HttpResponse | None:
        """By now the session is known: the actor stands before any view or gate does anything."""
        try:
            identify(request)
        except AWAY as error:
            return unavailable(request, error)
        return None

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return unavailable(request, exception) if isinstance(exception, AWAY) else None

    def _record_refusal(self, request: HttpRequest, response: HttpResponse, now: context.Context) -> None:
        if now.refusal_recorded or response.status_code not in REFUSALS:
            return
        if now.actor is None and response.status_code not in REFUSALS_TO_ANYONE:
            return
        match = request.resolver_match
        record_durably(Kind.ACCESS_REFUSED, method=request.method or "", status=response.status_code,
                       route=match.route if match else "", why=getattr(response, "reason_phrase", ""))

    def _record_failure(self, request: HttpRequest, response: HttpResponse, now: context.Context) -> None:
        """That the service could not answer. A database that is away does not take it: then the spool has a line, once."""
        match = request.resolver_match
        if response.status_code < 500 or now.spooled or (match is not None and match.view_name in STATES):
            return
        record_durably(Kind.PAGE_FAILED, method=request.method or "", status=response.status_code,
                       route=match.route if match else "")

    def _record_rest(self, request: HttpRequest, response: HttpResponse, now: context.Context) -> None:
        match = request.resolver_match
        if (now.recorded or now.actor is None or match is None or match.view_name in PARTS_OF_PAGES
                or response.status_code >= 500):
            return
        kind = Kind.PAGE_OPENED if request.method in ("GET", "HEAD", "OPTIONS") else Kind.PAGE_SENT
        record_durably(kind, method=request.method or "", status=response.status_code, route=match.route)


def identify(request: HttpRequest) -> None:
    """Take the actor and the session mark from the request; called again where a login changes them."""
    now = context.current()
    now.actor = context.actor_of(getattr(request, "user", None))
    session = getattr(request, "session", None)
    now.session = context.session_mark(session.session_key if session is not None else None)


def unavailable(request: HttpRequest, error: Exception) -> HttpResponse:
    """Fail closed: without a record nothing is done and nothing is shown (AUD-1).

    Args:
        error: one of AWAY. It is answered here and so comes to nobody else: its type and place stand in the operator's log.
    """
    logger.error("the service cannot answer: %s", type(error.__cause__ or error).__name__, exc_info=error)
    kind, detail = "unavailable", "The service cannot answer just now; nothing more was done or shown. Try again in a minute."
    if isinstance(error, AuditUnavailable):
        kind = "audit-unavailable"
        detail = "The audit log cannot be written, so nothing more was done or shown. Try again in a minute."
    if request.path.startswith("/api/"):
        answer: HttpResponse = JsonResponse(
            {"type": kind, "title": "Service unavailable", "status": 503, "detail": detail}, status=503,
            content_type="application/problem+json")
    else:
        # Without the request: whoever asks for the user would ask the database that does not answer.
        answer = HttpResponse(render_to_string("503.html", {"detail": detail}), status=503)
    answer["Retry-After"] = "60"
    return answer
