"""The list of people in the back office: filters, states in color and word, export (ACC-6, ACC-14)."""

from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path

from accounts import training, user_list
from accounts.access import user_of
from accounts.admin.tags import tag
from accounts.models import Role, User
from accounts.user_list import AccountState, OpenRequest
from audit import csv_files, workbooks
from audit.exports import CONTENT_TYPES

TONES = {
    AccountState.OPEN: "ok", AccountState.LOCKED: "bad", AccountState.CLOSED: "idle",
    training.State.COMPLETE: "ok", training.State.EXPIRING: "warn", training.State.EXPIRED: "bad", training.State.MISSING: "bad",
}


class AccountStateFilter(admin.SimpleListFilter):
    title = "state of account"
    parameter_name = "account"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return AccountState.choices

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.filter(account_state=self.value()) if self.value() in AccountState.values else queryset


class TrainingStateFilter(admin.SimpleListFilter):
    title = "training"
    parameter_name = "training"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return training.State.choices

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() not in training.State.values:
            return queryset
        return user_list.in_training_state(queryset, str(self.value()), now=datetime.now(UTC))


class OpenRequestFilter(admin.SimpleListFilter):
    title = "open requests"
    parameter_name = "waiting"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [*OpenRequest.choices, ("none", "None")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() == "none":
            return queryset.filter(**{f"waits_{kind}": False for kind in OpenRequest.values})
        return queryset.filter(**{f"waits_{self.value()}": True}) if self.value() in OpenRequest.values else queryset


class PeopleChangeList(ChangeList):
    """Knows how each person on the page stands with their training, in one look."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        shown = User.objects.filter(pk__in=[user.pk for user in self.result_list])
        standings = training.standings(shown, now=datetime.now(UTC))
        for user in self.result_list:
            user.training_standing = standings[user]


class PeopleList(admin.ModelAdmin):
    """Mixed into the back office's page of people."""

    change_list_template = "accounts/admin_people.html"
    list_display = ("username", "full_name", "account", "training", "open_requests", "last_sign_in", "role", "unit", "aor")
    list_filter = ("component", "role", AccountStateFilter, TrainingStateFilter, OpenRequestFilter)
    list_select_related = ("aor",)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        now = datetime.now(UTC)
        return user_list.with_open_requests(user_list.with_state(super().get_queryset(request), now=now), by=user_of(request))

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[ChangeList]:
        return PeopleChangeList

    def get_list_display(self, request: HttpRequest) -> Any:
        """Without the area where it is one and the same."""
        shown = super().get_list_display(request)
        return [name for name in shown if name != "aor"] if self.has_export_permission(request) else shown

    @admin.display(description="last sign-in (UTC)", ordering="last_login")
    def last_sign_in(self, user: User) -> str:
        return f"{user.last_login:%Y-%m-%d %H:%M}" if user.last_login else "never"

    @admin.display(description="component", ordering="component")
    def unit(self, user: User) -> str:
        return user.component or "-"

    @admin.display(description="account", ordering="account_state")
    def account(self, user: Any) -> str:
        state = AccountState(user.account_state)
        return tag(TONES[state], state.label)

    @admin.display(description="training")
    def training(self, user: Any) -> str:
        state = user.training_standing.state
        return tag(TONES[state], state.label)

    @admin.display(description="open requests")
    def open_requests(self, user: User) -> str:
        return ", ".join(kind.label for kind in user_list.open_requests(user)) or "-"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.export_view)
        return [path(f"export.{format}", view, {"format": format}, name=f"accounts_user_export_{format}")
                for format in ("csv", "xlsx")] + super().get_urls()

    def has_export_permission(self, request: HttpRequest) -> bool:
        return user_of(request).role == Role.AGENCY_MANAGER

    def changelist_view(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        more = {"may_export": self.has_export_permission(request), "asked": request.GET.urlencode()}
        return super().changelist_view(request, more | (extra_context or {}))

    def export_view(self, request: HttpRequest, format: str) -> HttpResponse:
        """The list as it stands on the page, with its filters, as a file that no cache keeps."""
        if not self.has_export_permission(request):
            raise PermissionDenied("The list of users is exported by an Agency Manager.")
        asked = self.get_changelist_instance(request)
        filters = {str(chosen.title): ", ".join(str(choice["display"]) for choice in chosen.choices(asked) if choice["selected"])
                   for chosen in asked.filter_specs if set(chosen.expected_parameters()) & set(request.GET)}
        document = user_list.export(users=asked.get_queryset(request), by=user_of(request), format=format, filters=filters,
                                    now=datetime.now(UTC))
        if format == "csv":
            [table] = document.tables
            return csv_files.answer("users.csv", [[column.heading for column in table.columns],
                                                  *([_text(cell) for cell in row] for row in table.rows)])
        with TemporaryDirectory() as folder:
            file = Path(folder) / "users.xlsx"
            workbooks.write(document, file)
            return HttpResponse(file.read_bytes(), content_type=CONTENT_TYPES["xlsx"], headers={
                "Content-Disposition": 'attachment; filename="users.xlsx"', "Cache-Control": "no-store, private"})


def _text(cell: Any) -> str:
    if isinstance(cell, datetime):
        return f"{cell:%Y-%m-%d %H:%M:%S}"
    return "" if cell is None else str(cell)
