"""The policies of queries in the back office: the operator keeps them, with history (QRY-1, QRY-3, QRY-4)."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet
from django.http import HttpRequest

from accounts.models import Component
from audit.admin_base import AuditedAdmin
from lpr.models import Offense, ReasonCode, ReportFooter, TimeframeLimit


def listed_offenses() -> list[tuple[str, str]]:
    return [(row.code, str(row)) for row in Offense.objects.all()]


class ReasonCodeForm(forms.ModelForm):
    components = forms.MultipleChoiceField(choices=Component.choices, widget=forms.CheckboxSelectMultiple)
    offenses = forms.MultipleChoiceField(
        choices=listed_offenses, widget=forms.CheckboxSelectMultiple, required=False,
        help_text="A query for this reason can name these and no other: one at least for a criminal reason, none for another.")


class FixedCodeAdmin(AuditedAdmin):
    """A code stands in events and alert lists: once given it stays. What is no longer offered is made inactive."""

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("code",) if obj else ()


@admin.register(ReasonCode)
class ReasonCodeAdmin(FixedCodeAdmin):
    form = ReasonCodeForm
    list_display = ("code", "label", "is_criminal", "components", "max_years", "is_active")
    list_filter = ("is_criminal", "is_active")
    fields = ("code", "label", "is_criminal", "offenses", "components", "max_years", "is_active")


@admin.register(Offense)
class OffenseAdmin(FixedCodeAdmin):
    """An offense can be named once a reason lists it: the column says which do."""

    list_display = ("code", "title", "citation", "limitation_years", "limitation_citation", "reasons", "is_active")
    list_filter = ("is_active",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Offense]:
        listing = ReasonCode.objects.filter(offenses__contains=[OuterRef("code")]).values("code")
        return super().get_queryset(request).annotate(listed_by=ArraySubquery(listing))

    @admin.display(description="goes with the reasons", empty_value="none yet")
    def reasons(self, obj: Any) -> str:
        return ", ".join(obj.listed_by)


@admin.register(TimeframeLimit)
class TimeframeLimitAdmin(AuditedAdmin):
    list_display = ("component", "max_years", "by_offense", "case_number_example", "case_number_required")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("component",) if obj else ()


@admin.register(ReportFooter)
class ReportFooterAdmin(AuditedAdmin):
    """What stands at the foot of printed reports: one for each component (RES-3)."""

    list_display = ("component", "system_of_records", "records_schedule")
