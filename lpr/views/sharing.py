"""Sharing a query with a group, and ending it (QRY-9)."""

from uuid import UUID

from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.access import right_required, user_of
from accounts.roles import Right
from lpr import sharing
from lpr.forms.sharing import ShareForm


@require_POST
@right_required(Right.QUERY)
def share(request: HttpRequest, query: UUID) -> HttpResponse:
    now = timezone.now()
    form = ShareForm(request.POST, user=user_of(request), now=now)
    if not form.is_valid():
        raise BadRequest("Choose a group that you are in.")
    try:
        sharing.share(query=query, group=form.cleaned_data["group"], by=user_of(request), now=now)
    except sharing.NotShared as refusal:
        raise Http404 from refusal
    return HttpResponseRedirect(reverse("lpr:query", args=[query]), status=303)


@require_POST
@right_required(Right.QUERY)
def end(request: HttpRequest, query: UUID, group: UUID) -> HttpResponse:
    try:
        sharing.end(query=query, group=group, by=user_of(request))
    except sharing.NotShared as refusal:
        raise Http404 from refusal
    return HttpResponseRedirect(reverse("lpr:query", args=[query]), status=303)
