"""The page of the inbox: prompts, de-confliction, shared hits, lists taken over, mails that did not arrive, corrections."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.access import private_page, right_required, user_of
from accounts.roles import Right
from alerts import hits
from alerts import inbox as notices
from alerts.views.answers import see_other
from audit.cursors import cursor_of
from lpr import error_reports
from lpr.policy import zone_of


@require_safe
@right_required(Right.QUERY)
@private_page
def inbox(request: HttpRequest) -> HttpResponse:
    user, cursor, now = user_of(request), cursor_of(request), timezone.now()
    page = notices.page(user=user, cursor=cursor, size=settings.READS_PER_PAGE, now=now)
    return render(request, "alerts/inbox.html", {
        "page": page, "is_first": cursor is None, "zone": zone_of(user), "new_hits": hits.unseen(user=user),
        "unread": notices.unread(user=user, now=now), "corrections": error_reports.unseen(user=user)})


@require_POST
@right_required(Right.QUERY)
@private_page
def read_all(request: HttpRequest) -> HttpResponse:
    """Notices, hits and shared queries count as read."""
    notices.read_all(user=user_of(request), now=timezone.now())
    return see_other("alerts:inbox")
