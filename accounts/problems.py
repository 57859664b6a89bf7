"""RFC 9457 problem details: the one shape of every error that the API answers."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, JsonResponse
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

CONTENT_TYPE = "application/problem+json"
TITLES = {400: "Bad request", 401: "Not signed in", 403: "Refused", 404: "Not found", 405: "Method not allowed",
          409: "Conflict", 413: "Too large", 415: "Unsupported media type", 429: "Too many requests",
          503: "Service unavailable"}


def body(status: int, *, type: str = "about:blank", detail: str = "", errors: dict[str, list[str]] | None = None) -> dict:
    """The members of a problem: `type,title,status,detail`, and `errors` by field where there are any."""
    problem: dict[str, Any] = {"type": type, "title": TITLES.get(status, "Error"), "status": status, "detail": detail}
    if errors:
        problem["errors"] = errors
    return problem


def answer(status: int, *, type: str = "about:blank", detail: str = "",
           errors: dict[str, list[str]] | None = None) -> JsonResponse:
    """A problem as a plain Django response, for middleware and gates."""
    return JsonResponse(body(status, type=type, detail=detail, errors=errors), status=status,
                        content_type=CONTENT_TYPE)


def problem_response(error: Exception, context: dict) -> Response | None:
    """DRF's exception handler: every handled error becomes a problem."""
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if not isinstance(error, exceptions.APIException):
        return None
    set_rollback()
    errors = None
    detail = ""
    if isinstance(error, exceptions.ValidationError) and isinstance(error.detail, dict):
        errors = {field: [str(item) for item in (items if isinstance(items, list) else [items])]
                  for field, items in error.detail.items()}
        detail = "Some fields need attention."
    elif isinstance(error.detail, list):
        detail = " ".join(str(item) for item in error.detail)
    else:
        detail = str(error.detail)
    headers = {}
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(int(wait))
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    kind = getattr(error, "problem_type", "about:blank")
    return Response(body(error.status_code, type=kind, detail=detail, errors=errors), status=error.status_code,
                    headers=headers, content_type=CONTENT_TYPE)
