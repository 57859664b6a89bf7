"""The numbers of reviews: one record, with history (AUD-8, BEY-5)."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from simple_history.models import HistoricalRecords


class ReviewPolicy(models.Model):
    """One row (id 1): how often, how many, and from when on something is a signal. Hours are of the area's clocks."""

    smallest_sample = models.PositiveIntegerField("queries of a sample at least", default=10)
    weekly_days = models.PositiveIntegerField("days after which an area owes its regular review", default=7)
    yearly_days = models.PositiveIntegerField("days after which an area owes its review of the whole year", default=365)
    year_covers_days = models.PositiveIntegerField("days that a review of the year covers at least", default=300)
    reminder_days = models.PositiveIntegerField("days before a review is due that its managers are reminded", default=2)
    same_plate_times = models.PositiveIntegerField("queries of one user for one plate that are a signal", default=4)
    same_case_plates = models.PositiveIntegerField("plates with the same case text that are a signal", default=5)
    shift_begins = models.PositiveSmallIntegerField("hour at which shifts begin", default=5)
    shift_ends = models.PositiveSmallIntegerField("hour at which shifts end", default=22)
    weekend_is_off = models.BooleanField("Saturday and Sunday are off shift", default=False)
    filler_percent = models.PositiveSmallIntegerField("percent of a case text that is filler to be a signal", default=50)
    training_days = models.PositiveIntegerField("days before training lapses that are a signal", default=14)
    filler_words = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    label_words = ArrayField(models.CharField(max_length=40), default=list, blank=True)

    history = HistoricalRecords()

    class Meta:
        verbose_name_plural = "review policies"
        constraints = [
            models.CheckConstraint(condition=Q(pk=1), name="review_policy_is_one_row"),
            models.CheckConstraint(condition=Q(smallest_sample__gte=1, weekly_days__gte=1, yearly_days__gte=1),
                                   name="review_policy_asks_for_reviews"),
            models.CheckConstraint(condition=Q(shift_begins__lt=F("shift_ends"), shift_ends__lte=24),
                                   name="review_policy_shift_is_a_span"),
        ]

    def __str__(self) -> str:
        return "review policy"

    def thresholds(self) -> dict[str, Any]:
        """What the opening of a review records, and the database's functions read from there."""
        names = ("same_plate_times", "same_case_plates", "shift_begins", "shift_ends", "weekend_is_off", "filler_percent",
                 "training_days", "filler_words", "label_words")
        return {name: getattr(self, name) for name in names}
