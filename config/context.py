"""What every page's frame shows: the agency, who is signed in, and the doors this person may open."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from accounts.kept_forms import owner_mark
from accounts.roles import Right, may


def shell(request: HttpRequest) -> dict[str, Any]:
    """The variables of base.html: `agency_name` and `nav` as [{label, url, current}]; `form_owner` of forms that are kept."""
    user = getattr(request, "user", None)
    doors: list[tuple[str, str]] = []
    if user is not None and user.is_authenticated:
        if may(user, Right.QUERY):
            doors += [("New query", reverse("lpr:query_new")), ("Queries", reverse("lpr:queries")),
                      ("Alerts", reverse("alerts:lists")), ("Hits", reverse("alerts:hits")),
                      ("Corrections", reverse("lpr:notices")), ("Groups", reverse("groups:mine"))]
        if may(user, Right.SEARCH_AUDIT):
            doors += [("Audit", reverse("audit:search")), ("Statistics", reverse("audit:statistics"))]
        doors.append(("Coverage", reverse("lpr:coverage")))
        if user.is_staff:
            doors.append(("Back office", reverse("admin:index")))
    return {
        "agency_name": settings.AGENCY_NAME,
        # Called only by the templates that write it.
        "form_owner": lambda: owner_mark(getattr(user, "pk", None)),
        "nav": [{"label": label, "url": url, "current": request.path == url} for label, url in doors],
    }
