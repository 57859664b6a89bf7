"""Where reads come from, with what key, and by what law (DAT-1, DAT-2)."""

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from simple_history.models import HistoricalRecords

from lpr import states


class SourceKind(models.TextChoices):
    TOLL_ROAD = "toll_road", "Toll road"
    PARKING_LOT = "parking_lot", "Parking lot"
    REPOSSESSION = "repossession", "Repossession"
    LAW_ENFORCEMENT = "law_enforcement", "Law enforcement"


class Source(models.Model):
    """A contributor of reads. `label` is its record in words, as results show it ("Delaware toll road camera")."""

    name = models.SlugField(max_length=64, unique=True)
    label = models.CharField("in words", max_length=150)
    kind = models.CharField(max_length=20, choices=SourceKind)
    is_active = models.BooleanField(default=True)
    retention_days = models.PositiveIntegerField("days its reads are kept", default=1827)
    # Some vendors' messages do not say where the camera stands: {"camera id": [latitude, longitude]}.
    camera_places = models.JSONField(default=dict, blank=True)
    quarantine_days = models.PositiveIntegerField("days records that were set aside are kept", default=60, db_default=60)
    silent_after_hours = models.PositiveIntegerField("stale after hours without a read", default=24)
    created_at = models.DateTimeField(default=timezone.now, db_default=Now(), editable=False)

    history = HistoricalRecords(excluded_fields=["created_at"])

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=SourceKind.values), name="source_kind_is_listed"),
            models.CheckConstraint(condition=Q(retention_days__gte=1), name="source_retention_is_positive"),
            models.CheckConstraint(condition=Q(quarantine_days__gte=1), name="source_quarantine_is_positive"),
        ]

    def __str__(self) -> str:
        return self.name


class SourceKey(models.Model):
    """A credential of a source: only its hash is kept. `prefix` is the public part, by which it is found."""

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="keys")
    prefix = models.CharField(max_length=12, unique=True)
    digest = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)
    valid_until = models.DateTimeField(null=True, blank=True)

    history = HistoricalRecords(excluded_fields=["digest"])

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.source} {self.prefix}"

    def is_valid(self, now: datetime) -> bool:
        return self.valid_until is None or now < self.valid_until


class WhenOver(models.TextChoices):
    """What happens to stored reads when the authority by which they were collected has ended (DAT-2)."""

    KEEP = "keep", "Keep until their retention ends"
    HIDE = "hide", "Show them no more"
    DELETE = "delete", "Show them no more and delete them"


class Jurisdiction(models.Model):
    """A state, and the law by which reads may be collected there."""

    state = models.CharField(max_length=2, unique=True, choices=states.CHOICES)
    citation = models.CharField("legal basis of collection", max_length=300)
    valid_from = models.DateField()
    valid_until = models.DateField(null=True, blank=True)
    when_over = models.CharField("stored reads when it has ended", max_length=6, choices=WhenOver, default=WhenOver.KEEP,
                                 db_default="keep")

    history = HistoricalRecords()

    class Meta:
        ordering = ["state"]
        constraints = [models.CheckConstraint(condition=Q(when_over__in=WhenOver.values), name="jurisdiction_end_is_listed")]

    def __str__(self) -> str:
        return self.state


class SourceAuthority(models.Model):
    """Where and when a source may collect. A read from elsewhere is refused and counted."""

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="authorities")
    jurisdiction = models.ForeignKey(Jurisdiction, on_delete=models.PROTECT)
    valid_from = models.DateField()
    valid_until = models.DateField(null=True, blank=True)
    when_over = models.CharField("stored reads when it has ended", max_length=6, choices=WhenOver, default=WhenOver.KEEP,
                                 db_default="keep")

    history = HistoricalRecords()

    class Meta:
        ordering = ["source", "jurisdiction"]
        verbose_name_plural = "source authorities"
        constraints = [
            models.UniqueConstraint(fields=["source", "jurisdiction", "valid_from"],
                                    name="source_authority_starts_once_a_day"),
            models.CheckConstraint(condition=Q(when_over__in=WhenOver.values), name="source_authority_end_is_listed"),
        ]

    def __str__(self) -> str:
        return f"{self.source} in {self.jurisdiction}"


class EndedAuthority(models.Model):
    """An end of authority that was noticed and is on record, as long as it lasts. What is shown does not ask this table."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="+")
    state = models.CharField(max_length=2)
    policy = models.CharField(max_length=6)
    noticed_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "state"], name="ended_authority_once")]

    def __str__(self) -> str:
        return f"{self.source} in {self.state}"
