"""The home page, and the answer to a form that has expired."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts import problems
from accounts.access import private_page
from accounts.roles import Right, may
from config.context import shell
from lpr import policy, recall

RECENT = 5


@require_safe
@private_page
def home(request: HttpRequest) -> HttpResponse:
    """What one comes back to: recent queries; for everybody the doors that are open to them."""
    shown: dict = {"may_query": may(request.user, Right.QUERY), "zone": policy.zone_of(request.user)}
    if shown["may_query"]:
        shown["queries"], _ = recall.own(user=request.user, limit=RECENT)
    else:
        shown["doors"] = shell(request)["nav"]
    return render(request, "home.html", shown)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form without its token: 403, in the shape that the caller reads."""
    if request.path.startswith("/api/"):
        return problems.answer(403, type="csrf-failed", detail="The request lacks the token against forgery.")
    return render(request, "403_csrf.html", status=403)
