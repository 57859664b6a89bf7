"""The queue of an Agency Manager: requests of their own area, decided, kept and found again (ACC-4, ACC-5, ACC-6)."""

from datetime import UTC, datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path

from accounts import access_requests, ceilings, keys, scans
from accounts.access import user_of
from accounts.admin.base import ScopedAdmin
from accounts.admin.keys import KeyPages
from accounts.models import AccessRequest
from audit.admin_base import ReadOnlyAdmin


class DecisionForm(forms.Form):
    """`reason` is needed to refuse; the requester reads it."""

    do = forms.ChoiceField(choices=[("approve", "Approve"), ("refuse", "Refuse")])
    reason = forms.CharField(max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 3}))

    def clean(self) -> None:
        if self.cleaned_data.get("do") == "refuse" and not self.cleaned_data.get("reason"):
            self.add_error("reason", "Say why, for the requester.")


class SearchForm(forms.Form):
    text = forms.CharField(label="Name or number", max_length=150, min_length=2,
                           widget=forms.TextInput(attrs={"autocomplete": "off"}))


class PaperForm(forms.Form):
    place = forms.CharField(label="Place of the paper form", max_length=200, required=False)


@admin.register(AccessRequest)
class AccessRequestAdmin(KeyPages, ScopedAdmin, ReadOnlyAdmin):
    """Nothing is edited here: each step is a button that calls the domain, which decides and records."""

    change_form_template = "accounts/admin_access_request.html"
    change_list_template = "accounts/admin_access_requests.html"
    list_display = ("number", "full_name", "component", "job_category", "state", "filed_at", "decided_at")
    list_filter = ("state", "component")
    fields = ("number", "state", "full_name", "email", "area", "component", "job_category", "justification", "supervisor_name",
              "supervisor_email", "paper_place", "filed_at", "decided_at", "decider", "decision_reason", "key_state", "username",
              "kept_until")
    readonly_fields = ("number", "area", "decider", "key_state", "username")
    key_refusals = (access_requests.MayNotDecide, ceilings.Full, keys.NoKeyToRevoke)

    @admin.display(description="area of responsibility")
    def area(self, found: AccessRequest) -> str:
        return str(found.aor)

    @admin.display(description="decided by")
    def decider(self, found: AccessRequest) -> str:
        return str(found.decided_by or "-")

    @admin.display(description="account")
    def username(self, found: AccessRequest) -> str:
        return str(found.account or "-")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("search/", view(self.search_view), name="accounts_accessrequest_search"),
            path("<path:object_id>/decision/", view(self.decision_view), name="accounts_accessrequest_decision"),
            path("<path:object_id>/scan/", view(self.scan_view), name="accounts_accessrequest_scan"),
            path("<path:object_id>/paper/", view(self.paper_view), name="accounts_accessrequest_paper"),
            *super().get_urls(),
        ]

    def send_key(self, request: HttpRequest, ground: AccessRequest) -> None:
        access_requests.send_key_again(request=ground, by=user_of(request), now=datetime.now(UTC))

    def revoke_key(self, request: HttpRequest, ground: AccessRequest) -> None:
        access_requests.revoke_key(request=ground, by=user_of(request), now=datetime.now(UTC))

    def decision_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        found = self._theirs(request, object_id)
        form = DecisionForm(request.POST or None)
        if request.method != "POST":
            raise Http404
        if not form.is_valid():
            for errors in form.errors.values():
                self.message_user(request, str(errors.as_text()), messages.ERROR)
            return self.back_to(found)
        try:
            self.message_user(request, _decide(found, request, form))
        except access_requests.AlreadyDecided as refusal:
            self.message_user(request, f"Nothing was done. {refusal}", messages.ERROR)
        except (access_requests.MayNotDecide, ceilings.Full) as refusal:
            self.message_user(request, str(refusal) or "This request is not yours to decide.", messages.ERROR)
        return self.back_to(found)

    def scan_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The scan as a download that no browser opens as a page."""
        found = self._theirs(request, object_id)
        try:
            content = access_requests.scan_of(request=found, by=user_of(request))
        except (access_requests.MayNotDecide, FileNotFoundError) as refusal:
            raise Http404 from refusal
        response = HttpResponse(content, content_type=scans.type_of(found.scan_name))
        response["Content-Disposition"] = f'attachment; filename="{found.number}.{found.scan_name.rpartition(".")[2]}"'
        response["Cache-Control"] = "no-store, private"
        return response

    def paper_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        found = self._theirs(request, object_id)
        form = PaperForm(request.POST or None)
        if request.method != "POST" or not form.is_valid():
            raise Http404
        access_requests.place_paper(request=found, by=user_of(request), place=form.cleaned_data["place"])
        self.message_user(request, "The place of the paper form is noted.")
        return self.back_to(found)

    def search_view(self, request: HttpRequest) -> HttpResponse:
        """Forms by name or number. What is typed travels in the body, and the search is on the record."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        form = SearchForm(request.POST if request.method == "POST" else None)
        found: Any = None
        if form.is_bound and form.is_valid():
            found = access_requests.search(text=form.cleaned_data["text"], by=user_of(request))
        context = self.admin_site.each_context(request) | {
            "form": form, "found": found, "opts": self.opts, "title": "Find a request form", "most": access_requests.MOST_FOUND}
        response = render(request, "accounts/admin_access_request_search.html", context)
        response["Cache-Control"] = "no-store, private"
        return response


def _decide(found: AccessRequest, request: HttpRequest, form: DecisionForm) -> str:
    """Do what the form says; return what to tell the manager."""
    by, now = user_of(request), datetime.now(UTC)
    if form.cleaned_data["do"] == "approve":
        access_requests.approve(request=found, by=by, now=now)
        return f"{found.number} is approved. The key is mailed to the requester."
    access_requests.turn_down(request=found, by=by, reason=form.cleaned_data["reason"], now=now)
    return f"{found.number} is refused. The requester is told why."
