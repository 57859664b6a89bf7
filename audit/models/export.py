"""Exports on their way (AUD-4)."""

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
    # How far the requester saw when the file was asked for: it opens for no other scope, be it their own of later.
    role = models.CharField(max_length=32)
    aor = models.CharField("area of responsibility", max_length=32, blank=True)
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
