"""Tickets that wait too long climb by themselves, step by step, as the policy's rows say (ACC-13)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from accounts import tickets
from accounts.models import EscalationStep, Ticket, TicketMail, TicketPolicy
from audit.context import SYSTEM
from audit.events import Kind
from audit.record import record


@dataclass(frozen=True)
class Procedure:
    """What the help page writes out."""

    policy: TicketPolicy
    steps: list[EscalationStep]


def procedure() -> Procedure:
    return Procedure(TicketPolicy.current(), list(EscalationStep.objects.filter(is_active=True)))


def climb(*, now: datetime) -> int:
    """Take every step that is due of every waiting ticket, in their order; return how many were taken.

    After a standstill all missed steps are taken, each with its event and its mail. Run twice at once, a step is taken once.

    Args:
        now: the moment by which a step is due.
    """
    steps = list(EscalationStep.objects.filter(is_active=True))
    if not steps:
        return 0
    first, last = steps[0].after_hours, steps[-1].after_hours
    overdue = Ticket.objects.filter(state=Ticket.State.WAITING, step_hours__lt=last,
                                    waits_since__lte=now - timedelta(hours=first))
    return sum(_climb(pk, steps, now) for pk in list(overdue.values_list("pk", flat=True)))


def _climb(pk: int, steps: list[EscalationStep], now: datetime) -> int:
    with transaction.atomic(durable=True):
        ticket = (Ticket.objects.select_for_update(skip_locked=True, of=("self",))
                  .filter(pk=pk, state=Ticket.State.WAITING).first())
        if ticket is None or ticket.waits_since is None:
            return 0
        waited = now - ticket.waits_since
        due = [step for step in steps if step.after_hours > ticket.step_hours and timedelta(hours=step.after_hours) <= waited]
        for step in due:
            record(Kind.TICKET_ESCALATED, actor=SYSTEM, ticket=ticket.number, step=step.name, hours=step.after_hours,
                   tells=step.tells)
            TicketMail.objects.create(ticket=ticket, kind=TicketMail.Kind.ESCALATED, step=step, made_at=now)
        if due:
            ticket.step, ticket.step_hours = due[-1], due[-1].after_hours
            ticket.save(update_fields=["step", "step_hours"])
            transaction.on_commit(tickets.wake, robust=True)
    return len(due)
