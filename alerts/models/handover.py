"""Lists whose owner's account is not active: they rest, and somebody takes them over in time, or they end (ALR-11)."""

from django.conf import settings
from django.contrib.postgres.functions import RandomUUID
from django.db import models

from accounts.models import User
from accounts.roles import Role


class Resting(models.Model):
    """A row of the view `alerts_resting` (alerts/sql/rest.sql): whose entries rest now."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, primary_key=True, on_delete=models.DO_NOTHING,
                                db_constraint=False, related_name="+")
    why = models.CharField(max_length=10)

    class Meta:
        managed = False
        db_table = "alerts_resting"

    def __str__(self) -> str:
        return f"{self.user_id} {self.why}"


class HandoverQuerySet(models.QuerySet["Handover"]):
    def visible_to(self, user: User) -> "HandoverQuerySet":
        """A manager's own area; nobody else names successors."""
        return self.filter(owner__aor_id=user.aor_id) if user.role == Role.AGENCY_MANAGER and user.aor_id else self.none()


class Handover(models.Model):
    """Open from the day on which the owner's entries were found at rest until they are taken over, end, or go on."""

    class Why(models.TextChoices):
        ACCOUNT = "account", "Account closed"
        SUSPENDED = "suspended", "Account suspended"
        ROLE = "role", "Role without alerts"
        TRAINING = "training", "Training missing or lapsed"

    # What the notices about it name.
    key = models.UUIDField(db_default=RandomUUID(), editable=False)
    owner = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    why = models.CharField(max_length=10, choices=Why)
    began_at = models.DateTimeField()
    due_at = models.DateTimeField()

    objects = HandoverQuerySet.as_manager()

    class Meta:
        ordering = ["due_at"]
        verbose_name = "hand-over of alert lists"
        verbose_name_plural = "hand-overs of alert lists"

    def __str__(self) -> str:
        return f"alert lists of {self.owner}"
