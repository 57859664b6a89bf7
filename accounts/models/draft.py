"""What was uploaded and is not confirmed yet (ACC-7, ALR-2)."""

import uuid
from datetime import datetime
from typing import Self

from django.db import models

from accounts.models.user import User


class DraftQuerySet(models.QuerySet):
    def open_to(self, user: User, now: datetime) -> Self:
        return self.filter(owner=user, ends_at__gt=now)


class SealedDraft(models.Model):
    """`sealed` holds the rows, encrypted (accounts.drafts): what is not confirmed is not readable in any copy of the database."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    ends_at = models.DateTimeField(db_index=True)
    sealed = models.BinaryField()

    objects = DraftQuerySet.as_manager()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return str(self.id)


class RosterDraft(SealedDraft):
    """A roster of training between its preview and its confirmation."""
