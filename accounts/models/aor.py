"""Areas of responsibility: the borders that no manager sees across (ACC-6)."""

from typing import TYPE_CHECKING
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.db import models
from simple_history.models import HistoricalRecords

from accounts.roles import Role

if TYPE_CHECKING:
    from accounts.models.user import User


def is_time_zone(name: str) -> None:
    """Deadlines of an area run by its zone (accounts.business_time)."""
    if name not in available_timezones():
        raise ValidationError("Enter a time zone such as America/New_York.", code="zone")


class AORQuerySet(models.QuerySet["AOR"]):
    def visible_to(self, user: "User") -> "AORQuerySet":
        """All for OPR and the appointer, else one's own."""
        if user.role in {Role.OPR_AUDITOR, Role.AGENCY_APPOINTER} or user.is_superuser:
            return self
        return self.filter(pk=user.aor_id)


class AOR(models.Model):
    code = models.CharField(max_length=32, unique=True)
    name = models.CharField(max_length=100, unique=True)
    time_zone = models.CharField(max_length=64, default="America/New_York", validators=[is_time_zone])

    objects = AORQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["name"]
        verbose_name = "area of responsibility"
        verbose_name_plural = "areas of responsibility"

    def __str__(self) -> str:
        return self.name
