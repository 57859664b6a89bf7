"""Reviews of queries: which were drawn, by whom, and what came of it (AUD-8).

The rows name events by their ids and hold no plate, no case text and no note: what was asked, said and answered stands in the log
alone and goes with it.
"""

import uuid
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from audit import access


class Method(models.TextChoices):
    RANDOM = "random", "Random sample"
    SIGNALS = "signals", "By signals, the most first"
    CHOSEN = "chosen", "Chosen by hand"


class Verdict(models.TextChoices):
    JUSTIFIED = "justified", "Justified"
    QUESTIONED = "questioned", "Questioned"


class Signal(models.TextChoices):
    SAME_PLATE = "same_plate", "Same plate again and again"
    SAME_CASE = "same_case", "Same case text over many plates"
    OFF_SHIFT = "off_shift", "Asked off shift"
    FILLER = "filler", "Case reference like filler"
    TRAINING = "training", "Training was about to lapse"
    SELF_ON_BEHALF = "self_on_behalf", "On behalf of oneself"


class ReviewQuerySet(models.QuerySet["Review"]):
    def visible_to(self, user: Any) -> "ReviewQuerySet":
        """All for OPR; for managers and supervisors those of their area that OPR did not open; for others none."""
        if not access.may_read(user):
            return self.none()
        if access.sees_every_aor(user):
            return self
        return self.filter(aor=user.aor_code, is_of_opr=False)


class Review(models.Model):
    """`opened` is the event that opened it: period, seed and thresholds stand there too. `until` is exclusive.

    `aor` is an area's code, empty for all of them; then `areas` are those of which as many were drawn as a sample must have, or
    all that there were; those in which nobody asked are not among them (audit.reviews.calendar).
    `population` is how many queries there were to draw from.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    opened = models.UUIDField(unique=True)
    aor = models.CharField("area of responsibility", max_length=32, blank=True)
    is_of_opr = models.BooleanField(default=False)
    since = models.DateTimeField()
    until = models.DateTimeField()
    method = models.CharField(max_length=8, choices=Method)
    seed = models.CharField(max_length=32)
    size = models.PositiveIntegerField("queries wanted")
    population = models.PositiveIntegerField(default=0)
    areas = ArrayField(models.CharField(max_length=32), default=list)
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()
    closed = models.UUIDField(null=True)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    closed_at = models.DateTimeField(null=True)

    objects = ReviewQuerySet.as_manager()

    class Meta:
        ordering = ["-opened_at"]
        indexes = [models.Index(fields=["aor", "-opened_at"], name="review_of_aor")]
        constraints = [
            models.CheckConstraint(condition=Q(method__in=Method.values), name="review_method_is_listed"),
            models.CheckConstraint(condition=Q(since__lt=models.F("until")), name="review_period_has_an_end"),
            models.CheckConstraint(
                condition=Q(closed__isnull=True, closed_by__isnull=True, closed_at__isnull=True)
                | Q(closed__isnull=False, closed_by__isnull=False, closed_at__isnull=False),
                name="review_closing_is_whole"),
        ]

    def __str__(self) -> str:
        return f"Review of {self.area}, {self.first_day} to {self.last_day}"

    @property
    def area(self) -> str:
        return self.aor or "every area"

    @property
    def reviewed_until(self) -> datetime:
        """What was asked after the opening was not drawn, whatever the period says."""
        return min(self.until, self.opened_at)

    @property
    def first_day(self) -> date:
        return self.since.date()

    @property
    def last_day(self) -> date:
        return (self.until - timedelta(microseconds=1)).date()


class ReviewItem(models.Model):
    """One query under review. `judged` is the event that holds the verdict's note; a later verdict replaces an earlier one."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="items")
    query = models.UUIDField()
    officer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    position = models.PositiveIntegerField()
    signals = ArrayField(models.CharField(max_length=16), default=list)
    verdict = models.CharField(max_length=10, choices=Verdict, blank=True)
    judged = models.UUIDField(null=True)
    judged_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    judged_at = models.DateTimeField(null=True)
    sanction = models.CharField("number of the sanction", max_length=64, blank=True)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["review", "query"], name="review_item_once_a_review"),
            models.CheckConstraint(condition=Q(verdict__in=["", *Verdict.values]), name="review_item_verdict_is_listed"),
            models.CheckConstraint(condition=Q(verdict="", judged__isnull=True) | ~Q(verdict="") & Q(judged__isnull=False),
                                   name="review_item_verdict_has_its_event"),
            models.CheckConstraint(condition=Q(sanction="") | Q(verdict="questioned"),
                                   name="review_item_sanction_follows_a_question"),
        ]

    def __str__(self) -> str:
        return str(self.query)

    @property
    def signal_names(self) -> list[str]:
        return [Signal(signal).label for signal in self.signals if signal in Signal.values]
