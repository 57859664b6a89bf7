"""The page of coverage, for everybody who is signed in: counts of areas alone (DAT-5)."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from audit.events import Kind
from audit.record import record_durably
from lpr import coverage, coverage_map
from lpr.models import SourceKind


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    record_durably(Kind.COVERAGE_VIEWED)
    found = coverage.current()
    return render(request, "lpr/coverage.html", {
        "coverage": found, "days": settings.COVERAGE_DAYS, "states_at_least": settings.COVERAGE_STATES_AT_LEAST,
        "areas_at_least": settings.COVERAGE_AREAS_AT_LEAST, "kinds": SourceKind.labels,
        "states": coverage_map.drawn_states(found), "areas": coverage_map.drawn_areas(found), "width": coverage_map.WIDTH,
        "height": coverage_map.HEIGHT, "legend": list(enumerate(coverage_map.FILLS))})
