"""Sources, their keys and the law by which they collect, as operations staff keep them (DAT-1, DAT-2)."""

from datetime import UTC, datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from audit.admin_base import AuditedAdmin
from lpr import partitions, sources
from lpr.models import Jurisdiction, Source, SourceAuthority, SourceKey


class SourceForm(forms.ModelForm):
    def clean_camera_places(self) -> dict[str, list[float]]:
        """{"camera id": [latitude, longitude]}, in degrees."""
        places = self.cleaned_data["camera_places"] or {}
        if not isinstance(places, dict) or not all(_is_place(place) for place in places.values()):
            raise forms.ValidationError('Give {"camera id": [latitude, longitude], ...} in degrees.')
        return places


def _is_place(value: object) -> bool:
    if not isinstance(value, list) or len(value) != 2:
        return False
    numbers = [number for number in value if isinstance(number, int | float) and not isinstance(number, bool)]
    return len(numbers) == 2 and abs(numbers[0]) <= 90 and abs(numbers[1]) <= 180


@admin.register(Source)
class SourceAdmin(AuditedAdmin):
    form = SourceForm
    list_display = ("name", "label", "kind", "is_active", "retention_days", "silent_after_hours")
    list_filter = ("kind", "is_active")
    fields = ("name", "label", "kind", "is_active", "retention_days", "quarantine_days", "silent_after_hours",
              "camera_places")

    def get_readonly_fields(self, request: HttpRequest, obj: Source | None = None) -> tuple[str, ...]:
        return ("name",) if obj else ()

    def save_model(self, request: HttpRequest, obj: Source, form: forms.ModelForm, change: bool) -> None:
        """A new source and a longer retention need older months at once: reads may come before the scheduler does."""
        super().save_model(request, obj, form, change)
        if not change or "retention_days" in form.changed_data:
            transaction.on_commit(lambda: partitions.make(now=datetime.now(UTC)), robust=True)


@admin.register(SourceKey)
class SourceKeyAdmin(AuditedAdmin):
    """A key is shown once, in the answer to the one who issued it. It is ended, never changed."""

    list_display = ("source", "prefix", "created_at", "valid_until")
    list_filter = ("source",)
    list_select_related = ("source",)
    actions = ("end",)

    def get_fields(self, request: HttpRequest, obj: SourceKey | None = None) -> tuple[str, ...]:
        return ("source", "prefix", "created_at", "valid_until") if obj else ("source", "valid_until")

    def get_readonly_fields(self, request: HttpRequest, obj: SourceKey | None = None) -> tuple[str, ...]:
        return ("source", "prefix", "created_at", "valid_until") if obj else ()

    def get_form(
        self, request: HttpRequest, obj: SourceKey | None = None, change: bool = False, **options: Any
    ) -> type[forms.ModelForm]:
        return super().get_form(request, obj, change, **options) if obj else NewKeyForm

    def save_model(self, request: HttpRequest, obj: SourceKey, form: forms.ModelForm, change: bool) -> None:
        """The one act of this page is to issue a key; a form of an issued key changes nothing."""
        if change:
            return
        key = sources.issue_key(source=obj.source, now=datetime.now(UTC), valid_until=obj.valid_until)
        issued = SourceKey.objects.get(prefix=key.split("_")[1])
        obj.pk, obj.prefix, obj.created_at = issued.pk, issued.prefix, issued.created_at
        obj.shown_once = key  # type: ignore[attr-defined]

    def response_add(self, request: HttpRequest, obj: SourceKey, post_url_continue: str | None = None) -> HttpResponse:
        """The page itself shows the key: a message after a redirect would lie in a cookie or a session meanwhile."""
        page = render(request, "lpr/source_key_issued.html", {
            **self.admin_site.each_context(request), "title": "Key issued", "source": obj.source,
            "key": obj.shown_once})  # type: ignore[attr-defined]
        page["Cache-Control"] = "no-store, private"
        return page

    def log_addition(self, request: HttpRequest, obj: SourceKey, message: list[str]) -> None:  # type: ignore[override]
        """The issue of the key has recorded itself."""

    def log_change(self, request: HttpRequest, obj: SourceKey, message: list[str]) -> None:  # type: ignore[override]
        """Nothing was changed."""

    @admin.action(permissions=["change"], description="End the selected keys now")
    def end(self, request: HttpRequest, queryset: QuerySet[SourceKey]) -> None:
        now = datetime.now(UTC)
        for key in queryset:
            sources.end_key(key=key, now=now)
        self.message_user(request, f"{len(queryset)} keys are ended.", messages.SUCCESS)


class NewKeyForm(forms.ModelForm):
    class Meta:
        model = SourceKey
        fields = ("source", "valid_until")

    def clean_valid_until(self) -> datetime | None:
        until: datetime | None = self.cleaned_data["valid_until"]
        if until is not None and until <= datetime.now(UTC):
            raise forms.ValidationError("A key must end in the future.")
        return until

    def clean_source(self) -> Source:
        source: Source = self.cleaned_data["source"]
        if sources.valid_keys(source=source, now=datetime.now(UTC)) >= sources.MOST_KEYS:
            raise forms.ValidationError(
                "Two keys of this source are valid already. End the one that is not used any more first.")
        return source


@admin.register(Jurisdiction)
class JurisdictionAdmin(AuditedAdmin):
    list_display = ("state", "citation", "valid_from", "valid_until", "when_over")


@admin.register(SourceAuthority)
class SourceAuthorityAdmin(AuditedAdmin):
    list_display = ("source", "jurisdiction", "valid_from", "valid_until", "when_over")
    list_filter = ("source",)
    list_select_related = ("source", "jurisdiction")
