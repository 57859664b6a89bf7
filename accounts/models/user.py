"""The one model of a person who may enter (ACC-1, ACC-10)."""

import unicodedata
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils.crypto import salted_hmac
from simple_history.models import HistoricalRecords

from accounts import passwords
from accounts.models.aor import AOR
from accounts.roles import BACK_OFFICE, Role
from audit import names


class Component(models.TextChoices):
    ERO = "ERO", "Enforcement and Removal Operations"
    HSI = "HSI", "Homeland Security Investigations"


class JobCategory(models.TextChoices):
    ERO_OFFICER = "ero_officer", "ERO officer"
    HSI_AGENT = "hsi_agent", "HSI agent"
    LAW_ENFORCEMENT_SPECIALIST = "law_enforcement_specialist", "Law enforcement specialist"
    ENFORCEMENT_AND_REMOVAL_ASSISTANT = "enforcement_and_removal_assistant", "Enforcement and removal assistant"
    MISSION_SUPPORT_SPECIALIST = "mission_support_specialist", "Mission support specialist"
    MANAGEMENT_AND_PROGRAM_ANALYST = "management_and_program_analyst", "Management and program analyst"


class UserQuerySet(models.QuerySet["User"]):
    def visible_to(self, user: "User") -> "UserQuerySet":
        """The people whom `user` may see: all for OPR and the appointer, those of their AOR for its managers, else self."""
        if user.role in {Role.OPR_AUDITOR, Role.AGENCY_APPOINTER} or user.is_superuser:
            return self
        if user.role in {Role.AGENCY_MANAGER, Role.SUPERVISOR} and user.aor_id:
            return self.filter(aor_id=user.aor_id)
        return self.filter(pk=user.pk)


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]
    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(username__iexact=fold(username or ""))

    def named(self, username: str) -> "User | None":
        """The account of a typed name, whatever its case and composition, or None."""
        return self.select_related("aor").filter(username__iexact=fold(username)).first()


def fold(username: str) -> str:
    """A typed name as it is compared."""
    return unicodedata.normalize("NFC", username).casefold()


class User(AbstractBaseUser, PermissionsMixin):
    """Rights come from `role` alone (accounts.roles); `is_superuser` is the break-glass of the installation.

    A username is never used again: accounts are closed, not deleted.
    """

    username = models.CharField(max_length=150, unique=True)
    full_name = models.CharField(max_length=150)
    # As it is compared with what others type (audit.names).
    folded_name = models.CharField(max_length=450, editable=False, db_index=True)
    email = models.EmailField()
    aor = models.ForeignKey(AOR, on_delete=models.PROTECT, null=True, blank=True, verbose_name="area of responsibility")
    component = models.CharField(max_length=3, choices=Component, blank=True)
    job_category = models.CharField(max_length=40, choices=JobCategory, blank=True)
    role = models.CharField(max_length=20, choices=Role, blank=True)
    is_active = models.BooleanField("account is open", default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    # What could open or reach it was erased; name and id stay for what the person did (accounts.erasure).
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)

    # Why the password must be changed before anything else, found while signing in (accounts.sessions); no column.
    password_due = ""
    # When the account was last closed or suspended: no session from before goes on (accounts.standing); no column.
    cut_at: datetime | None = None

    objects = UserManager()
    history = HistoricalRecords(excluded_fields=["password", "last_login", "folded_name"])

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["full_name", "email"]

    class Meta:
        ordering = ["username"]
        constraints = [
            models.UniqueConstraint(Lower("username"), name="user_username_unique_whatever_case"),
            models.CheckConstraint(
                condition=models.Q(component__in=["", *Component.values]), name="user_component_is_ero_or_hsi"),
            models.CheckConstraint(condition=models.Q(role__in=["", *Role.values]), name="user_role_is_listed"),
            models.CheckConstraint(condition=models.Q(deleted_at__isnull=True) | models.Q(is_active=False, email=""),
                                   name="user_deleted_is_closed_and_out_of_reach"),
        ]

    def __str__(self) -> str:
        return self.username

    def save(self, *args: Any, update_fields: Iterable[str] | None = None, **options: Any) -> None:
        self.full_name = names.tidy(self.full_name)
        self.folded_name = names.fold(self.full_name)
        if update_fields is not None and "full_name" in update_fields:
            update_fields = {*update_fields, "folded_name"}
        super().save(*args, update_fields=update_fields, **options)

    def get_full_name(self) -> str:
        return self.full_name

    def get_short_name(self) -> str:
        return self.username

    def set_password(self, raw_password: str | None) -> None:
        super().set_password(None if raw_password is None else passwords.normalize(raw_password))

    def check_password(self, raw_password: str | None) -> bool:
        return super().check_password(None if raw_password is None else passwords.normalize(raw_password))

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """What every session of this account is bound to: a new password, role or area ends the others (ACC-1)."""
        bound_to = f"{self.password}|{self.role}|{self.aor_id}|{self.is_superuser}"
        return salted_hmac("accounts.User session", bound_to, secret=secret, algorithm="sha256").hexdigest()

    @property
    def aor_code(self) -> str:
        """What the audit log copies."""
        return self.aor.code if self.aor else ""

    @property
    def is_staff(self) -> bool:
        """Whether the back office opens at all; what is in it is a matter of permissions."""
        return self.is_active and (self.is_superuser or self.role in BACK_OFFICE)
