"""The splash at each sign-in, the same text at any time, and who affirmed which version (ACC-8)."""

from datetime import UTC, datetime

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts import rules, text_changes
from accounts.access import private_page, right_required, user_of
from accounts.forms import RulesForm
from accounts.kept_forms import ONLY_PASSING
from accounts.models import RulesText
from accounts.roles import Right, may
from accounts.views import kept
from accounts.views.login import next_page

PEOPLE_A_PAGE = 100


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def affirm(request: HttpRequest) -> HttpResponse:
    now, status = datetime.now(UTC), 200
    text = RulesText.objects.in_force(now)
    version = (text and text.version) or 0
    sent = request.POST if request.method == "POST" and ONLY_PASSING not in request.POST else None
    form = RulesForm(sent, initial={"version": version})
    if form.is_bound and form.is_valid():
        try:
            rules.affirm(request, version=form.cleaned_data["version"] or version, now=now)
            return kept.go_on(request) or redirect(next_page(request))
        except rules.NotInForce:
            form, status = RulesForm(initial={"version": version}), 403
    last = rules.last_affirmed(user_of(request))
    changes = text_changes.between(last.body, text.body) if last and text and last.pk != text.pk else None
    context = {"form": form, "text": text, "next": next_page(request, default=""), "outdated": status == 403,
               "last": last, "changes": changes}
    return render(request, "accounts/rules_affirm.html", context, status=status)


@require_safe
def read(request: HttpRequest) -> HttpResponse:
    return render(request, "accounts/rules.html", {
        "text": RulesText.objects.in_force(datetime.now(UTC)),
        "may_see_affirmations": may(request.user, Right.SEE_AFFIRMATIONS)})


@require_safe
@right_required(Right.SEE_AFFIRMATIONS)
@private_page
def affirmations(request: HttpRequest) -> HttpResponse:
    """By version and by person, each role within what it may see of people."""
    by = user_of(request)
    page = Paginator(rules.people(by=by), PEOPLE_A_PAGE).get_page(request.GET.get("page"))
    context = {"tallies": rules.tallies(by=by), "people": page, "text": RulesText.objects.in_force(datetime.now(UTC))}
    return render(request, "accounts/rules_affirmations.html", context)
