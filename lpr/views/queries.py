"""The pages of a query: ask, look at the result, recall, ask again (QRY-1 to QRY-9, RES-1 to RES-7)."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts import kept_forms
from accounts.access import private_page, right_required, user_of
from accounts.roles import Right
from lpr import narrowing, page_cursors, policy, recall, replay, search
from lpr.forms.narrowing import NarrowingForm
from lpr.forms.query import QueryForm
from lpr.forms.recall import RecallForm
from lpr.narrowing import Narrowing
from lpr.views import result_page

# The button that shows the timeframes of the reason chosen, for who has no script; it asks nothing.
OFFER = "offer_timeframes"
RECENT_CASES = 8


@kept_forms.keeps_form
@require_http_methods(["GET", "POST"])
@right_required(Right.QUERY)
@private_page
def ask(request: HttpRequest) -> HttpResponse:
    """The form; a whole question is asked and leads to its result, anything else is refused, on record (QRY-1, QRY-8)."""
    typed = kept_forms.arrived(request)
    if typed is None and OFFER in request.POST:
        typed = {name: request.POST.getlist(name) for name in request.POST}
    sent = request.POST if request.method == "POST" and typed is None else None
    form = QueryForm(sent, user=user_of(request), now=timezone.now())
    if not form.is_bound:
        kept_forms.fill(form, typed or {})
        return _form_page(request, form)
    if not form.is_valid():
        search.refuse(entered=form.entered(), errors=form.mistakes())
        return _form_page(request, form, status=400)
    try:
        answered = search.run_query(query=form.query())
    except search.QueryFailed:
        return failed(request)
    return HttpResponseRedirect(reverse("lpr:query", args=[answered.id]), status=303)


@require_http_methods(["GET", "POST"])
@private_page
def result(request: HttpRequest, query: UUID) -> HttpResponse:
    """A page of the result: a look of its own at the logged query, which is on record before anything is shown (AUD-6).

    A POST narrows it: what to is on record first, and the address that follows names that record alone.
    """
    form = None
    if request.method == "POST":
        form = NarrowingForm(request.POST, zone=policy.zone_of(user_of(request)))
        if form.is_valid():
            return _narrowed(request, query, form.narrowing())
    try:
        cursor = page_cursors.read(query, request.GET.get("before", ""))
        look: dict[str, Any] = {"narrowed_by": UUID(request.GET["look"])} if "look" in request.GET else {}
        opened = recall.opened(query=query, user=user_of(request), purpose="results", page=cursor.number, **look)
    except (signing.BadSignature, recall.QueryNotFound, ValueError) as refusal:
        raise Http404 from refusal
    try:
        shown = result_page.shown(opened, cursor, narrowed_by=look.get("narrowed_by"))
        is_whole_replay = opened.is_replay and shown is not None and cursor.number == 1 and not look
        comparison = replay.compare(opened) if is_whole_replay else None
    except narrowing.LookNotFound as refusal:
        raise Http404 from refusal
    except search.QueryFailed:
        return failed(request)
    page = result_page.context(request, opened, shown, form) | {"comparison": comparison}
    return render(request, "lpr/query_result.html", page, status=400 if form else 200)


def _narrowed(request: HttpRequest, query: UUID, part: Narrowing | None) -> HttpResponse:
    address = reverse("lpr:query", args=[query])
    if part is None:
        return HttpResponseRedirect(address, status=303)
    try:
        look = recall.opened(query=query, user=user_of(request), purpose="narrow", narrowing=part.facts()).event
    except recall.QueryNotFound as refusal:
        raise Http404 from refusal
    return HttpResponseRedirect(f"{address}?look={look}", status=303)


@require_POST
@right_required(Right.QUERY)
@private_page
def again(request: HttpRequest, query: UUID) -> HttpResponse:
    """The form with a logged question in it; asking it is a new query (QRY-9)."""
    try:
        asked = recall.opened(query=query, user=user_of(request), purpose="again").asked
    except recall.QueryNotFound as refusal:
        raise Http404 from refusal
    form = QueryForm(initial=asked.query.entries(), user=user_of(request), now=timezone.now())
    return _form_page(request, form, again=asked)


@require_http_methods(["GET", "POST"])
@right_required(Right.QUERY)
@private_page
def recalled(request: HttpRequest) -> HttpResponse:
    """One's own queries and those shared with one's groups; what they are narrowed by comes in the body, so that no plate stands
    in an address (QRY-9)."""
    form = RecallForm(request.POST if request.method == "POST" else {}, asker=user_of(request))
    if not form.is_valid():
        return render(request, "lpr/queries.html", {"form": form}, status=400)
    criteria, most = form.criteria(), settings.READS_PER_PAGE
    queries, more = recall.own(user=user_of(request), limit=most, before=form.cleaned_data["before"], **criteria)
    shared, more_shared = recall.shared(limit=most, **criteria)
    return render(request, "lpr/queries.html", {
        "form": form, "queries": queries, "following": page_cursors.after(queries[-1]) if more else "", "shared": shared,
        "more_shared": more_shared, "is_narrowed": any(criteria.values()), "zone": policy.zone_of(user_of(request))})


def _form_page(request: HttpRequest, form: QueryForm, *, again: recall.Asked | None = None, status: int = 200) -> HttpResponse:
    """The form with what its reason allows, and the asker's recent case references, asked of the log anew."""
    form.offer_timeframes()
    if not form.is_bound and not form.initial:
        form.fields["plate"].widget.attrs["autofocus"] = True
    shown = {"form": form, "again": again, "recent_cases": recall.recent_cases(limit=RECENT_CASES),
             "map": result_page.map_data(), "offer": OFFER, "zone": policy.zone_of(user_of(request))}
    return render(request, "lpr/query_form.html", shown, status=status)


def failed(request: HttpRequest) -> HttpResponse:
    """The store did not answer; that is on record, and nothing was shown."""
    answer = render(request, "lpr/query_failed.html", status=503)
    answer["Retry-After"] = "60"
    return answer
