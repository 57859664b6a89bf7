"""Accounts that nobody uses (ACC-15)."""

from django.db import models

from accounts.models.notice import Notice
from accounts.models.user import User


class Idleness(models.Model):
    """What came of an account's idle days: the notice of its end, and its end.

    `counted_from` is when a manager last said that a disabled account is needed again; idle days count from then at the
    earliest.
    """

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="idleness")
    notice = models.ForeignKey(Notice, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    disabled_at = models.DateTimeField(null=True, blank=True)
    counted_from = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "idleness"

    def __str__(self) -> str:
        return f"idleness of {self.user}"
