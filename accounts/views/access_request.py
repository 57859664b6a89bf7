"""The request to account, open to everybody (ACC-4, ACC-5)."""

from datetime import UTC, datetime

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts import access_requests, knocks
from accounts.request_forms import AccessRequestForm
from audit.context import client_address
from audit.events import Kind
from audit.record import record_durably


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def file(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return render(request, "accounts/request.html", {"form": AccessRequestForm()})
    now = datetime.now(UTC)
    try:
        knocks.count(door="request", address=client_address(request), now=now)
    except knocks.TooMany:
        return too_many(request)
    form = AccessRequestForm(request.POST, request.FILES)
    if not form.is_valid():
        record_durably(Kind.REQUEST_FORM_REFUSED, why="fields", fields=sorted(form.errors))
        return render(request, "accounts/request.html", {"form": form}, status=400)
    access_requests.file(scan=form.cleaned_data.pop("form"), now=now, **form.cleaned_data)
    return redirect("accounts:request_filed")


@login_not_required
@require_safe
def filed(request: HttpRequest) -> HttpResponse:
    """The same words for everybody, known or unknown."""
    return render(request, "accounts/request_filed.html")


def too_many(request: HttpRequest) -> HttpResponse:
    record_durably(Kind.REQUEST_FORM_REFUSED, why="too many", fields=[])
    response = render(request, "accounts/request_too_many.html", status=429)
    response["Retry-After"] = str(knocks.TooMany.retry_after)
    return response
