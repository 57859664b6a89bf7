"""Records of the back office that are made and moved by domain functions, each in a transaction of its own."""

from copy import copy
from typing import Any

from django.contrib import admin, messages
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path

from accounts.access import user_of
from audit.looked_over import LookedOverForm


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
    """Adds `<id>/step/`, which takes `do` and calls `step`. Nothing is edited; subclasses say what is added and what steps.

    `step_form` is what is said with a step. Where it is refused, the page comes back with all that was typed: neither the words
    nor what is said of them stand in a message, which a cookie or the session would keep.
    """

    steps: tuple[str, ...] = ()
    refusals: tuple[type[Exception], ...] = ()
    step_form: type[LookedOverForm] = LookedOverForm

    def step(self, request: HttpRequest, record: Any, do: str, said: dict[str, Any]) -> str:
        """Do one of `steps` with what the form says; return what to tell."""
        raise NotImplementedError

    def refuse_form(self, request: HttpRequest, record: Any, why: str) -> None:
        """Note that the form of a step was refused."""
        raise NotImplementedError

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
        form = self.step_form(request.POST)
        if not form.is_valid():
            self.refuse_form(request, record, form.why)
            return self._with_errors(request, object_id, form)
        try:
            self.message_user(request, self.step(request, record, do, form.cleaned_data), messages.SUCCESS)
        except self.refusals as refusal:
            self.message_user(request, f"Nothing was done. {refusal}", messages.ERROR)
        return self.back_to(record)

    def render_change_form(self, request: HttpRequest, context: dict, *args: Any, **options: Any) -> Any:
        context.setdefault("step_form", self.step_form())
        return super().render_change_form(request, context, *args, **options)

    def _with_errors(self, request: HttpRequest, object_id: str, form: LookedOverForm) -> HttpResponse:
        # The record's own form, which nobody may send, is shown as to whoever opens the page.
        opened = copy(request)
        opened.method = "GET"
        page = self.change_view(opened, object_id, extra_context={"step_form": form})
        page.status_code = 400
        return page

