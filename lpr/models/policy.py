"""What may be asked for, and how far back: policy records with history, never literals (QRY-3, QRY-4)."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from simple_history.models import HistoricalRecords

from accounts.models import Component


class ReasonCode(models.Model):
    """A listed reason. `is_criminal` reasons of HSI name an offense, whose limitation sets the timeframe."""

    code = models.CharField(max_length=32, unique=True)
    label = models.CharField(max_length=150)
    is_criminal = models.BooleanField(default=False)
    components = ArrayField(models.CharField(max_length=3, choices=Component))
    is_active = models.BooleanField(default=True)

    history = HistoricalRecords()

    class Meta:
        ordering = ["label"]

    def __str__(self) -> str:
        return self.label


class Offense(models.Model):
    """A federal offense with its citation and limitation; `limitation_years` empty: none."""

    code = models.CharField(max_length=32, unique=True)
    title = models.CharField(max_length=200)
    citation = models.CharField(max_length=100)
    limitation_years = models.PositiveSmallIntegerField(null=True, blank=True)
    limitation_citation = models.CharField(max_length=100)
    is_active = models.BooleanField(default=True)

    history = HistoricalRecords()

    class Meta:
        ordering = ["title"]

    def __str__(self) -> str:
        return f"{self.title} ({self.citation})"


class TimeframeLimit(models.Model):
    """How many years back a component may ask. `by_offense` hands criminal queries over to the offense's limitation."""

    component = models.CharField(max_length=3, choices=Component, unique=True)
    max_years = models.PositiveSmallIntegerField(default=5)
    by_offense = models.BooleanField(default=False)

    history = HistoricalRecords()

    class Meta:
        ordering = ["component"]

    def __str__(self) -> str:
        return f"{self.component}: {self.max_years} years"
