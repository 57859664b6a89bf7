"""What a source sent and what became of it: receipts, and the records that were set aside (DAT-3)."""

import hashlib
import uuid
from uuid import UUID

from django.conf import settings
from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import Q

from lpr.models.source import Source


class Receipt(models.Model):
    """One arrival of a call, or of one batch of a file. The newest receipt of a source tells how fresh it is.

    Arrivals of the same body from the same source bear the same number: the first says what was stored, those that follow that
    nothing was stored twice. Rows are added and never changed.
    """

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="receipts")
    received_at = models.DateTimeField()
    body_digest = models.CharField("SHA-256 of the body", max_length=64)
    stored = models.PositiveIntegerField()
    duplicates = models.PositiveIntegerField()
    refused = models.PositiveIntegerField()
    hits = models.PositiveIntegerField()
    newest_captured_at = models.DateTimeField(null=True)
    first_index = models.PositiveIntegerField("place of its first record in the file", default=0)

    class Meta:
        ordering = ["-received_at"]
        indexes = [models.Index(fields=["source", "-received_at"], name="receipt_newest_of_source"),
                   models.Index(fields=["source", "body_digest"], name="receipt_by_body")]

    def __str__(self) -> str:
        return f"{self.source} {self.received_at:%Y-%m-%d %H:%M}"

    @property
    def number(self) -> UUID:
        """The number under which the source knows it: the same for the same body, whenever it is sent."""
        return UUID(bytes=hashlib.sha256(f"{self.source_id}:{self.body_digest}".encode()).digest()[:16])


class SetAsideStatus(models.TextChoices):
    WAITING = "waiting", "Set aside"
    REPAIRED = "repaired", "Repaired, being loaded"
    LOADED = "loaded", "Loaded"
    DISCARDED = "discarded", "Discarded"


class QuarantinedRecord(models.Model):
    """A record that was not stored, why, and what was sent. What was sent is never changed: `repaired` stands beside it.

    Photos that were good enough are kept under `key` (lpr.quarantine). `repaired` holds the fields as JSON, as an operator
    entered them last.
    """

    source = models.ForeignKey(Source, on_delete=models.PROTECT)
    received_at = models.DateTimeField()
    position = models.PositiveIntegerField("place in the delivery")
    source_record_id = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=300)
    raw = models.TextField("as it was sent", blank=True)
    key = models.UUIDField(default=uuid.uuid4, db_default=RandomUUID(), unique=True, editable=False)
    plate_photo_cut = models.BooleanField(default=False)
    status = models.CharField(max_length=10, choices=SetAsideStatus, default=SetAsideStatus.WAITING, db_default="waiting")
    repaired = models.TextField("as it was repaired", blank=True, db_default="")
    note = models.CharField("why it was discarded", max_length=300, blank=True, db_default="")
    handled_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    handled_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-received_at", "position"]
        constraints = [
            models.CheckConstraint(condition=Q(status__in=SetAsideStatus.values), name="set_aside_status_is_listed"),
            models.CheckConstraint(condition=~Q(status="discarded", note=""), name="set_aside_discarded_with_reason"),
        ]
        indexes = [models.Index(fields=["source", "-received_at"], name="quarantine_newest_of_source"),
                   models.Index(fields=["handled_at"], condition=Q(status="repaired"), name="quarantine_to_be_loaded")]

    def __str__(self) -> str:
        return self.reason
