"""Incidents and suspected unauthorized use (AUD-9, AUD-14).

Neither holds a plate, a subject or a case; the words about them stand in steps, which are only ever added.
"""

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models

FIRST_REPORT_WITHIN = timedelta(hours=1)
WRITTEN_REPORT_WITHIN = timedelta(hours=24)
OPERATIONS, APPOINTER, MANAGER = "operations", "agency_appointer", "agency_manager"


class DataKind(models.TextChoices):
    IDENTITIES = "identities", "Identities of users"
    AUDIT_TRAIL = "audit_trail", "Audit trail"
    ALERT_LISTS = "alert_lists", "Alert lists"
    SENSITIVE = "sensitive", "Sensitive personally identifiable information"
    OTHER = "other", "Other data of the agency"


def _role(user: Any) -> str:
    return getattr(user, "role", "") if getattr(user, "is_active", False) else ""


class IncidentQuerySet(models.QuerySet["Incident"]):
    def visible_to(self, user: Any) -> "IncidentQuerySet":
        return self.all() if _role(user) in (OPERATIONS, APPOINTER) else self.none()


class Incident(models.Model):
    """A suspected loss or compromise of the agency's data. `discovered_at` starts both clocks; a trigger keeps it (AUD-9).

    `cause` names what opened it by itself, once: an alarm or an overdue deletion; empty where a person did. `data_kinds` and
    `users_affected` are what is known by now: each completion is a step, which says what it was before. `taken_by` are the
    addresses that took a report, until everybody has it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    number = models.PositiveIntegerField(unique=True)
    discovered_at = models.DateTimeField()
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    cause = models.CharField(max_length=200, null=True, unique=True)
    data_kinds = models.JSONField(default=list)
    users_affected = models.CharField(max_length=500)
    first_report_at = models.DateTimeField(null=True)
    written_report_at = models.DateTimeField(null=True)
    taken_by = models.JSONField(default=dict)
    closed_at = models.DateTimeField(null=True)

    objects = IncidentQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.CheckConstraint(condition=models.Q(opened_at__gte=models.F("discovered_at")),
                                   name="incident_discovered_before_opened"),
        ]

    def __str__(self) -> str:
        return f"Incident {self.number}"

    @property
    def first_report_due(self) -> datetime:
        return self.discovered_at + FIRST_REPORT_WITHIN

    @property
    def written_report_due(self) -> datetime:
        return self.discovered_at + WRITTEN_REPORT_WITHIN

    @property
    def data_kinds_in_words(self) -> list[str]:
        return [DataKind(kind).label for kind in self.data_kinds]


class Outcome(models.TextChoices):
    UNFOUNDED = "unfounded", "Unfounded"
    CORRECTED = "corrected", "Corrected without a sanction"
    SANCTIONED = "sanctioned", "A sanction followed"


class SuspectedUseQuerySet(models.QuerySet["SuspectedUse"]):
    def visible_to(self, user: Any) -> "SuspectedUseQuerySet":
        """Operations and appointers see each; a manager those of their area, but never one about themselves."""
        if _role(user) in (OPERATIONS, APPOINTER):
            return self.all()
        if _role(user) == MANAGER and user.aor_code:
            return self.filter(aor=user.aor_code).exclude(person=user.pk)
        return self.none()


class SuspectedUse(models.Model):
    """Suspected unauthorized use by a person. `discovered_at` is kept by a trigger; `told_at` is when manager and appointer were
    owed their notice (AUD-14). `sanction` is the sanction's number, where one followed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    number = models.PositiveIntegerField(unique=True)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    aor = models.CharField("area of responsibility", max_length=32, blank=True)
    discovered_at = models.DateTimeField()
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    told_at = models.DateTimeField()
    outcome = models.CharField(max_length=10, choices=Outcome, blank=True)
    sanction = models.CharField(max_length=40, blank=True)
    closed_at = models.DateTimeField(null=True)

    objects = SuspectedUseQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.CheckConstraint(condition=models.Q(opened_at__gte=models.F("discovered_at")),
                                   name="suspected_use_discovered_before_opened"),
            models.CheckConstraint(condition=models.Q(outcome__in=["", *Outcome.values]), name="suspected_use_outcome_is_listed"),
            models.CheckConstraint(condition=~models.Q(outcome="sanctioned") | ~models.Q(sanction=""),
                                   name="suspected_use_names_its_sanction"),
        ]

    def __str__(self) -> str:
        return f"Suspected use {self.number}"


class StepKind(models.TextChoices):
    OPENED = "opened", "Opened"
    FIRST_REPORT = "first_report", "First report sent"
    WRITTEN_REPORT = "written_report", "Written report sent"
    KNOWN = "known", "More is known"
    INQUIRY = "inquiry", "Inquiry"
    REMEDIATION = "remediation", "Remediation"
    CLOSED = "closed", "Closed"


class Step(models.Model):
    """One thing that was done about an incident or a suspected use; a trigger refuses to change or delete it."""

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, null=True, related_name="steps")
    suspected_use = models.ForeignKey(SuspectedUse, on_delete=models.PROTECT, null=True, related_name="steps")
    kind = models.CharField(max_length=15, choices=StepKind)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    text = models.TextField()
    sent_to = models.TextField(blank=True)

    class Meta:
        ordering = ["at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(incident__isnull=True, suspected_use__isnull=False)
                | models.Q(incident__isnull=False, suspected_use__isnull=True), name="step_is_about_one_thing"),
            models.CheckConstraint(condition=models.Q(kind__in=StepKind.values), name="step_kind_is_listed"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.at:%Y-%m-%d %H:%M}"
