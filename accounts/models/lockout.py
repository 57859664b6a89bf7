"""Failed attempts of one username, known or unknown: one row for all secrets together (ACC-12, decision 11)."""

from django.db import models


class Lockout(models.Model):
    """`failures` counts attempts reserved since `window_started_at`; a success sets it back."""

    username = models.CharField(max_length=150, unique=True)
    failures = models.PositiveIntegerField(default=0)
    window_started_at = models.DateTimeField()
    locked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-locked_at"]

    def __str__(self) -> str:
        return self.username
