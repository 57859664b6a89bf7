"""Whom a hit of an entry is told to, as the owner-made view says it now (ALR-4, ALR-11)."""

from django.conf import settings
from django.db import models


class Recipient(models.Model):
    """A row of the view `alerts_recipient` (alerts/sql/watch.sql): matching, mail and pages ask the same."""

    entry_id = models.UUIDField(primary_key=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+")

    class Meta:
        managed = False
        db_table = "alerts_recipient"

    def __str__(self) -> str:
        return f"{self.entry_id} {self.user_id}"
