"""Keys that open registration: random, kept as a digest, good once and for some days (ACC-4)."""

from datetime import datetime

from django.db import models
from simple_history.models import HistoricalRecords

from accounts.models.access_request import AccessRequest
from accounts.models.appointment import Appointment
from accounts.models.user import User


class RegistrationKeyQuerySet(models.QuerySet["RegistrationKey"]):
    def standing(self) -> "RegistrationKeyQuerySet":
        """Neither used nor revoked; possibly expired."""
        return self.filter(used_at__isnull=True, revoked_at__isnull=True)

    def open(self, now: datetime) -> "RegistrationKeyQuerySet":
        return self.standing().filter(expires_at__gt=now)


class RegistrationKey(models.Model):
    """`digest` is empty until a mail is written; each mail has a key of its own, so the last one counts.

    `mailing_at` marks who is mailing it just now; `mailed_at` stays empty until the mail server took the mail.
    """

    request = models.ForeignKey(AccessRequest, on_delete=models.CASCADE, null=True, blank=True, related_name="keys")
    appointment = models.ForeignKey(Appointment, on_delete=models.CASCADE, null=True, blank=True, related_name="keys")
    digest = models.CharField(max_length=64, unique=True, null=True, editable=False)
    issued_at = models.DateTimeField()
    issued_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    expires_at = models.DateTimeField()
    mailing_at = models.DateTimeField(null=True, blank=True)
    mailed_at = models.DateTimeField(null=True, blank=True)
    used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = RegistrationKeyQuerySet.as_manager()
    history = HistoricalRecords(cascade_delete_history=True, excluded_fields=["digest", "mailing_at"])

    class Meta:
        ordering = ["-issued_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(request__isnull=True, appointment__isnull=False)
                | models.Q(request__isnull=False, appointment__isnull=True),
                name="registration_key_has_one_ground"),
            models.UniqueConstraint(
                fields=["request"], name="registration_key_one_standing_a_request",
                condition=models.Q(used_at__isnull=True, revoked_at__isnull=True, request__isnull=False)),
            models.UniqueConstraint(
                fields=["appointment"], name="registration_key_one_standing_an_appointment",
                condition=models.Q(used_at__isnull=True, revoked_at__isnull=True, appointment__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"key of {self.ground}"

    @property
    def ground(self) -> AccessRequest | Appointment:
        """Why this person may register."""
        ground = self.request or self.appointment
        assert ground is not None
        return ground

    def state(self, now: datetime) -> str:
        """In a word or two, for whoever sent it."""
        if self.used_at:
            return "used"
        if self.revoked_at:
            return "revoked"
        if self.expires_at <= now:
            return "expired"
        return "sent" if self.mailed_at else "not sent yet"
