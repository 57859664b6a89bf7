"""Reporting a read as wrong, and hearing what became of reads that one was shown (RES-4, BEY-7)."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts import kept_forms
from accounts.access import private_page, right_required, user_of
from accounts.roles import Right
from lpr import error_reports, policy, read_tokens, search
from lpr.forms.error_report import ErrorReportForm
from lpr.models import ErrorKind
from lpr.views.queries import failed


@kept_forms.keeps_form
@require_http_methods(["GET", "POST"])
@right_required(Right.QUERY)
@private_page
def report(request: HttpRequest, token: str) -> HttpResponse:
    """The form with the read and its photos; a whole report goes to data-quality staff, without officer and case."""
    typed = kept_forms.arrived(request)
    try:
        if typed:
            # Its sender was shown the read in the session that ended.
            token = read_tokens.renewed(token, user_id=user_of(request).pk, session_key=request.session.session_key)
        shown = read_tokens.opened(token, user_id=user_of(request).pk, session_key=request.session.session_key)
        read = error_reports.shown_read(shown=shown, user=user_of(request))
    except (read_tokens.TokenNotValid, error_reports.ReadNotShown) as refusal:
        raise Http404 from refusal
    except search.QueryFailed:
        return failed(request)
    form = ErrorReportForm(request.POST if request.method == "POST" and typed is None else None)
    kept_forms.fill(form, typed or {})
    if form.is_bound:
        if form.is_valid() and _filed(request, form, shown, read):
            return render(request, "lpr/error_reported.html", {"shown": shown})
        error_reports.refuse(entered=_entered(form), errors=error_reports.sentences(form), shown=shown)
    return render(request, "lpr/error_report.html", {"form": form, "read": read, "token": token},
                  status=400 if form.is_bound else 200)


@require_safe
@private_page
def notices(request: HttpRequest) -> HttpResponse:
    """What was corrected or withdrawn of the reads that one was shown, alerted to or reported."""
    try:
        told = error_reports.notices(user=user_of(request), now=timezone.now())
    except search.QueryFailed:
        return failed(request)
    return render(request, "lpr/correction_notices.html", {"told": told, "zone": policy.zone_of(user_of(request))})


def _filed(
    request: HttpRequest, form: ErrorReportForm, shown: read_tokens.Shown, read: error_reports.ShownRead
) -> bool:
    said = form.cleaned_data
    try:
        error_reports.report(shown=shown, read=read, reporter=user_of(request), kind=ErrorKind(said["kind"]), note=said["note"],
                             now=timezone.now())
    except error_reports.AlreadyReported:
        form.add_error(None, "You have reported this read already, and it is being looked at.")
        return False
    return True


def _entered(form: ErrorReportForm) -> dict[str, str]:
    return {name: form.data.get(name, "") for name in form.fields}
