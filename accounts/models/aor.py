"""Areas of responsibility: the borders that no manager sees across (ACC-6)."""

from django.db import models
from simple_history.models import HistoricalRecords


class AOR(models.Model):
    code = models.CharField(max_length=32, unique=True)
    name = models.CharField(max_length=100, unique=True)
    time_zone = models.CharField(max_length=64, default="America/New_York")

    history = HistoricalRecords()

    class Meta:
        ordering = ["name"]
        verbose_name = "area of responsibility"
        verbose_name_plural = "areas of responsibility"

    def __str__(self) -> str:
        return self.name
