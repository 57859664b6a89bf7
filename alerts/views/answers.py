"""Answers that more than one page of alerts gives."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponseRedirect
from django.urls import reverse

from alerts import cursors


def see_other(name: str, *arguments: Any) -> HttpResponseRedirect:
    """On to another page by GET, after a POST."""
    answer = HttpResponseRedirect(reverse(name, args=arguments))
    answer.status_code = 303
    return answer


def cursor_of(request: HttpRequest) -> cursors.Cursor | None:
    """Where the page asked for begins; 404 for a text that is no place."""
    try:
        return cursors.read(request.GET.get("before", ""))
    except cursors.CursorNotValid as refusal:
        raise Http404 from refusal
