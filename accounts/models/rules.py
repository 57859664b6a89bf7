"""Rules of behavior: the text that is affirmed at each login (ACC-8)."""

from datetime import datetime

from django.db import models
from simple_history.models import HistoricalRecords


class RulesTextQuerySet(models.QuerySet["RulesText"]):
    def in_force(self, now: datetime) -> "RulesText | None":
        return self.filter(in_force_from__lte=now).order_by("-in_force_from", "-version").first()


class RulesText(models.Model):
    """One version; a text that has been in force is never changed, only followed by the next version."""

    version = models.PositiveIntegerField(unique=True)
    body = models.TextField()
    in_force_from = models.DateTimeField(null=True, blank=True)

    objects = RulesTextQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["-version"]
        verbose_name = "rules of behavior"
        verbose_name_plural = "rules of behavior"

    def __str__(self) -> str:
        return f"version {self.version}"
