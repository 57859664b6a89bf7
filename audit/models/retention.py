"""How long the log is kept, what holds it longer, and the months that are being dropped (AUD-5, BEY-10)."""

import uuid
from datetime import date

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from simple_history.models import HistoricalRecords

from audit.models.two_sides import TwoSides


class RetentionPolicy(models.Model):
    """One row (id 1). The contract's seven years are the least; the database's functions read them from here."""

    years = models.PositiveSmallIntegerField("years that the audit log is kept, seven at least", default=7)

    history = HistoricalRecords()

    class Meta:
        verbose_name_plural = "retention policies"
        constraints = [
            models.CheckConstraint(condition=Q(pk=1), name="retention_policy_is_one_row"),
            models.CheckConstraint(condition=Q(years__gte=7, years__lte=100), name="retention_policy_keeps_seven_years"),
        ]

    def __str__(self) -> str:
        return "retention policy of the audit log"


class LegalHold(models.Model):
    """`month` is its first day, or None for every month. Rows are lifted and never removed (audit/sql/legal_holds.sql)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    month = models.DateField(null=True)
    reason = models.CharField(max_length=500)
    placed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    placed_at = models.DateTimeField()
    lifting_reason = models.CharField(max_length=500, blank=True)
    lifted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    lifted_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-placed_at"]
        constraints = [
            models.CheckConstraint(condition=Q(month=None) | Q(month__day=1), name="legal_hold_names_a_month"),
            models.CheckConstraint(
                condition=Q(lifted_at=None, lifted_by=None, lifting_reason="")
                | (Q(lifted_at__isnull=False, lifted_by__isnull=False) & ~Q(lifting_reason="")),
                name="legal_hold_lifting_is_whole"),
        ]

    def __str__(self) -> str:
        return f"Legal hold on {self.month_in_words}"

    @property
    def month_in_words(self) -> str:
        return f"{self.month:%Y-%m}" if self.month else "every month"


class MonthsEnd(TwoSides):
    """Months that were announced to go; one announcement is open at a time. `announced`, `agency_event` and `operator_event` are
    the events that speak for it to the database; `months` and `dropped` hold first days."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    announced = models.UUIDField(unique=True)
    announced_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    announced_at = models.DateTimeField()
    months = ArrayField(models.DateField())
    dropped = ArrayField(models.DateField(), default=list)
    agency_event = models.UUIDField(null=True)
    operator_event = models.UUIDField(null=True)

    class Meta:
        ordering = ["-announced_at"]
        constraints = [
            models.UniqueConstraint(fields=["is_open"], condition=Q(is_open=True), name="months_end_one_is_open"),
            models.CheckConstraint(condition=Q(agency_by=None) | Q(operator_by=None) | ~Q(agency_by=F("operator_by")),
                                   name="months_end_two_persons"),
            models.CheckConstraint(
                condition=Q(dropped=[])
                | Q(dropped__contained_by=F("months"), agency_by__isnull=False, operator_by__isnull=False),
                name="months_end_dropped_was_approved"),
        ]

    def __str__(self) -> str:
        return f"Announcement of {len(self.months)} months"

    @property
    def left(self) -> list[date]:
        """The months that were not dropped."""
        return [month for month in self.months if month not in self.dropped]
