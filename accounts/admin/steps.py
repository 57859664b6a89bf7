"""Records of the back office that are made and moved by domain functions, each in a transaction of its own."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path

from accounts.access import user_of
from audit import case_text


class CaseText(Exception):
    """The reason of a step holds, or may hold, a plate, a case number or a person of a case; the message says which words."""


class RecordPages(admin.ModelAdmin):
    """Pages that belong to one record beside Django's own."""

    def _theirs(self, request: HttpRequest, object_id: str) -> Any:
        """The record, for whoever may see it; 404 for others."""
        found = self.get_object(request, object_id)
        if found is None or not self.has_view_permission(request, found):
            raise Http404
        return found

    def back_to(self, record: Model) -> HttpResponse:
        return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", record.pk)


class StepPages(RecordPages):
    """Adds `<id>/step/`, which takes `do` and calls `step`. Nothing is edited; subclasses say what is added and what steps."""

    steps: tuple[str, ...] = ()
    refusals: tuple[type[Exception], ...] = ()

    def step(self, request: HttpRequest, record: Any, do: str) -> str:
        """Do one of `steps`; return what to tell."""
        raise NotImplementedError

    def case_text(self, request: HttpRequest, *texts: str) -> str:
        """What in these texts must not be kept, in words; what only may be case text passes with the box that says it is none."""
        finds = [find for text in texts for find in case_text.look_over(text)]
        return " ".join(find.in_words for find in finds if find.is_sure or not request.POST.get("no_case"))

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_step"
        return [path("<path:object_id>/step/", self.admin_site.admin_view(self.step_view), name=name), *super().get_urls()]

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return self.get_fields(request, obj) if obj else ()

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **options: Any) -> Any:
        form: Any = super().get_form(request, obj, change, **options)
        form.by = user_of(request)
        return form

    def changeform_view(self, request: HttpRequest, object_id: str | None = None, form_url: str = "",
                        extra_context: dict | None = None) -> HttpResponse:
        """Without Django's transaction around it, in which neither a durable step nor a record of its refusal could stand."""
        try:
            return self._changeform_view(request, object_id, form_url, extra_context)  # type: ignore[attr-defined]
        except self.refusals as refusal:
            self.message_user(request, f"Nothing was done. {refusal}", messages.ERROR)
            return redirect(request.path)

    def step_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        record = self._theirs(request, object_id)
        do = request.POST.get("do", "")
        if request.method != "POST" or do not in self.steps:
            raise Http404
        try:
            self.message_user(request, self.step(request, record, do), messages.SUCCESS)
        except self.refusals as refusal:
            self.message_user(request, f"Nothing was done. {refusal}", messages.ERROR)
        return self.back_to(record)

