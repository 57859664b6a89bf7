"""How often a person is mailed of hits, as that person chose (BEY-9)."""

from django.conf import settings
from django.db import models


class Frequency(models.TextChoices):
    IMMEDIATE = "immediate", "At once: a mail for each hit"
    HOURLY = "hourly", "Every hour: one mail for all hits"
    DAILY = "daily", "Every day: one mail for all hits"


class MailChoice(models.Model):
    """Who has no row is mailed at once."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, primary_key=True, related_name="+")
    frequency = models.CharField(max_length=10, choices=Frequency, default=Frequency.IMMEDIATE)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(frequency__in=Frequency.values), name="mail_choice_frequency_is_listed"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.frequency}"
