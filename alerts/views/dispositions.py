"""The pages on which one says what became of a hit, and sees what became of all (ALR-9, BEY-9)."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import private_page, right_required, user_of
from accounts.roles import Right
from alerts import dispositions, entries, hits
from alerts.forms import DispositionForm
from alerts.views.answers import see_other

# Days over which hits are counted.
SPANS = (30, 90, 365)


@require_http_methods(["GET", "HEAD", "POST"])
@right_required(Right.QUERY)
@private_page
def of_hit(request: HttpRequest, hit: UUID) -> HttpResponse:
    try:
        told = hits.opened(hit=hit, user=user_of(request))
        initial = {"disposition": told.disposition, "action_taken": told.action_taken}
        form = DispositionForm(request.POST if request.method == "POST" else None, initial=initial)
        if form.is_bound:
            if form.is_valid():
                dispositions.say(hit=hit, by=user_of(request), **form.cleaned_data, now=timezone.now())
                return see_other("alerts:hits")
            entries.refuse(entered=form.entered(), errors=form.mistakes())
    except (hits.HitNotFound, dispositions.HitNotFound) as refusal:
        raise Http404 from refusal
    return render(request, "alerts/dispose_hit.html", {"hit": told, "form": form}, status=400 if form.is_bound else 200)


@require_safe
@right_required(Right.QUERY)
@private_page
def statistics(request: HttpRequest) -> HttpResponse:
    """What became of the hits of one's own lists, by list and by source, over a choice of days."""
    asked = request.GET.get("days", "")
    days = int(asked) if asked in map(str, SPANS) else SPANS[0]
    found = dispositions.statistics(user=user_of(request), days=days, now=timezone.now())
    return render(request, "alerts/statistics.html", {"statistics": found, "days": days, "spans": SPANS})
