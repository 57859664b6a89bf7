"""What may be asked for, and how far back: policy records with history, never literals (QRY-3, QRY-4)."""

import re

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

from accounts.models import Component


def is_pattern(text: str) -> None:
    """A regular expression that can be compiled, and that a text without any number does not meet."""
    try:
        meets_nothing = re.compile(text).search("") is not None
    except re.error as error:
        raise ValidationError(f"This is no regular expression: {error}.") from error
    if meets_nothing:
        raise ValidationError("Every text would meet this pattern.")


class ReasonCode(models.Model):
    """A listed reason. `is_criminal` reasons of HSI name an offense, whose limitation sets the timeframe; `max_years` limits it
    further, whoever asks.

    `offenses` are the codes of those that go with the reason: a query names none else, and the store answers none else.
    """

    code = models.CharField(max_length=32, unique=True)
    label = models.CharField(max_length=150)
    is_criminal = models.BooleanField(default=False)
    components = ArrayField(models.CharField(max_length=3, choices=Component))
    offenses = ArrayField(models.CharField(max_length=32), default=list, blank=True)
    max_years = models.PositiveSmallIntegerField(
        "years back at most", null=True, blank=True,
        help_text="For this reason, where component and offense would allow more; empty: these alone decide.")
    is_active = models.BooleanField(default=True)

    history = HistoricalRecords()

    class Meta:
        ordering = ["label"]
        constraints = [
            models.CheckConstraint(condition=~Q(components=[]), name="reason_is_somebodys"),
            models.CheckConstraint(condition=Q(max_years__gte=1), name="reason_limit_is_positive"),
            models.CheckConstraint(
                condition=Q(is_criminal=True) & ~Q(offenses=[]) | Q(is_criminal=False, offenses=[]),
                name="reason_of_crimes_has_offenses",
                violation_error_message="A criminal reason names the offenses that go with it; no other reason names any."),
        ]

    def __str__(self) -> str:
        return self.label

    def goes_with(self, offense: "Offense") -> bool:
        return offense.code in self.offenses


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
        constraints = [models.CheckConstraint(condition=Q(limitation_years__gte=1), name="offense_limitation_is_positive")]

    def __str__(self) -> str:
        return f"{self.title} ({self.citation})"


class TimeframeLimit(models.Model):
    """The rules of a component's queries: how many years back, and what its case numbers look like.

    `by_offense` hands criminal queries over to the offense's limitation; for ERO that is ruled out (QRY-3). A text that holds a
    number of the pattern names a case; where such a number is required, a text without one does not.
    """

    component = models.CharField(max_length=3, choices=Component, unique=True)
    max_years = models.PositiveSmallIntegerField(default=5)
    by_offense = models.BooleanField("by the offense", default=False)
    case_number_pattern = models.CharField(
        "pattern of its case numbers", max_length=100, blank=True, validators=[is_pattern],
        help_text="A regular expression, whatever the case of letters; empty: no case number is known by its look.")
    case_number_example = models.CharField("an example of such a number", max_length=60, blank=True)
    case_number_required = models.BooleanField("each query needs such a number", default=False)

    history = HistoricalRecords()

    class Meta:
        ordering = ["component"]
        verbose_name = "rules of a component's queries"
        verbose_name_plural = "rules of components' queries"
        constraints = [
            models.CheckConstraint(condition=Q(max_years__gte=1), name="timeframe_limit_is_positive"),
            models.CheckConstraint(condition=~Q(component=Component.ERO, by_offense=True), name="timeframe_of_ero_is_limited",
                                   violation_error_message="Queries of ERO are limited whatever the offense."),
            models.CheckConstraint(
                condition=Q(case_number_required=False) | (~Q(case_number_pattern="") & ~Q(case_number_example="")),
                name="case_number_required_is_described",
                violation_error_message="Give pattern and example of the number that is required."),
        ]

    def __str__(self) -> str:
        return f"{self.component}: {self.max_years} years"
