"""What a source sent and what became of it: receipts, and the records that were set aside (DAT-3)."""

from django.db import models

from lpr.models.source import Source


class Receipt(models.Model):
    """One call or file. The newest receipt of a source tells how fresh it is."""

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="receipts")
    received_at = models.DateTimeField()
    body_digest = models.CharField("SHA-256 of the body", max_length=64)
    stored = models.PositiveIntegerField()
    duplicates = models.PositiveIntegerField()
    refused = models.PositiveIntegerField()
    hits = models.PositiveIntegerField()
    newest_captured_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-received_at"]
        indexes = [models.Index(fields=["source", "-received_at"], name="receipt_newest_of_source")]

    def __str__(self) -> str:
        return f"{self.source} {self.received_at:%Y-%m-%d %H:%M}"


class QuarantinedRecord(models.Model):
    """A record that was not stored, why, and what was sent (without its photos)."""

    source = models.ForeignKey(Source, on_delete=models.PROTECT)
    received_at = models.DateTimeField()
    position = models.PositiveIntegerField("place in the delivery")
    source_record_id = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=300)
    raw = models.TextField(blank=True)

    class Meta:
        ordering = ["-received_at", "position"]
        indexes = [models.Index(fields=["source", "-received_at"], name="quarantine_newest_of_source")]

    def __str__(self) -> str:
        return self.reason
