"""Printing reads that the user selected: the print view and the PDF (RES-3, RES-5, RES-7)."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from accounts.access import private_page, user_of
from lpr import comparison, recall, search
from lpr.report import document, pdf, printing
from lpr.report.document import Document
from lpr.report.printing import Purpose


@require_http_methods(["GET", "POST"])
@private_page
def print_view(request: HttpRequest, query: UUID) -> HttpResponse:
    """The report as a page for the browser's own print."""
    try:
        report = _report(request, query, "print")
    except printing.SelectionNotValid as refusal:
        return _refused(request, query, str(refusal))
    except comparison.NotCompared as refusal:
        return _refused(request, query, _compare_first(refusal))
    except search.QueryFailed:
        return _failed(request)
    return render(request, "lpr/report.html", {"report": report, "query": query})


@require_http_methods(["GET", "POST"])
@private_page
def download(request: HttpRequest, query: UUID) -> HttpResponse:
    """The report as PDF. Its name holds the report's id alone, because names of files travel."""
    try:
        report = _report(request, query, "pdf")
    except printing.SelectionNotValid as refusal:
        return _refused(request, query, str(refusal))
    except comparison.NotCompared as refusal:
        return _refused(request, query, _compare_first(refusal))
    except search.QueryFailed:
        return _failed(request)
    answer = HttpResponse(pdf.render(report), content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="report-{report.id}.pdf"'
    return answer


def _report(request: HttpRequest, query: UUID, purpose: Purpose) -> Document:
    sent = request.POST if request.method == "POST" else request.GET
    reads = printing.selection(sent.getlist("read"), by_address=request.method == "GET")
    ticked = comparison.ticks({name: request.POST.getlist(name) for name in comparison.FIELDS})
    try:
        comparison.require(query=query, user=user_of(request), reads=reads, ticked=ticked)
        return document.of(printing.print_reads(query=query, user=user_of(request), reads=reads, purpose=purpose))
    except (recall.QueryNotFound, printing.NothingToPrint) as nothing:
        raise Http404 from nothing


def _refused(request: HttpRequest, query: UUID, detail: str) -> HttpResponse:
    return render(request, "lpr/report_refused.html", {"detail": detail, "query": query}, status=400)


def _compare_first(refusal: comparison.NotCompared) -> str:
    count = len(refusal.reads)
    which = "One of the chosen reads was" if count == 1 else f"{count} of the chosen reads were"
    return (f"{which} not compared yet. Look at both photos of each chosen read, and tick that plate, state and vehicle are what "
            "they show. Report a read that is not as wrong instead of printing it.")


def _failed(request: HttpRequest) -> HttpResponse:
    detail = "The store of reads did not answer. Your printing is on record, and nothing was printed. Try again in a minute."
    answer = render(request, "503.html", {"detail": detail}, status=503)
    answer["Retry-After"] = "60"
    return answer
