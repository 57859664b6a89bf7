"""Calls at the doors that are open to everybody, counted by address (ACC-4)."""

from django.db import models


class Knock(models.Model):
    """One call. The address is kept as a keyed digest and for as long as the count needs it."""

    door = models.CharField(max_length=20)
    address = models.CharField(max_length=64)
    made_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["door", "address", "made_at"], name="knock_by_address")]

    def __str__(self) -> str:
        return self.door
