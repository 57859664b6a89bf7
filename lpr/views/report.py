"""Printing reads that the user selected: the print view and the PDF, past the photos (RES-3, RES-5, RES-7, BEY-6)."""

from collections.abc import Callable, Sequence
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from accounts.access import private_page, user_of
from lpr import comparison, recall, search
from lpr.report import document, pdf, printing
from lpr.report.document import Document
from lpr.report.printing import Purpose
from lpr.views import result_page
from lpr.views.comparison import ComparisonForm


@require_http_methods(["GET", "POST"])
@private_page
def print_view(request: HttpRequest, query: UUID) -> HttpResponse:
    """The report as a page for the browser's own print."""
    return _printed(request, query, "print", lambda report: render(
        request, "lpr/report.html", {"report": report, "query": query}))


@require_http_methods(["GET", "POST"])
@private_page
def download(request: HttpRequest, query: UUID) -> HttpResponse:
    """The report as PDF. Its name holds the report's id alone, because names of files travel."""
    return _printed(request, query, "pdf", lambda report: HttpResponse(
        pdf.render(report), content_type="application/pdf",
        headers={"Content-Disposition": f'attachment; filename="report-{report.id}.pdf"'}))


def _printed(request: HttpRequest, query: UUID, purpose: Purpose, answer: Callable[[Document], HttpResponse]) -> HttpResponse:
    sent = request.POST if request.method == "POST" else request.GET
    try:
        reads = printing.selection(sent.getlist("read"), by_address=request.method == "GET")
        try:
            return answer(_report(request, query, reads, purpose))
        except comparison.NotCompared as refusal:
            return _compare_first(request, query, reads, refusal)
    except printing.SelectionNotValid as refusal:
        return render(request, "lpr/report_refused.html", {"detail": str(refusal), "query": query}, status=400)
    except search.QueryFailed:
        return _failed(request)


def _report(request: HttpRequest, query: UUID, reads: Sequence[UUID], purpose: Purpose) -> Document:
    try:
        comparison.require(query=query, user=user_of(request), reads=reads, ticked=_ticked(request))
        return document.of(printing.print_reads(query=query, user=user_of(request), reads=reads, purpose=purpose))
    except (recall.QueryNotFound, printing.NothingToPrint) as nothing:
        raise Http404 from nothing


def _compare_first(
    request: HttpRequest, query: UUID, reads: Sequence[UUID], refusal: comparison.NotCompared
) -> HttpResponse:
    """The reads that are still to be compared, each beside its photos; with them goes the rest of the selection, so that
    nothing is ticked twice. What the query shows no more is left out."""
    opened = recall.opened(query=query, user=user_of(request), purpose="compare", reads=list(refusal.reads))
    compared = [read for read in reads if read not in refusal.reads]
    ticked = _ticked(request)
    items = result_page.with_tokens(request, opened.asked, search.selected(event=opened.event))
    for item in items:
        answers = ticked.get(item["read"].record_id)
        item["ticks"] = [(name, ComparisonForm.base_fields[name].label, bool(answers and getattr(answers, name)))
                         for name in comparison.FIELDS]
    if not items and not compared:
        raise Http404
    return render(request, "lpr/compare_first.html", {"items": items, "query": query, "compared": compared}, status=400)


def _ticked(request: HttpRequest) -> dict[UUID, comparison.Answers]:
    return comparison.ticks({name: request.POST.getlist(name) for name in comparison.FIELDS})


def _failed(request: HttpRequest) -> HttpResponse:
    detail = "The store of reads did not answer. Your printing is on record, and nothing was printed. Try again in a minute."
    answer = render(request, "503.html", {"detail": detail}, status=503)
    answer["Retry-After"] = "60"
    return answer
