"""The two secrets of a recovery, each kept as a digest and good for fifteen minutes (ACC-3)."""

from datetime import datetime, timedelta

from django.db import models

from accounts.models.user import User

LIFE = timedelta(minutes=15)


class RecoveryLink(models.Model):
    """A link that was asked for. The worker makes its token, mails it and keeps the digest; life starts with the mail.

    A name that is nobody's makes a row as well, without `user`, so that asking costs the same; the worker drops it.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="+")
    asked_at = models.DateTimeField()
    mailed_at = models.DateTimeField(null=True, blank=True)
    digest = models.CharField(max_length=64, unique=True, null=True)
    # The times of the answers tried, wrong or right.
    answers = models.PositiveSmallIntegerField(default=0)
    answered_at = models.DateTimeField(null=True, blank=True)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["asked_at"], condition=models.Q(mailed_at__isnull=True), name="recovery_link_waiting")]

    def __str__(self) -> str:
        return f"recovery link of {self.user}"

    def is_open(self, now: datetime) -> bool:
        return self.used_at is None and self.mailed_at is not None and now < self.mailed_at + LIFE


class TemporaryPassword(models.Model):
    """A password that opens the page for a new one, once. Made by the worker that mails it; `digest` stays empty until then."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    asked_at = models.DateTimeField()
    mailed_at = models.DateTimeField(null=True, blank=True)
    digest = models.CharField(max_length=64, unique=True, null=True)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["asked_at"], condition=models.Q(mailed_at__isnull=True), name="temporary_password_waiting")]

    def __str__(self) -> str:
        return f"temporary password of {self.user}"
