"""The pages of the audit search."""

from datetime import UTC, datetime
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from audit import bundles, exports, search, words
from audit.access import reader_required, sees_every_aor
from audit.forms import SearchForm
from audit.models import Export


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@reader_required
def search_form(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return _form_page(request, SearchForm())
    form = SearchForm(request.POST)
    if not form.is_valid():
        search.refuse(entered=form.entered(), errors=form.mistakes())
        return _form_page(request, form, status=400)
    found = search.begin(criteria=form.criteria())
    answer = redirect("audit:results", found)
    answer.status_code = 303
    return answer


def _form_page(request: HttpRequest, form: SearchForm, status: int = 200) -> HttpResponse:
    return render(request, "audit/search.html", {"form": form, "every_aor": sees_every_aor(request.user)}, status=status)


@require_safe
@never_cache
@reader_required
def results(request: HttpRequest, search_id: UUID) -> HttpResponse:
    try:
        page = search.open_page(search=search_id, user_id=request.user.pk, cursor=request.GET.get("cursor", ""))
    except search.SearchNotFound as error:
        raise Http404 from error
    rows = [{"event": event, "what": words.what(event.kind), "outcome": words.outcome(event), "facts": words.facts(event)}
            for event in page.events]
    return render(request, "audit/results.html", {
        "page": page, "rows": rows, "criteria": words.criteria(page.criteria), "form": SearchForm.of(page.criteria),
        "every_aor": sees_every_aor(request.user)})


@require_safe
@never_cache
@reader_required
def bundle(request: HttpRequest, search_id: UUID) -> HttpResponse:
    try:
        content = bundles.make(search=search_id, user_id=request.user.pk,
                               wait_seconds=settings.AUDIT_SEAL_WAIT_SECONDS)
    except search.SearchNotFound as error:
        raise Http404 from error
    except bundles.TooManyEvents as error:
        messages.error(request, str(error))
        return redirect("audit:results", search_id)
    except bundles.NotYetSealed as error:
        return render(request, "503.html", {"detail": str(error)}, status=503)
    return HttpResponse(content, content_type="application/jsonl", headers={
        "Content-Disposition": f'attachment; filename="bundle-{search_id}.jsonl"'})


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@reader_required
def export(request: HttpRequest, search_id: UUID, format: str) -> HttpResponseBase:
    """The file; or while a worker makes it, a page that says how far it is. POST asks again after a failure."""
    if request.method == "POST":
        exports.forget_failed(search=search_id, format=format, user=request.user)
    try:
        found = exports.ask(search=search_id, format=format, user=request.user, now=datetime.now(UTC))
    except search.SearchNotFound as error:
        raise Http404 from error
    except exports.ScopeChanged as refusal:
        return render(request, "audit/export.html", {"refusal": refusal, "search": search_id}, status=403)
    if isinstance(found, Export):
        return render(request, "audit/export.html", {"export": found, "search": search_id}, status=202)
    return FileResponse(found.content, as_attachment=True, filename=found.name, content_type=found.content_type)
