"""Deliveries of the audit log: asked for, made and encrypted by a job, received (AUD-13)."""

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q

# Who may ask for the log, and who sees how far the jobs are without reading (the table that opens the requirements).
ENTITLED = frozenset({"agency_appointer", "opr_auditor"})
OPERATIONS = "operations"


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def visible_to(self, user: Any) -> "DeliveryQuerySet":
        """An entitled person's own; every job to operations, who see state and never content."""
        role = getattr(user, "role", "") if getattr(user, "is_active", False) else ""
        if role in ENTITLED:
            return self.filter(requester_id=user.pk)
        return self.all() if role == OPERATIONS else self.none()


class Delivery(models.Model):
    """A request for the log with its clock, and the job that answers it.

    Whose events were asked for stands in the event `asked` alone; `is_of_one_user` says that a name was given.
    The file in the storage is ciphertext from its first byte; it ends at `expires_at`, and the row stays.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        RUNNING = "running", "Being made"
        READY = "ready", "Ready"
        FAILED = "failed", "Failed"
        ENDED = "ended", "File erased"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    asked = models.UUIDField("event of the request", unique=True)
    requester = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    aor = models.CharField("area of responsibility", max_length=32, blank=True)
    since = models.DateTimeField()
    until = models.DateTimeField()
    is_of_one_user = models.BooleanField(default=False)
    certificate = models.TextField("requester's certificate, PEM")
    fingerprint = models.CharField("SHA-256 of the certificate", max_length=64)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    progress = models.PositiveIntegerField("events written", default=0)
    digest = models.CharField("SHA-256 of the file", max_length=64, blank=True)
    size = models.PositiveBigIntegerField("bytes of the file", default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    asked_at = models.DateTimeField()
    due_at = models.DateTimeField()
    # By its age the scheduler knows that a worker died over it.
    stirred_at = models.DateTimeField("last sign of life")
    made_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField(null=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        ordering = ["-asked_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["requester"], condition=Q(state__in=["waiting", "running"]),
                                    name="delivery_one_at_a_time"),
            models.CheckConstraint(condition=Q(state__in=["waiting", "running", "ready", "failed", "ended"]),
                                   name="delivery_state_is_listed"),
            models.CheckConstraint(condition=Q(until__gt=F("since")), name="delivery_period_has_an_end"),
            models.CheckConstraint(condition=Q(due_at__gt=F("asked_at")), name="delivery_is_due_after_it_was_asked"),
            models.CheckConstraint(
                condition=~Q(state__in=["ready", "ended"])
                | (~Q(digest="") & Q(made_at__isnull=False) & Q(expires_at__isnull=False)),
                name="delivery_made_has_checksum_and_end"),
            models.CheckConstraint(condition=Q(received_at__isnull=True) | Q(made_at__isnull=False),
                                   name="delivery_received_was_made"),
        ]

    def __str__(self) -> str:
        return f"Delivery {str(self.pk)[:8]}"

    @property
    def path(self) -> str:
        """Where the ciphertext lies in the storage."""
        return f"deliveries/{self.pk}.zip"
