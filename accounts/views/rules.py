"""The splash at each sign-in, and the same text at any time (ACC-8)."""

from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts import rules
from accounts.forms import RulesForm
from accounts.kept_forms import ONLY_PASSING
from accounts.models import RulesText
from accounts.views import kept
from accounts.views.login import next_page


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def affirm(request: HttpRequest) -> HttpResponse:
    now, status = datetime.now(UTC), 200
    text = RulesText.objects.in_force(now)
    version = text.version if text else 0
    sent = request.POST if request.method == "POST" and ONLY_PASSING not in request.POST else None
    form = RulesForm(sent, initial={"version": version})
    if form.is_bound and form.is_valid():
        try:
            rules.affirm(request, version=form.cleaned_data["version"] or version, now=now)
            return kept.go_on(request) or redirect(next_page(request))
        except rules.NotInForce:
            form, status = RulesForm(initial={"version": version}), 403
    context = {"form": form, "text": text, "next": next_page(request, default=""), "outdated": status == 403}
    return render(request, "accounts/rules_affirm.html", context, status=status)


@require_safe
def read(request: HttpRequest) -> HttpResponse:
    return render(request, "accounts/rules.html", {"text": RulesText.objects.in_force(datetime.now(UTC))})
