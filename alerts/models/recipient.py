"""Who may be told about alerts, and whom a hit of an entry is told to, as the owner-made views say it now (ALR-4, ALR-11)."""

from collections.abc import Iterable

from django.conf import settings
from django.db import models

from accounts.models import User


class ReaderQuerySet(models.QuerySet["Reader"]):
    def among(self, users: Iterable[User]) -> set[int]:
        """The ids of those of `users` who may be told."""
        return set(self.filter(user__in={user.pk for user in users}).values_list("user_id", flat=True))


class Reader(models.Model):
    """A row of the view `alerts_reader` (alerts/sql/rest.sql): who may be told anything about alerts."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, primary_key=True, on_delete=models.DO_NOTHING,
                                db_constraint=False, related_name="+")

    objects = ReaderQuerySet.as_manager()

    class Meta:
        managed = False
        db_table = "alerts_reader"

    def __str__(self) -> str:
        return str(self.user_id)


class Recipient(models.Model):
    """A row of the view `alerts_recipient` (alerts/sql/rest.sql): matching, mail and pages ask the same."""

    entry_id = models.UUIDField(primary_key=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+")

    class Meta:
        managed = False
        db_table = "alerts_recipient"

    def __str__(self) -> str:
        return f"{self.entry_id} {self.user_id}"
