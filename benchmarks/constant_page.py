"""The rival of query_http: the page of a result from constants, with nothing asked and nothing recorded.

The constants are those of the real page, taken once for each query; it goes through the same middleware and templates.
"""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from audit import context as audit_context
from lpr import recall, search
from lpr.views import result_page

CONSTANTS: dict[UUID, dict[str, Any]] = {}


def render_it(request: HttpRequest, query: UUID) -> HttpResponse:
    # The middleware records every page by itself of which no event came: not this one.
    audit_context.current().recorded = True
    if query not in CONSTANTS:
        opened = recall.opened(query=query, user=request.user, purpose="results", page=1)
        look = result_page.shown(opened, search.Cursor(), narrowed_by=None)
        CONSTANTS[query] = result_page.context(request, opened, look)
    return render(request, "lpr/query_result.html", CONSTANTS[query])
