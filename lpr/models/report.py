"""What stands at the foot of a printed report: a policy record by component, with history (RES-3)."""

from django.core.validators import MaxLengthValidator
from django.db import models
from simple_history.models import HistoricalRecords

from accounts.models import Component

LONGEST_NOTICE = 600


class ReportFooter(models.Model):
    """Under which notice and for how long a component keeps what its people print."""

    component = models.CharField(max_length=3, choices=Component, unique=True)
    system_of_records = models.CharField("system-of-records notice", max_length=300)
    records_schedule = models.CharField(max_length=300)
    notice = models.TextField("further text", blank=True, validators=[MaxLengthValidator(LONGEST_NOTICE)])

    history = HistoricalRecords()

    class Meta:
        ordering = ["component"]

    def __str__(self) -> str:
        return f"{self.component}: {self.system_of_records}"
