"""How soon the help desk answers, and what happens when it does not: records with history, kept by operations (ACC-13)."""

from django.core.validators import MinValueValidator
from django.db import models
from simple_history.models import HistoricalRecords

from accounts.roles import Role

AT_LEAST_ONE = [MinValueValidator(1)]


class TicketPolicy(models.Model):
    """One row (id 1)."""

    answer_hours = models.PositiveIntegerField("hours until a ticket is answered", default=4, validators=AT_LEAST_ONE)
    link_days = models.PositiveIntegerField("days that a mailed link opens its ticket", default=14, validators=AT_LEAST_ONE)
    quiet_days = models.PositiveIntegerField("days after an answer until a quiet ticket is closed", default=14,
                                             validators=AT_LEAST_ONE)
    keep_days = models.PositiveIntegerField("days after closing until the text of a ticket is erased", default=180,
                                            validators=AT_LEAST_ONE)
    open_most = models.PositiveIntegerField("open tickets of one person at most", default=10, validators=AT_LEAST_ONE)

    history = HistoricalRecords()

    class Meta:
        verbose_name_plural = "ticket policies"
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="ticket_policy_is_one_row")]

    def __str__(self) -> str:
        return "ticket policy"

    @classmethod
    def current(cls) -> "TicketPolicy":
        return cls.objects.get(pk=1)


class EscalationStep(models.Model):
    """Who hears of a ticket that has waited for so many hours. The order of the steps is that of their hours."""

    # Agency's and operator's people whom a step may tell.
    TOLD = [(role.value, role.label) for role in (Role.HELP_DESK, Role.OPERATIONS, Role.AGENCY_MANAGER, Role.AGENCY_APPOINTER)]

    name = models.CharField(max_length=80)
    after_hours = models.PositiveIntegerField("hours without an answer", unique=True, validators=AT_LEAST_ONE)
    tells = models.CharField("who is told", max_length=20, choices=TOLD)
    what = models.CharField("what happens, in words", max_length=300)
    is_active = models.BooleanField(default=True)

    history = HistoricalRecords()

    class Meta:
        ordering = ["after_hours"]
        constraints = [models.CheckConstraint(
            condition=models.Q(tells__in=[Role.HELP_DESK, Role.OPERATIONS, Role.AGENCY_MANAGER, Role.AGENCY_APPOINTER]),
            name="escalation_step_tells_somebody")]

    def __str__(self) -> str:
        return self.name
