"""Courses, and who completed them (ACC-7)."""

from datetime import UTC, datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Field, Model
from django.http import HttpRequest, HttpResponse

from accounts import training
from accounts.access import user_of
from accounts.admin.base import ScopedAdmin
from accounts.admin.rosters import RosterPages
from accounts.models import Course, Role, TrainingRecord
from audit.admin_base import AuditedAdmin


class CompletionForm(forms.ModelForm):
    class Meta:
        model = TrainingRecord
        fields = ("user", "course", "completed_on")

    def clean_completed_on(self) -> Any:
        completed_on = self.cleaned_data["completed_on"]
        if completed_on > datetime.now(UTC).date():
            raise ValidationError("A course cannot have been completed in the future.", code="future")
        return completed_on


@admin.register(TrainingRecord)
class TrainingRecordAdmin(RosterPages, ScopedAdmin):
    """Completions are added and stay; a manager adds those of their area, and nobody their own."""

    change_list_template = "accounts/admin_training_records.html"
    form = CompletionForm
    list_display = ("user", "course", "completed_on", "valid_until")
    list_select_related = ("user", "course")
    readonly_fields = ("valid_until",)

    def changelist_view(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        return super().changelist_view(request, {"may_upload": self.has_roster_permission(request)} | (extra_context or {}))

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def formfield_for_foreignkey(self, db_field: Field, request: HttpRequest, **options: Any) -> Any:
        if db_field.name == "user":
            options["queryset"] = training.may_be_recorded_by(user_of(request))
        return super().formfield_for_foreignkey(db_field, request, **options)

    def save_model(self, request: HttpRequest, obj: TrainingRecord, form: forms.ModelForm, change: bool) -> None:
        obj.valid_until = training.valid_until(obj.course, obj.completed_on)
        super().save_model(request, obj, form, change)


class CourseForm(forms.ModelForm):
    roles = forms.MultipleChoiceField(choices=Role, widget=forms.CheckboxSelectMultiple)


@admin.register(Course)
class CourseAdmin(AuditedAdmin):
    form = CourseForm
    list_display = ("name", "interval_months")

    def get_readonly_fields(self, request: HttpRequest, obj: Course | None = None) -> tuple[str, ...]:
        return ("code",) if obj else ()
