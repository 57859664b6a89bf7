"""A query of the log that its asker shares with a user group (QRY-9). The row names both, who was told of it, and nothing of
what was asked."""

from django.conf import settings
from django.db import models

from accounts.models import UserGroup


class SharedQuery(models.Model):
    query = models.UUIDField()
    group = models.ForeignKey(UserGroup, on_delete=models.CASCADE, related_name="+")
    shared_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    shared_at = models.DateTimeField()
    # Members whose inbox has shown it.
    seen_by = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="+", blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["query", "group"], name="shared_query_once_a_group")]
        indexes = [models.Index(fields=["group", "-shared_at"], name="shared_query_of_group")]

    def __str__(self) -> str:
        return str(self.query)
