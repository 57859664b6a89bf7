"""A read that was reported as wrong, and who is told of the outcome (RES-4, BEY-7).

Neither row holds a plate: which read it is stands in the event `read.reported`, and the store shows it to an event that names
that one. Data-quality staff never see the reporter.
"""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from lpr.models.source import Source


class ErrorKind(models.TextChoices):
    PLATE = "plate", "The plate number is not what the photo shows"
    STATE = "state", "The state is not what the photo shows"
    VEHICLE = "vehicle", "Make or model does not match the vehicle"
    PHOTO = "photo", "A photo is bad or shows something else"
    PLACE = "place", "The place or time is wrong"


class ReportStatus(models.TextChoices):
    OPEN = "open", "Open"
    CORRECTED = "corrected", "Corrected"
    WITHDRAWN = "withdrawn", "Withdrawn"
    REJECTED = "rejected", "Rejected"


class ErrorReport(models.Model):
    """`reported` is the event by which the read was reported, `record_id` names its photos. `plate_stays` says of a corrected
    read that its plate and state were right: what was found by them stands."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    reported = models.UUIDField(unique=True)
    record_id = models.UUIDField(db_index=True)
    source = models.ForeignKey(Source, on_delete=models.PROTECT, null=True, related_name="error_reports")
    kind = models.CharField("what is wrong", max_length=10, choices=ErrorKind)
    note = models.CharField(max_length=500)
    reporter = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reported_at = models.DateTimeField()
    status = models.CharField(max_length=10, choices=ReportStatus, default=ReportStatus.OPEN)
    plate_stays = models.BooleanField(default=False)
    resolution_note = models.CharField(max_length=500, blank=True)
    resolved_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["reported_at"]
        constraints = [
            models.UniqueConstraint(fields=["record_id", "reporter"], condition=Q(status="open"),
                                    name="error_report_once_open_by_reporter"),
            models.CheckConstraint(condition=Q(kind__in=ErrorKind.values), name="error_report_kind_is_listed"),
            models.CheckConstraint(condition=Q(status__in=ReportStatus.values), name="error_report_status_is_listed"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.reported_at:%Y-%m-%d %H:%M})"


class CorrectionNotice(models.Model):
    """One person is told of one resolution, by mail and on the page. The row is the truth; the mail follows."""

    report = models.ForeignKey(ErrorReport, on_delete=models.CASCADE, related_name="notices")
    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-made_at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["report", "recipient"], name="correction_notice_once_a_recipient")]
        indexes = [
            models.Index(fields=["made_at"], condition=Q(sent_at__isnull=True), name="correction_notice_waiting"),
            models.Index(fields=["recipient", "-made_at"], name="correction_notice_of_recipient"),
        ]

    def __str__(self) -> str:
        return str(self.pk)
