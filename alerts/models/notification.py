"""The intent to tell somebody something, stored in the transaction of its cause: the row is the truth (ALR-5)."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q


class NotificationKind(models.TextChoices):
    HIT = "hit", "Hit"
    PROMPT = "prompt", "To be renewed"
    SHARED = "shared", "Hit shared by its owner"
    DECONFLICTION = "deconfliction", "De-confliction"


class NotificationStatus(models.TextChoices):
    WAITING = "waiting", "Waiting"
    SENT = "sent", "Sent"
    FAILED = "failed", "Given up"


class Notification(models.Model):
    """One for each entry, read, recipient and kind, whatever fails or repeats. The Message-ID comes from the id.

    A sender claims the row by moving `next_attempt_at` to the end of its lease. Rows of one `letter` go in one mail.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=20, choices=NotificationKind)
    entry_id = models.UUIDField()
    record_id = models.UUIDField()
    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    plate = models.CharField(max_length=10, db_collation="C")
    letter = models.UUIDField(null=True)
    status = models.CharField(max_length=10, choices=NotificationStatus, default=NotificationStatus.WAITING)
    created_at = models.DateTimeField()
    next_attempt_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(fields=["plate", "entry_id", "record_id", "recipient", "kind"],
                                    name="notification_once_for_entry_read_recipient_kind"),
        ]
        indexes = [
            models.Index(fields=["next_attempt_at"], condition=Q(status="waiting"), name="notification_waiting"),
            models.Index(fields=["recipient", "-created_at"], name="notification_of_recipient"),
        ]

    def __str__(self) -> str:
        return str(self.id)
