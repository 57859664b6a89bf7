"""What training is missing: all that a person sees until it is complete (ACC-7)."""

from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.access import user_of
from accounts.models import Course


@never_cache
@require_safe
def missing(request: HttpRequest) -> HttpResponse:
    courses = Course.objects.missing_for(user_of(request), datetime.now(UTC))
    return render(request, "accounts/training.html", {"courses": courses})
