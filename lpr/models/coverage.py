"""How many reads each area had lately, by kind of source, as it was last counted (DAT-5)."""

from django.db import models
from django.db.models import Q


class CoverageCount(models.Model):
    """Reads of one kind of source in a state (`area` is its code) or a metropolitan area (its census code)."""

    area = models.CharField(max_length=5)
    source_kind = models.CharField(max_length=20)
    reads = models.PositiveBigIntegerField()
    counted_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["area", "source_kind"], name="coverage_once_for_area_and_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.area} {self.source_kind}"


class CoverageState(models.Model):
    """One row (id 1): when was counted last, and since when the contract's floor has not been reached."""

    counted_at = models.DateTimeField()
    below_since = models.DateTimeField(null=True)
    told_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="coverage_state_is_one_row")]

    def __str__(self) -> str:
        return f"counted {self.counted_at:%Y-%m-%d %H:%M}"
