"""The back office on the record: what is opened, added and changed there is an event, and nothing is deleted (AUD-1).

Events name the model, the record's id and the changed fields, never values. Django's own admin log is not written at all.
"""

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.forms import ModelForm
from django.http import Http404, HttpRequest, HttpResponse

from audit.events import Kind
from audit.record import record


class AuditedAdmin(admin.ModelAdmin):
    """Base of every registered admin. Subclasses name no `search_fields`: what is typed there would stand in addresses."""

    change_form_template = "audit/admin_change_form.html"
    # No bulk actions but those that a subclass names.
    actions: Any = ()

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Model:
        """The record, or 404 where it is not there for this user, so that asking for another area's record is a refusal."""
        found = super().get_object(request, object_id, from_field)
        if found is None:
            raise Http404
        return found

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        """Lists are filtered by their named filters alone, or an address could ask about any column letter by letter."""
        named = {entry[0] if isinstance(entry, (list, tuple)) else getattr(entry, "parameter_name", entry)
                 for entry in self.get_list_filter(request)}
        return lookup.removesuffix("__exact").removesuffix("__isnull").removesuffix("__id") in named

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def construct_change_message(  # type: ignore[override]
        self, request: HttpRequest, form: ModelForm, formsets: Any, add: bool = False,
    ) -> list[str]:
        """The names of the changed fields."""
        return sorted(form.changed_data)

    def log_addition(self, request: HttpRequest, obj: Model, message: list[str]) -> None:  # type: ignore[override]
        self._record(Kind.RECORD_ADDED, obj)

    def log_change(self, request: HttpRequest, obj: Model, message: list[str]) -> None:  # type: ignore[override]
        self._record(Kind.RECORD_CHANGED, obj, fields=message)

    def log_deletions(self, request: HttpRequest, queryset: QuerySet) -> None:  # type: ignore[override]
        for obj in queryset:
            self._record(Kind.RECORD_DELETED, obj)

    def changelist_view(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        """A list shows people and things like a record does, so looking at it is recorded first."""
        record(Kind.RECORD_VIEWED, model=self.model._meta.label_lower, object="list")
        return super().changelist_view(request, extra_context)

    def render_change_form(self, request: HttpRequest, context: dict, add: bool = False, change: bool = False,
                           form_url: str = "", obj: Model | None = None) -> HttpResponse:
        if request.method == "GET":
            # An empty form offers people and things to choose from.
            record(Kind.RECORD_VIEWED, model=self.model._meta.label_lower, object=str(obj.pk) if obj else "new")
        return super().render_change_form(request, context, add, change, form_url, obj)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: dict | None = None) -> HttpResponse:
        """Django's page of its own log, which is empty here: the audit search has what happened."""
        raise Http404

    def _record(self, kind: Kind, obj: Model, **details: Any) -> None:
        record(kind, model=obj._meta.label_lower, object=str(obj.pk), **details)


class ReadOnlyAdmin(AuditedAdmin):
    """Records that are looked at here and made elsewhere."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
