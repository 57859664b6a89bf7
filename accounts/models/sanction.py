"""Sanctions: what misuse led to, as records that nobody changes (ACC-11)."""

import uuid
from datetime import datetime

from django.db import models

from accounts.keepers import kept_by
from accounts.models.user import User
from accounts.roles import Role


class SanctionQuerySet(models.QuerySet["Sanction"]):
    def visible_to(self, user: User) -> "SanctionQuerySet":
        """All for OPR, the area's for its Agency Managers, for an appointer those of the appointed."""
        if user.role == Role.OPR_AUDITOR:
            return self
        if user.role == Role.AGENCY_MANAGER and user.aor_id:
            return self.filter(account__aor_id=user.aor_id)
        if user.role == Role.AGENCY_APPOINTER:
            return self.filter(account__in=kept_by(user))
        return self.none()

    def standing(self) -> "SanctionQuerySet":
        """Not lifted by a later record."""
        return self.filter(lifted_by__isnull=True).exclude(kind=Sanction.Kind.LIFTING)

    def suspending(self, now: datetime) -> "SanctionQuerySet":
        """The suspensions in force at `now`; alerts/sql/rest.sql asks the same of the database's clock."""
        return self.standing().filter(kind=Sanction.Kind.SUSPENSION, starts_at__lte=now, ends_at__gt=now)

    def begun(self, now: datetime) -> "SanctionQuerySet":
        """What has cut sessions by `now`. A suspension that was lifted before it began has not."""
        lifted_before = models.Q(lifted_by__starts_at__lte=models.F("starts_at"))
        return self.filter(kind__in=Sanction.CUTTING, starts_at__lte=now).exclude(lifted_before)


class Sanction(models.Model):
    """One measure, or the lifting of an earlier one. The application's database login may add rows and nothing else.

    `starts_at` is when it takes effect; only a suspension can lie in the future, and only it has an end, which is exclusive.
    """

    class Kind(models.TextChoices):
        REPRIMAND = "reprimand", "Reprimand"
        SUSPENSION = "suspension", "Suspension"
        REVOCATION = "revocation", "Revocation of access"
        TERMINATION = "termination", "Termination"
        LIFTING = "lifting", "Earlier sanction lifted"

    CLOSING = (Kind.REVOCATION, Kind.TERMINATION)
    CUTTING = (Kind.SUSPENSION, *CLOSING)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(User, on_delete=models.PROTECT, related_name="sanctions")
    kind = models.CharField("measure", max_length=11, choices=Kind)
    reason = models.TextField(max_length=1000)
    evidence = models.CharField(max_length=200, help_text="Where the evidence lies: number of the review or incident, or a file.")
    starts_at = models.DateTimeField("from")
    ends_at = models.DateTimeField("until", null=True, blank=True)
    lifts = models.OneToOneField("self", on_delete=models.PROTECT, null=True, blank=True, related_name="lifted_by")
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField()
    # Whether the account was open when it was closed by this.
    closed_it = models.BooleanField(default=False, editable=False)

    objects = SanctionQuerySet.as_manager()

    class Meta:
        ordering = ["-decided_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=["reprimand", "suspension", "revocation", "termination", "lifting"]),
                name="sanction_kind_is_listed"),
            models.CheckConstraint(
                condition=models.Q(kind="suspension", ends_at__gt=models.F("starts_at"), ends_at__isnull=False)
                | (~models.Q(kind="suspension") & models.Q(ends_at__isnull=True, starts_at=models.F("decided_at"))),
                name="sanction_only_a_suspension_has_other_times"),
            models.CheckConstraint(
                condition=models.Q(kind="lifting", lifts__isnull=False)
                | (~models.Q(kind="lifting") & models.Q(lifts__isnull=True)),
                name="sanction_lifting_names_what_it_lifts"),
        ]
        indexes = [models.Index(fields=["account", "kind", "starts_at"], name="sanction_of_account")]

    def __str__(self) -> str:
        return f"{self.get_kind_display().lower()} of {self.account}"

    def state(self, now: datetime) -> str:
        """In a word: lifted, to come, in force, over; of what has no end, in force."""
        if self.kind == self.Kind.LIFTING:
            return "on record"
        if hasattr(self, "lifted_by"):
            return "lifted"
        if self.starts_at > now:
            return "to come"
        if self.ends_at and self.ends_at <= now:
            return "over"
        return "on record" if self.kind == self.Kind.REPRIMAND else "in force"
