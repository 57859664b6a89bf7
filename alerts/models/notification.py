"""The intent to tell somebody something, stored in the transaction of its cause: the row is the truth (ALR-5)."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

# Why an intent was given up whose recipient may not know any more: that is no mail's failure.
NO_LONGER_RECIPIENT = "NoLongerRecipient"


class NotificationKind(models.TextChoices):
    HIT = "hit", "Hit"
    PROMPT = "prompt", "To be renewed"
    SHARED = "shared", "Hit shared by its owner"
    DECONFLICTION = "deconfliction", "De-confliction"
    AT_REST = "at_rest", "Lists at rest"
    TAKEN_OVER = "taken_over", "Lists taken over"


class NotificationStatus(models.TextChoices):
    WAITING = "waiting", "Waiting"
    SENT = "sent", "Sent"
    FAILED = "failed", "Given up"


class Notification(models.Model):
    """One for each entry, read, recipient and kind, whatever fails or repeats. The Message-ID comes from the id.

    What is no hit has something else in place of the read: the other user's entry, the end that is near. What concerns whole
    lists names in place of an entry the hand-over or the list, and has no plate.

    A sender claims the row by moving `next_attempt_at` to the end of its lease. Rows of one `letter` go in one mail; after its
    first attempt nothing is added to a letter (alerts.digests), so that its Message-ID always means the same.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=20, choices=NotificationKind)
    entry_id = models.UUIDField()
    record_id = models.UUIDField()
    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    plate = models.CharField(max_length=10, db_collation="C")
    letter = models.UUIDField(null=True)
    status = models.CharField(max_length=10, choices=NotificationStatus, default=NotificationStatus.WAITING)
    created_at = models.DateTimeField()
    next_attempt_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=300, blank=True)
    # The mail server's answer, without what the mail told of; the loader's statement knows nothing of it.
    bounce = models.CharField(max_length=300, blank=True, db_default="")
    failure_seen_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(fields=["plate", "entry_id", "record_id", "recipient", "kind"],
                                    name="notification_once_for_entry_read_recipient_kind"),
        ]
        indexes = [
            models.Index(fields=["next_attempt_at"], condition=Q(status="waiting"), name="notification_waiting"),
            models.Index(fields=["recipient", "-created_at"], name="notification_of_recipient"),
            models.Index(fields=["recipient"], condition=Q(seen_at__isnull=True), name="notification_unseen"),
            models.Index(fields=["recipient"], condition=Q(status="failed", failure_seen_at__isnull=True),
                         name="notification_failure_unseen"),
            models.Index(fields=["letter"], condition=Q(letter__isnull=False), name="notification_of_letter"),
        ]

    def __str__(self) -> str:
        return str(self.id)


class DeadLetterManager(models.Manager["DeadLetter"]):
    def get_queryset(self) -> models.QuerySet["DeadLetter"]:
        return super().get_queryset().filter(status=NotificationStatus.FAILED).exclude(last_error=NO_LONGER_RECIPIENT)


class DeadLetter(Notification):
    """A notification whose mail was given up, for operations: neither plate nor person (alerts.dead_letters)."""

    objects = DeadLetterManager()  # type: ignore[misc]

    class Meta:
        proxy = True
        ordering = ["-created_at"]
        verbose_name = "mail given up"
        verbose_name_plural = "mails given up"
