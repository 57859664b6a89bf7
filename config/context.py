"""What every page's frame shows: the agency, who is signed in, the doors this person may open and what is new behind them."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from accounts.kept_forms import owner_mark
from accounts.models import User
from accounts.roles import Right, may
from alerts import hits, inbox
from audit import deliveries, people, two_sides
from audit.incidents.views import may_report
from audit.retention.views import may_look
from lpr import error_reports

# What is new is counted so far.
MOST = 99


def shell(request: HttpRequest) -> dict[str, Any]:
    """The variables of base.html: `agency_name`, `nav` as [{label, url, current, new}]; `form_owner` of forms that are kept.

    `new` says how much is new behind the door, or nothing. It is called when the frame is drawn: who gets no frame costs nothing.
    """
    user = getattr(request, "user", None)
    doors: list[tuple[str, str]] = []
    new: dict[str, Callable[[], str]] = {}
    if user is not None and user.is_authenticated:
        if may(user, Right.QUERY):
            doors += [("New query", reverse("lpr:query_new")), ("Queries", reverse("lpr:queries")),
                      ("Alerts", reverse("alerts:lists")), ("Hits", reverse("alerts:hits")),
                      ("Corrections", reverse("lpr:notices")), ("Notices", reverse("alerts:inbox")),
                      ("Groups", reverse("groups:mine"))]
            new = {"Hits": partial(_new_hits, user), "Corrections": partial(_new_corrections, user),
                   "Notices": partial(_new_notices, user)}
        if may(user, Right.SEARCH_AUDIT):
            doors += [("Audit", reverse("audit:search")), ("Statistics", reverse("audit:statistics")),
                      ("Reviews", reverse("audit:reviews"))]
        if deliveries.may_see(user):
            doors.append(("Deliveries", reverse("audit:deliveries")))
        if people.of_agency(user):
            doors.append(("Questions", reverse("audit:own_questions")))
        if may_report(user):
            doors.append(("Incidents", reverse("audit:incidents")))
        if may(user, Right.ASK_DELETION):
            doors.append(("Deletions", reverse("accounts:deletions")))
        if may_look(user):
            doors.append(("Retention", reverse("audit:retention")))
        if two_sides.may_see(user):
            doors.append(("End of contract", reverse("audit:contract_end")))
        doors.append(("Coverage", reverse("lpr:coverage")))
        if user.is_staff:
            doors.append(("Back office", reverse("admin:index")))
    return {
        "agency_name": settings.AGENCY_NAME,
        # Called only by the templates that write it.
        "form_owner": lambda: owner_mark(getattr(user, "pk", None)),
        "nav": [{"label": label, "url": url, "current": request.path == url, "new": new.get(label, str)}
                for label, url in doors],
    }


def _new_hits(user: User) -> str:
    return _in_words(hits.unseen(user=user, most=MOST + 1))


def _new_corrections(user: User) -> str:
    return _in_words(error_reports.unseen(user=user))


def _new_notices(user: User) -> str:
    return _in_words(inbox.unread(user=user, now=timezone.now()))


def _in_words(count: int) -> str:
    """Nothing for none."""
    return f"{MOST}+" if count > MOST else str(count or "")
