"""Mails that the record owes: checkpoints, usage reports, alarms (BEY-2, AUD-7); and when its nightly check last held (AUD-2)."""

from django.db import models


class Mailing(models.Model):
    """A mail that the record itself owes: a day's checkpoint, a quarter's usage report, an alarm. Its recipients are looked up
    when it leaves.

    `heard_at` is when the rooms that hang on an alarm had done their part: an incident is open (AUD-9).
    """

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
    heard_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "about", "aor"], name="mailing_once_for_its_matter"),
            models.CheckConstraint(condition=models.Q(kind__in=["checkpoint", "usage", "alarm"]), name="mailing_kind_is_listed"),
        ]
        indexes = [models.Index(fields=["made_at"], condition=models.Q(sent_at__isnull=True), name="mailing_waiting"),
                   models.Index(fields=["made_at"], condition=models.Q(kind="alarm", heard_at__isnull=True),
                                name="mailing_unheard")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.about}"


class MailingRecipient(models.Model):
    """What became of a mailing at one address: taken, or refused, with the error and the server's code. It goes when the mailing
    is done, or with the address of a deleted account (ACC-9)."""

    mailing = models.ForeignKey(Mailing, on_delete=models.CASCADE, related_name="recipients")
    address = models.CharField(max_length=320)
    tried_at = models.DateTimeField()
    taken_at = models.DateTimeField(null=True)
    refusal = models.CharField(max_length=80, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["mailing", "address"], name="mailing_recipient_once"),
            models.CheckConstraint(condition=models.Q(taken_at__isnull=False, refusal="")
                                   | models.Q(taken_at__isnull=True) & ~models.Q(refusal=""),
                                   name="mailing_recipient_took_it_or_refused"),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class LastVerified(models.Model):
    """When the whole log was last found to be what was sealed; before the first time, when somebody began to wait for it.

    `missed_since` is when the watch found that a night went by without, and asked for it to be made up for.
    """

    at = models.DateTimeField()
    missed_since = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="last_verified_is_one_row")]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M}"
