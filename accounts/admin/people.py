"""The people of an area, as their Agency Manager keeps them (ACC-6, ACC-10)."""

from datetime import UTC, datetime
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Field, Model, QuerySet
from django.forms import ModelForm, TypedChoiceField
from django.http import HttpRequest

from accounts import ceilings, needs, reopening, standing
from accounts.access import user_of
from accounts.admin.base import ScopedAdmin
from accounts.admin.people_list import PeopleList
from accounts.admin.recovery_actions import RecoveryActions
from accounts.admin.removal_actions import RemovalActions
from accounts.models import AOR, User
from accounts.roles import Role

# A manager makes officers support staff and back; every other role is an appointment.
MANAGED_ROLES = (Role.OFFICER, Role.SUPPORT_STAFF)


class PersonForm(ModelForm):
    """An account that is opened, or moved to another component, takes a place under the ceiling (ACC-15)."""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        now = datetime.now(UTC)
        # Held until the form is saved: whatever closes or deletes the account meanwhile waits, or was here before.
        stands = User.objects.select_for_update(of=("self",)).get(pk=self.instance.pk)
        if stands.is_active != self.instance.is_active or stands.deleted_at:
            raise ValidationError("This account was closed or opened meanwhile. Load the page again.", code="stale")
        opens = "is_active" in self.changed_data and cleaned.get("is_active")
        if opens and (why := reopening.why_closed(stands)):
            self.add_error("is_active", why)
        if opens and reopening.need_is_over(self.instance, now=now):
            self.add_error("is_active", "The need of this account has lapsed. Reaffirm it in the list of users first.")
        if opens or ("component" in self.changed_data and cleaned.get("is_active", self.instance.is_active)):
            try:
                ceilings.take(aor=self.instance.aor, component=cleaned.get("component") or "", now=now, without=self.instance)
            except ceilings.Full as refusal:
                self.add_error("is_active" if opens else "component", str(refusal))
        return cleaned


@admin.register(User)
class UserAdmin(PeopleList, RecoveryActions, RemovalActions, ScopedAdmin):
    """Nobody edits their own record, nobody makes an account here, and the password is nowhere."""

    fields = ("username", "full_name", "email", "area", "component", "job_category", "role", "is_active", "last_login",
              "created_at")
    form = PersonForm
    actions = ("reaffirm", "reset_factor", "start_password_reset", "file_deletion", "sanction")
    fixed = ("username", "area", "last_login", "created_at")

    @admin.display(description="area of responsibility")
    def area(self, user: User) -> str:
        """As text: the area's own page belongs to other roles."""
        return str(user.aor or "-")

    def save_model(self, request: HttpRequest, obj: User, form: ModelForm, change: bool) -> None:
        if "is_active" in form.changed_data and not obj.is_active:
            standing.close(obj, now=datetime.now(UTC))
        super().save_model(request, obj, form, change)

    def has_reaffirm_permission(self, request: HttpRequest) -> bool:
        return user_of(request).role == Role.AGENCY_MANAGER

    @admin.action(permissions=["reaffirm"], description="Reaffirm the need of the selected accounts")
    def reaffirm(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for account in queryset:
            try:
                needs.reaffirm(account=account, by=user_of(request), now=datetime.now(UTC))
                self.message_user(request, f"The need of the account {account} is reaffirmed.", messages.SUCCESS)
            except needs.MayNotReaffirm:
                self.message_user(request, f"The need of the account {account} is not yours to reaffirm.", messages.ERROR)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A person enters by request, approval and key, and no other way (ACC-4)."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        if isinstance(obj, User) and (obj.pk == user_of(request).pk or obj.deleted_at):
            return False
        return super().has_change_permission(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        managed = obj is not None and obj.role in MANAGED_ROLES and user_of(request).role == Role.AGENCY_MANAGER
        return self.fixed if managed else (*self.fixed, "role")

    def formfield_for_choice_field(self, db_field: Field, request: HttpRequest, **options: Any) -> TypedChoiceField | None:
        if db_field.name == "role":
            options["choices"] = [(role.value, role.label) for role in MANAGED_ROLES]
        return super().formfield_for_choice_field(db_field, request, **options)


@admin.register(AOR)
class AORAdmin(ScopedAdmin):
    list_display = ("code", "name", "time_zone")

    def get_readonly_fields(self, request: HttpRequest, obj: AOR | None = None) -> tuple[str, ...]:
        """The code stands in every event of the area, so it stays."""
        return ("code",) if obj else ()
