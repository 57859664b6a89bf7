"""The photos of reads: shown to the one who was shown the read, kept by no cache, and on record when opened in full (RES-1)."""

import io
from typing import Any

from django.core.files.storage import default_storage
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_GET
from PIL import Image

from accounts.access import private_page, user_of
from accounts.models import User
from audit.events import Kind
from audit.record import record_durably
from lpr import loading, photos, read_tokens, recall
from lpr.models import ErrorReport

KINDS: dict[int, photos.Kind] = {1: "plate", 2: "vehicle"}
THUMBNAIL = (480, 360)


@require_GET
@private_page
def photo(request: HttpRequest, token: str, number: int) -> HttpResponse:
    """Plate photo (1) or vehicle photo (2) of a read. A thumbnail belongs to the look that showed it and records no more."""
    try:
        shown = read_tokens.opened(token, user_id=user_of(request).pk, session_key=request.session.session_key)
        name = photos.name(shown.record_id, KINDS[number])
    except (read_tokens.TokenNotValid, KeyError) as refusal:
        raise Http404 from refusal
    if not _is_still_shown(shown, user_of(request)):
        raise Http404
    return _sent(request, name, query=shown.query, read=shown.record_id, hit=shown.hit, number=number)


@private_page
def of_report(request: HttpRequest, report: ErrorReport, number: int) -> HttpResponse:
    """A photo of a reported read, for data-quality staff; every one of them is on record (RES-4)."""
    if number not in KINDS:
        raise Http404
    return _sent(request, photos.name(report.record_id, KINDS[number]), read=report.record_id, report=report.pk, number=number)


def _is_still_shown(shown: read_tokens.Shown, user: User) -> bool:
    """Whether what showed the read is open to this user today: who has left a group or a list's scope, or whose hit was erased,
    holds tokens of up to twelve hours (ACC-16, ALR-8)."""
    if shown.hit:
        return any(matcher.may_see(shown.hit, user) for matcher in loading.matchers)
    return shown.query is not None and recall.may_open(query=shown.query, user=user)


def _sent(request: HttpRequest, name: str, **facts: Any) -> HttpResponse:
    is_thumbnail = "report" not in facts and request.GET.get("size") == "thumb"
    if not is_thumbnail:
        record_durably(Kind.PHOTO_VIEWED, **facts)
    try:
        with default_storage.open(name) as file:
            jpeg = file.read()
    except OSError as missing:
        raise Http404 from missing
    answer = HttpResponse(_smaller(jpeg) if is_thumbnail else jpeg, content_type="image/jpeg")
    answer["Content-Disposition"] = "inline"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


def _smaller(jpeg: bytes) -> bytes:
    """The picture at the size of a list; decoded at a fraction of its resolution, which is what makes it cheap."""
    with Image.open(io.BytesIO(jpeg), formats=["JPEG"]) as picture:
        if picture.width <= THUMBNAIL[0] and picture.height <= THUMBNAIL[1]:
            return jpeg
        picture.draft(picture.mode, THUMBNAIL)
        picture.thumbnail(THUMBNAIL)
        small = io.BytesIO()
        picture.save(small, "JPEG", quality=80)
    return small.getvalue()
