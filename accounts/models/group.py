"""User groups: who shares queries and notifications, for what, until when (ACC-16)."""

import uuid
from datetime import datetime

from django.contrib.postgres.functions import RandomUUID
from django.db import models
from simple_history.models import HistoricalRecords

from accounts.models.user import User


class UserGroupQuerySet(models.QuerySet["UserGroup"]):
    def of(self, user: User, now: datetime) -> "UserGroupQuerySet":
        """The groups that `user` is in today, as owner or member."""
        return self.filter(models.Q(owner=user) | models.Q(members=user)).filter(
            models.Q(ends_on__isnull=True) | models.Q(ends_on__gt=now.date())).distinct()


class UserGroup(models.Model):
    key = models.UUIDField(default=uuid.uuid4, db_default=RandomUUID(), unique=True, editable=False)
    name = models.CharField(max_length=100, unique=True)
    purpose = models.CharField(max_length=300)
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="owned_groups")
    members = models.ManyToManyField(User, related_name="user_groups", blank=True)
    ends_on = models.DateField(null=True, blank=True)

    objects = UserGroupQuerySet.as_manager()
    history = HistoricalRecords(m2m_fields=[members], excluded_fields=["key"])

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
