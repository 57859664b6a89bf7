"""Mails that reviews, incidents and deliveries owe: the row is the truth, the mail follows (AUD-8, AUD-9, AUD-13, BEY-4).

None holds a plate, a name or a case.
"""

from django.conf import settings
from django.db import models
from django.db.models import Q


class LetterKind(models.TextChoices):
    QUESTION = "question", "A question about a query of yours"
    ANSWER = "answer", "Your question about a query was answered"
    NAMED = "named", "A query was made in your name"
    DISOWNED = "disowned", "A query was disowned"
    OWED = "owed", "A review is due"
    INCIDENT = "incident", "An incident asks for a report"
    SUSPECTED = "suspected", "Unauthorized use is suspected"
    CONTRACT = "contract", "The end of the contract"
    READY = "ready", "Your delivery of the audit log is ready"
    DUE = "due", "A delivery of the audit log waits"
    MONTHS = "months", "Months of the audit log past their retention"


class Letter(models.Model):
    """`about` is what it tells of: a question, a notice, or an interval's due day; each recipient is told once of each."""

    kind = models.CharField(max_length=10, choices=LetterKind)
    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    about = models.CharField(max_length=80)
    made_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["made_at"]
        indexes = [models.Index(fields=["made_at"], condition=Q(sent_at__isnull=True), name="letter_waiting")]
        constraints = [
            models.UniqueConstraint(fields=["kind", "recipient", "about"], name="letter_once_a_recipient"),
            models.CheckConstraint(condition=Q(kind__in=LetterKind.values), name="letter_kind_is_listed"),
        ]

    def __str__(self) -> str:
        return str(self.pk)
