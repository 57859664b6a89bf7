"""The tables of the room that Django keeps: exports on their way, counts of days, mails owed. The log itself is no model."""

import uuid

from django.db import models


class Export(models.Model):
    """A file being made of a search that found much; erased with its file a day after it was made (AUD-4).

    It names the search by its id and holds nothing of what was searched for or found.
    """

    class Format(models.TextChoices):
        XLSX = "xlsx", "Excel"
        PDF = "pdf", "PDF"

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        RUNNING = "running", "Being made"
        READY = "ready", "Ready"
        FAILED = "failed", "Failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    search = models.UUIDField()
    format = models.CharField(max_length=4, choices=Format)
    # The room knows no accounts: the number of the person who asked, as in events.
    requester = models.BigIntegerField()
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    progress = models.PositiveIntegerField("events written", default=0)
    digest = models.CharField("SHA-256 of the file", max_length=64, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    asked_at = models.DateTimeField()
    # By its age the scheduler knows that a worker died over it.
    stirred_at = models.DateTimeField("last sign of life")
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["search", "format"], name="export_once_for_search_and_format"),
            models.CheckConstraint(condition=models.Q(format__in=["xlsx", "pdf"]), name="export_format_is_listed"),
            models.CheckConstraint(condition=models.Q(state__in=["waiting", "running", "ready", "failed"]),
                                   name="export_state_is_listed"),
        ]

    def __str__(self) -> str:
        return f"{self.get_format_display()} of search {self.search}"

    @property
    def path(self) -> str:
        """Where the file lies in the storage."""
        return f"exports/{self.id}.{self.format}"


class DailyCount(models.Model):
    """How often one thing happened on one day (UTC), as counted from the log and counted anew at will (AUD-7)."""

    class Measure(models.TextChoices):
        LOGIN = "login", "Logins"
        SEARCH = "search", "Searches"
        SEARCH_WITH_HITS = "search_with_hits", "Searches with hits"
        ON_BEHALF_OF = "on_behalf_of", "On behalf of"
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
        indexes = [models.Index(fields=["day", "aor"], name="daily_count_by_day")]

    def __str__(self) -> str:
        return f"{self.day} {self.measure}: {self.count}"


class Mailing(models.Model):
    """A mail that the record itself owes: a day's checkpoint, a quarter's usage report, an alarm. Its recipients are looked up
    when it leaves."""

    class Kind(models.TextChoices):
        CHECKPOINT = "checkpoint", "Checkpoint of the audit log"
        USAGE = "usage", "Usage report"
        ALARM = "alarm", "Alarm"

    kind = models.CharField(max_length=10, choices=Kind)
    # What it is the one mail of: a day, the first day of a quarter, an alarm and its hour.
    about = models.CharField(max_length=80)
    aor = models.CharField("area of responsibility", max_length=32, blank=True)
    text = models.TextField(blank=True)
    made_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "about", "aor"], name="mailing_once_for_its_matter"),
            models.CheckConstraint(condition=models.Q(kind__in=["checkpoint", "usage", "alarm"]), name="mailing_kind_is_listed"),
        ]
        indexes = [models.Index(fields=["made_at"], condition=models.Q(sent_at__isnull=True), name="mailing_waiting")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.about}"
