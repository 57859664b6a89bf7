"""The home page, and the answer to a form that has expired."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts import problems
from accounts.access import private_page, user_of
from accounts.models import User
from accounts.roles import Right, may
from accounts.views import kept
from alerts import hits, overview
from alerts.models import Handover
from audit.events import Kind
from audit.record import record_durably
from audit.reviews import naming, questions
from config.context import shell
from lpr import error_reports, freshness, policy, recall

RECENT = 5


@require_safe
@private_page
def home(request: HttpRequest) -> HttpResponse:
    """What one comes back to: recent queries, hits, lists, how fresh the reads are; for others the doors that are open."""
    user = user_of(request)
    shown = {"may_query": may(user, Right.QUERY), "zone": policy.zone_of(user)}
    shown |= {"corrections": error_reports.unseen(user=user), "questions": questions.unanswered(user=user),
              "namings": naming.unseen(user=user)}
    shown["handovers"] = Handover.objects.visible_to(user).count()
    shown |= _own_work(user, timezone.now()) if shown["may_query"] else {"doors": shell(request)["nav"]}
    return render(request, "home.html", shown)


def _own_work(user: User, now: datetime) -> dict[str, Any]:
    """The newest of what is one's own; each kind is on record before it is shown."""
    queries, _ = recall.own(user=user, limit=RECENT)
    record_durably(Kind.LIST_VIEWED, of="home")
    return {
        "queries": queries, "hits": hits.newest(user=user, size=RECENT), "lists": overview.lists_of(user=user)[:RECENT],
        "to_renew": overview.to_renew(user=user, now=now), "sources": freshness.of_sources(now),
    }


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form without its token: 403, in the shape that the caller reads."""
    if request.path.startswith("/api/"):
        return problems.answer(403, type="csrf-failed", detail="The request lacks the token against forgery.")
    # Who signed in again in another window has a new token: a form of theirs is filled in again, to be sent anew.
    page = request.path if request.user.is_authenticated else "accounts:login"
    held = kept.held(request, request.resolver_match.func, page) if request.resolver_match else None
    return held or render(request, "403_csrf.html", status=403)
