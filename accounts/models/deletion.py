"""Requests to delete an account: from the asking to the operator's deletion, with the clock that runs meanwhile (ACC-9)."""

import uuid
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models
from simple_history.models import HistoricalRecords

from accounts import business_time
from accounts.keepers import kept_by
from accounts.models.user import User
from accounts.roles import Role


class DeletionRequestQuerySet(models.QuerySet["DeletionRequest"]):
    def visible_to(self, user: User) -> "DeletionRequestQuerySet":
        """Operations sees what was filed, an Agency Manager the area's, a supervisor and an appointer their own part."""
        if user.role == Role.OPERATIONS:
            return self.filter(filed_at__isnull=False)
        if user.role == Role.AGENCY_MANAGER and user.aor_id:
            return self.filter(account__aor_id=user.aor_id)
        if user.role == Role.SUPERVISOR:
            return self.filter(asked_by=user)
        return self.filter(account__in=kept_by(user))

    def running(self) -> "DeletionRequestQuerySet":
        """The clock runs: filed, and neither carried out nor withdrawn."""
        return self.filter(state=DeletionRequest.State.FILED)


class DeletionRequest(models.Model):
    """Asked for by a supervisor or filed at once by who keeps the account; only its state moves afterwards.

    `filed_at` is when the account was closed and the clock began, `due_at` when 24 business hours are over: both are written
    once, so that no later change of an area's zone or of a holiday moves a deadline.
    """

    class State(models.TextChoices):
        ASKED = "asked", "Asked for by a supervisor"
        TURNED_DOWN = "turned_down", "Turned down"
        FILED = "filed", "Filed, account closed"
        WITHDRAWN = "withdrawn", "Withdrawn"
        DONE = "done", "Account deleted"

    OPEN = (State.ASKED, State.FILED)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(User, on_delete=models.PROTECT, related_name="deletion_requests")
    state = models.CharField(max_length=12, choices=State)
    reason = models.TextField(max_length=500)
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    # Whether the account was open when it was closed by this.
    closed_it = models.BooleanField(default=False, editable=False)
    filed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    filed_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)
    note = models.CharField("why it was turned down or withdrawn", max_length=500, blank=True)

    objects = DeletionRequestQuerySet.as_manager()
    # Steps: why stands in the request itself and goes with it.
    history = HistoricalRecords(cascade_delete_history=True, excluded_fields=["reason", "note"])

    class Meta:
        ordering = ["-asked_at"]
        verbose_name = "deletion of an account"
        verbose_name_plural = "deletions of accounts"
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=["asked", "turned_down", "filed", "withdrawn", "done"]),
                                   name="deletion_request_state_is_listed"),
            models.UniqueConstraint(fields=["account"], condition=models.Q(state__in=["asked", "filed"]),
                                    name="deletion_request_one_open_an_account"),
            models.CheckConstraint(
                condition=~models.Q(state__in=["filed", "withdrawn", "done"])
                | models.Q(filed_at__isnull=False, filed_by__isnull=False, due_at__isnull=False,
                           due_at__gt=models.F("filed_at")),
                name="deletion_request_filed_has_a_clock"),
            models.CheckConstraint(
                condition=models.Q(state__in=["asked", "filed"]) | models.Q(ended_at__isnull=False, ended_by__isnull=False),
                name="deletion_request_end_has_a_person"),
        ]

    def __str__(self) -> str:
        return f"deletion of {self.account}"

    @property
    def zone(self) -> ZoneInfo:
        return zone_of(self.account)

    def time_left(self, now: datetime) -> timedelta:
        """Business time until it is due; negative once it is overdue."""
        assert self.due_at is not None
        return business_time.between(now, self.due_at, zone=self.zone)

    def is_overdue(self, now: datetime) -> bool:
        return self.state == self.State.FILED and self.due_at is not None and self.due_at <= now


def zone_of(account: User) -> ZoneInfo:
    """Where the midnights of an account's clock are: in its area, or at headquarters where it has none."""
    return ZoneInfo(account.aor.time_zone if account.aor else settings.HEADQUARTERS_TIME_ZONE)


class DeletionCall(models.Model):
    """One call to the operator about a running clock: when it is filed, at the warnings, when it is overdue. Each once."""

    class Stage(models.TextChoices):
        FILED = "filed", "Account to be deleted"
        HALF = "half", "Half of the time is gone"
        MOST = "most", "Three quarters of the time are gone"
        OVERDUE = "overdue", "Overdue"

    request = models.ForeignKey(DeletionRequest, on_delete=models.CASCADE, related_name="calls")
    stage = models.CharField(max_length=8, choices=Stage)
    due_at = models.DateTimeField()
    raised_at = models.DateTimeField(null=True, blank=True)
    told_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["due_at"]
        constraints = [
            models.UniqueConstraint(fields=["request", "stage"], name="deletion_call_once_a_stage"),
        ]
        indexes = [models.Index(fields=["due_at"], condition=models.Q(told_at__isnull=True), name="deletion_call_waiting")]

    def __str__(self) -> str:
        return f"{self.stage}: {self.request}"
