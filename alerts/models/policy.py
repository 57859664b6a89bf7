"""The contract's numbers about alert lists: one record, with history (ALR-1, ALR-7)."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from django.db import models
from simple_history.models import HistoricalRecords

from accounts import months


class AlertPolicy(models.Model):
    """One row (id 1): batch size, life of an entry, prompts before its end, grace after it, hand-over, digests."""

    max_entries = models.PositiveIntegerField("active entries of a list at most", default=2500)
    validity_months = models.PositiveSmallIntegerField("months that an entry is valid", default=12)
    prompt_days = models.PositiveIntegerField("days before expiry that the owner is prompted", default=14)
    second_prompt_days = models.PositiveIntegerField("days before expiry of the second prompt", default=7)
    last_prompt_days = models.PositiveIntegerField("days before expiry of the last prompt", default=1)
    grace_days = models.PositiveIntegerField("days after expiry that an entry can still be renewed", default=7)
    hit_days = models.PositiveIntegerField("days that hits of a living entry are kept", default=365)
    handover_days = models.PositiveIntegerField("days to name a successor for the lists of an inactive account", default=14)
    training_grace_days = models.PositiveIntegerField("days after training lapses until entries rest", default=14)
    digest_hour = models.PositiveSmallIntegerField("hour of the day at which daily digests of hits leave", default=7)
    tells_both_in_deconfliction = models.BooleanField(
        "the user who watched a plate first is told as well when another adds it", default=False)

    history = HistoricalRecords()

    class Meta:
        verbose_name_plural = "alert policies"
        constraints = [
            models.CheckConstraint(condition=models.Q(pk=1), name="alert_policy_is_one_row"),
            models.CheckConstraint(condition=models.Q(digest_hour__lt=24), name="alert_policy_digest_hour_is_of_the_clock"),
        ]

    def __str__(self) -> str:
        return "alert policy"

    @property
    def validity(self) -> str:
        """For how long an entry is valid, in words."""
        number, unit = (self.validity_months, "month") if self.validity_months % 12 else (self.validity_months // 12, "year")
        return f"a {unit}" if number == 1 else f"{number} {unit}s"

    def end_of(self, start: datetime, zone: ZoneInfo) -> datetime:
        """When an entry ends that is valid from `start`: on the same day and hour of its owner's calendar (ALR-7)."""
        return months.after(start.astimezone(zone), self.validity_months).astimezone(UTC)
