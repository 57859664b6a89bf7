"""Usage of each day in counts, made from the log (AUD-7)."""

from django.db import models


class DailyCount(models.Model):
    """How often one thing happened on one day (UTC), as counted from the log and counted anew at will (AUD-7)."""

    class Measure(models.TextChoices):
        LOGIN = "login", "Logins"
        SEARCH = "search", "Searches"
        SEARCH_WITH_HITS = "search_with_hits", "Searches with hits"
        ON_BEHALF_OF = "on_behalf_of", "On behalf of"
        NAMED = "named", "Asked elsewhere for its people"
        # The actor is who was named, an account each; the other measures count the queries themselves.
        FOR_PERSON = "for_person", "Asked on behalf of this person"
        REFUSED = "refused", "Refusals"
        ENTRY = "entry", "Alert entries"
        HIT = "hit", "Alert hits"

    day = models.DateField()
    measure = models.CharField(max_length=16, choices=Measure)
    actor = models.CharField("user", max_length=150, blank=True)
    component = models.CharField(max_length=32, blank=True)
    aor = models.CharField("area of responsibility", max_length=32, blank=True)
    reason = models.CharField(max_length=64, blank=True)
    offense = models.TextField(blank=True)
    count = models.PositiveBigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["day", "aor"], name="daily_count_by_day"),
                   models.Index(fields=["aor", "day"], condition=models.Q(measure="search"), name="daily_count_of_searches")]

    def __str__(self) -> str:
        return f"{self.day} {self.measure}: {self.count}"
