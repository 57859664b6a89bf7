"""Mails that the record owes: checkpoints, usage reports, alarms (BEY-2, AUD-7)."""

from django.db import models


class Mailing(models.Model):
    """A mail that the record itself owes: a day's checkpoint, a quarter's usage report, an alarm. Its recipients are looked up
    when it leaves."""

    class Kind(models.TextChoices):
        CHECKPOINT = "checkpoint", "Checkpoint of the audit log"
        USAGE = "usage", "Usage report"
        ALARM = "alarm", "Alarm"

    kind = models.CharField(max_length=10, choices=Kind)
    # What it is the one mail of: a day, the first day of a quarter, an alarm and its hour.
    about = models.CharField(max_length=80)
    aor = models.CharField("area of responsibility", max_length=32, blank=True)
    text = models.TextField(blank=True)
    made_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "about", "aor"], name="mailing_once_for_its_matter"),
            models.CheckConstraint(condition=models.Q(kind__in=["checkpoint", "usage", "alarm"]), name="mailing_kind_is_listed"),
        ]
        indexes = [models.Index(fields=["made_at"], condition=models.Q(sent_at__isnull=True), name="mailing_waiting")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.about}"
