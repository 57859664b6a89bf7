"""The page of hits: newest first, with photographs and the map, as results are shown (ALR-5, RES-1, RES-2)."""

from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.access import private_page, right_required, user_of
from accounts.roles import Right
from alerts import hits
from audit.cursors import cursor_of
from lpr import read_tokens
from lpr.corroboration import CAUSES
from lpr.views.result_page import map_data


@require_safe
@right_required(Right.QUERY)
@private_page
def all_hits(request: HttpRequest) -> HttpResponse:
    cursor = cursor_of(request)
    page = hits.page(user=user_of(request), cursor=cursor, size=settings.READS_PER_PAGE, now=timezone.now())
    return render(request, "alerts/hits.html", {
        "page": page, "is_first": cursor is None, "map": map_data(), "causes": CAUSES,
        "hits": [{"seen": item, "token": token(request, item)} for item in page.hits]})


@require_safe
@right_required(Right.QUERY)
@private_page
def one_hit(request: HttpRequest, hit: UUID) -> HttpResponse:
    """One hit with its photographs: where a mail leads."""
    try:
        seen = hits.one(hit=hit, user=user_of(request), now=timezone.now())
    except hits.HitNotFound as refusal:
        raise Http404 from refusal
    return render(request, "alerts/hits.html", {
        "page": None, "is_first": True, "is_one": True, "map": map_data(), "causes": CAUSES,
        "hits": [{"seen": seen, "token": token(request, seen)}]})


def token(request: HttpRequest, item: hits.SeenHit) -> str:
    """The address part of the hit's photos: for this user, in this session."""
    return read_tokens.make(user_id=user_of(request).pk, session_key=request.session.session_key,
                            record_id=item.hit.record_id, hit=item.hit.pk)
