"""What training is missing: all that a person sees until it is complete (ACC-7)."""

from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts import training
from accounts.access import user_of
from accounts.models import User


@never_cache
@require_safe
def missing(request: HttpRequest) -> HttpResponse:
    user = user_of(request)
    standing = training.standings(User.objects.filter(pk=user.pk), now=datetime.now(UTC))[user]
    return render(request, "accounts/training.html", {"standing": standing})
