"""A file that was uploaded and not yet confirmed, and how its owner's files name their columns (ALR-2)."""

from django.conf import settings
from django.db import models

from accounts.models import SealedDraft


class UploadDraft(SealedDraft):
    """A file of plates (alerts.drafts)."""


class ColumnMapping(models.Model):
    """By our column's name the mark of what a user's files call it (alerts.uploads); never the heading itself."""

    owner = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    columns = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"columns of {self.owner_id}"
