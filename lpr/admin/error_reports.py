"""The queue of reads reported as wrong, for data-quality staff: photos and read, no officer, no case (RES-4).

A superuser's all-permissions open nothing here. Resolving is a page of its own outside of Django's transaction, because the
store takes a resolution from its committed event.
"""

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils import timezone

from accounts.access import private_page
from accounts.roles import Role
from audit.admin_base import AuditedAdmin
from lpr import error_reports
from lpr.forms.error_report import ResolutionForm
from lpr.models import ErrorReport, ReportStatus
from lpr.views.photos import of_report

QUEUE = "admin:lpr_errorreport_changelist"


@admin.register(ErrorReport)
class ErrorReportAdmin(AuditedAdmin):
    change_list_template = "lpr/admin/error_reports.html"
    list_display = ("reported_at", "kind", "source", "status", "resolved_at")
    list_filter = ("status", "kind", "source")
    list_select_related = ("source",)
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: ErrorReport | None = None) -> bool:
        return _is_data_quality(request) and super().has_view_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: ErrorReport | None = None) -> bool:
        return _is_data_quality(request) and super().has_change_permission(request, obj)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return _is_data_quality(request)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).defer("reporter")

    def get_urls(self) -> list[URLPattern]:
        photo = path("<uuid:report>/photos/<int:number>/", self.admin_site.admin_view(self.photo), name="lpr_errorreport_photo")
        return [photo, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {**(extra_context or {}), "by_source": by_source()})

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "",
                    extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if not self.has_change_permission(request):
            raise PermissionDenied
        return private_page(self._resolve)(request, self.get_object(request, object_id))  # type: ignore[return-value]

    def photo(self, request: HttpRequest, report: UUID, number: int) -> HttpResponseBase:
        """Plate photo (1) or vehicle photo (2) of a reported read, on record."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = ErrorReport.objects.filter(pk=report).first()
        if found is None:
            raise Http404
        return of_report(request, found, number)

    def _resolve(self, request: HttpRequest, report: ErrorReport) -> HttpResponse:
        read = error_reports.opened(report=report)
        form = ResolutionForm(request.POST if request.method == "POST" else None, read=read, now=timezone.now())
        if form.is_bound:
            if form.is_valid() and _resolved(form, report, read):
                messages.success(request, f"The report was resolved: {form.cleaned_data['resolution']}.")
                return redirect(QUEUE)
            error_reports.refuse_resolution(report=report, errors=error_reports.sentences(form))
        return render(request, "lpr/admin/error_report.html", {
            **self.admin_site.each_context(request), "title": "Reported read", "report": report, "read": read, "form": form,
            "is_open": report.status == ReportStatus.OPEN}, status=400 if form.is_bound else 200)


def by_source() -> list[Any]:
    """How many reports of each source there are, by what became of them: the measure of a source's reading (RES-4)."""
    counts = {status.value: Count("pk", filter=Q(status=status)) for status in ReportStatus}
    return list(ErrorReport.objects.values("source__name").annotate(all=Count("pk"), **counts).order_by("-all", "source__name"))


def _is_data_quality(request: HttpRequest) -> bool:
    return getattr(request.user, "role", "") == Role.DATA_QUALITY


def _resolved(form: ResolutionForm, report: ErrorReport, read: error_reports.ReportedRead | None) -> bool:
    resolution = ReportStatus(form.cleaned_data["resolution"])
    correction = form.correction() if resolution == ReportStatus.CORRECTED else None
    try:
        error_reports.resolve(report=report, read=read, resolution=resolution, note=form.cleaned_data["note"],
                              correction=correction, now=timezone.now())
    except error_reports.AlreadyResolved:
        form.add_error(None, "This read was corrected or withdrawn, or the report resolved, by somebody else meanwhile.")
        return False
    except error_reports.ResolutionFailed:
        form.add_error(None, "The store did not take the resolution. Nothing was changed; try again in a minute.")
        return False
    return True
