"""Tickets of the help desk: what was asked, what was answered, and how far it climbed (ACC-13).

No ticket holds an address of mail: mails go to the account's own, so that erasing an account's contact data erases all there is.
"""

import uuid
from datetime import datetime, timedelta

from django.db import models

from accounts.models.ticket_policy import EscalationStep, TicketPolicy
from accounts.models.user import User
from accounts.roles import Role


class TicketQuerySet(models.QuerySet["Ticket"]):
    def visible_to(self, user: User) -> "TicketQuerySet":
        """All for the help desk, those of their people for an Agency Manager (without their text), else one's own."""
        if user.role == Role.HELP_DESK:
            return self
        if user.role == Role.AGENCY_MANAGER and user.aor_id:
            return self.filter(models.Q(account__aor_id=user.aor_id) | models.Q(account=user))
        return self.filter(account=user)


class Ticket(models.Model):
    """`waits_since` is when the question came to the desk that it has not answered yet: the clock and the steps count from it."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waits for the help desk"
        ANSWERED = "answered", "Answered"
        CLOSED = "closed", "Closed"

    key = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    subject = models.CharField(max_length=120)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    opened_at = models.DateTimeField()
    waits_since = models.DateTimeField(null=True, blank=True)
    # The last step taken while it waits, and its hours at that time.
    step = models.ForeignKey(EscalationStep, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    step_hours = models.PositiveIntegerField(default=0)
    answered_at = models.DateTimeField("last answered", null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    erased_at = models.DateTimeField(null=True, blank=True)

    objects = TicketQuerySet.as_manager()

    class Meta:
        ordering = [models.F("waits_since").asc(nulls_last=True), "-opened_at"]
        indexes = [models.Index(fields=["waits_since"], condition=models.Q(state="waiting"), name="ticket_waiting")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state="waiting", waits_since__isnull=False, closed_at__isnull=True)
                | models.Q(state="answered", waits_since__isnull=True, answered_at__isnull=False, closed_at__isnull=True)
                | models.Q(state="closed", waits_since__isnull=True, closed_at__isnull=False),
                name="ticket_state_has_its_times"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        """What asker and desk call it."""
        return f"HD-{self.pk:06d}"

    def due_at(self, policy: TicketPolicy) -> datetime | None:
        """Until when it is to be answered; nothing while it does not wait."""
        return self.waits_since + timedelta(hours=policy.answer_hours) if self.waits_since else None


class TicketMessage(models.Model):
    """What one side wrote. `author` is the account or the member of the desk."""

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="messages")
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    is_from_desk = models.BooleanField()
    text = models.TextField()
    written_at = models.DateTimeField()

    class Meta:
        ordering = ["written_at", "pk"]

    def __str__(self) -> str:
        return f"message of {self.ticket}"


class AskedTicket(models.Model):
    """A ticket asked for before signing in. The worker makes a ticket of it or, where nobody has the address, drops it, so
    that asking costs and answers the same for everybody."""

    account = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="+")
    subject = models.CharField(max_length=120)
    text = models.TextField()
    asked_at = models.DateTimeField()

    class Meta:
        ordering = ["asked_at"]

    def __str__(self) -> str:
        return "a ticket asked for"


class TicketMail(models.Model):
    """A mail that is owed: to the asker, to the desk, or to whom a step tells. It names the ticket and holds no text of it."""

    class Kind(models.TextChoices):
        OPENED = "opened", "has been opened"
        ANSWERED = "answered", "has been answered"
        CLOSED = "closed", "is closed"
        WAITING = "waiting", "waits for an answer"
        ESCALATED = "escalated", "is overdue"

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind)
    step = models.ForeignKey(EscalationStep, on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["made_at", "pk"]
        indexes = [models.Index(fields=["made_at"], condition=models.Q(sent_at__isnull=True), name="ticket_mail_waiting")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.ticket}"
