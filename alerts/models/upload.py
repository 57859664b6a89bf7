"""A file that was uploaded and not yet confirmed, and how its owner's files name their columns (ALR-2)."""

import uuid
from datetime import datetime

from django.conf import settings
from django.db import models

from accounts.models import User


class UploadDraftQuerySet(models.QuerySet["UploadDraft"]):
    def open_to(self, user: User, now: datetime) -> "UploadDraftQuerySet":
        return self.filter(owner=user, ends_at__gt=now)


class UploadDraft(models.Model):
    """`sealed` holds the rows, encrypted (alerts.drafts): what is not confirmed is not readable in any copy of the database."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    ends_at = models.DateTimeField(db_index=True)
    sealed = models.BinaryField()

    objects = UploadDraftQuerySet.as_manager()

    def __str__(self) -> str:
        return str(self.id)


class ColumnMapping(models.Model):
    """The headings, folded, that a user's files give our columns: `{"plate": "tagno", ...}`."""

    owner = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    columns = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"columns of {self.owner_id}"
