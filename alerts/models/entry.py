"""A plate on an alert list (ALR-2, ALR-7)."""

import uuid
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.models import User
from alerts.models.alert_list import AlertList


class EntryStatus(models.TextChoices):
    ACTIVE = "active", "Active"
    EXPIRED = "expired", "Ended"


class EntryQuerySet(models.QuerySet["Entry"]):
    def visible_to(self, user: User) -> "EntryQuerySet":
        return self.filter(owner=user)

    def matching(self, now: datetime) -> "EntryQuerySet":
        """The entries that a new read can hit."""
        return self.filter(status=EntryStatus.ACTIVE, valid_until__gt=now)


class Entry(models.Model):
    """Valid until `valid_until` (exclusive). `activation` is the committed event that lets it match backwards once;
    `matched_back_at` empty says that this has still to be done."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    alert_list = models.ForeignKey(AlertList, on_delete=models.CASCADE, related_name="entries")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    plate = models.CharField(max_length=10, db_collation="C")
    state = models.CharField(max_length=2, db_collation="C")
    reason = models.CharField(max_length=32)
    case_reference = models.TextField()
    other_name = models.CharField("on behalf of", max_length=150, blank=True)
    other_unit = models.CharField(max_length=150, blank=True)
    status = models.CharField(max_length=10, choices=EntryStatus, default=EntryStatus.ACTIVE)
    created_at = models.DateTimeField()
    valid_until = models.DateTimeField()
    # The day of the latest prompt before this end: 14, 7, 1; empty when there was none.
    prompted_days = models.PositiveSmallIntegerField(null=True)
    activation = models.UUIDField(null=True)
    matched_back_at = models.DateTimeField(null=True)

    # As of the moment of looking (alerts.overview).
    is_expired: bool
    may_renew: bool
    hit_count: int
    newest_hits: list[Any]

    objects = EntryQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        verbose_name_plural = "entries"
        constraints = [
            models.UniqueConstraint(fields=["plate", "state", "alert_list"], name="entry_plate_once_a_list"),
            models.CheckConstraint(condition=Q(plate__regex=r"^[A-Z0-9]{1,10}$"), name="entry_plate_is_folded"),
            models.CheckConstraint(condition=~Q(state=""), name="entry_state_is_given"),
            models.CheckConstraint(condition=Q(status__in=EntryStatus.values), name="entry_status_is_listed"),
        ]
        indexes = [models.Index(fields=["valid_until"], name="entry_by_end")]

    def __str__(self) -> str:
        return str(self.id)
