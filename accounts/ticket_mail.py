"""Mails about tickets (ACC-13). None holds a ticket's text; the asker's holds a link that opens it, others its number alone."""

from datetime import datetime

from django.conf import settings
from django.urls import reverse

from accounts import notices, ticket_links
from accounts.models import Role, Ticket, TicketMail, TicketPolicy, User
from accounts.models.user import UserQuerySet
from audit.events import Kind as EventKind
from audit.record import record

Kind = TicketMail.Kind
OWN = {
    Kind.OPENED: "Your question has reached the help desk. Its number is {number}. It is answered by {due:%Y-%m-%d %H:%M} UTC.",
    Kind.ANSWERED: "The help desk has answered your ticket {number}.",
    Kind.CLOSED: "Your ticket {number} is closed. A reply opens it again.",
}
LINK = """{what}

Read it and reply here, without signing in, for {days} days:

{address}

Signed in, you find all your tickets at {help}. Never write a license plate, a case number or a name from a case into a ticket.
"""
DESK = "Ticket {number} waits for an answer until {due:%Y-%m-%d %H:%M} UTC.\n\n{queue}\n"
OVERDUE = """Ticket {number} has waited for an answer since {since:%Y-%m-%d %H:%M} UTC, for more than {hours} hours.

Step of the escalation: {step}. {what}

{where}
"""


def send_waiting(*, now: datetime) -> int:
    """Send what is owed; return how many rows were dealt with."""
    waiting = TicketMail.objects.filter(sent_at__isnull=True)
    return notices.send_each(waiting.select_related("ticket__account__aor", "step"), _send, now=now)


def told(mail: TicketMail) -> UserQuerySet:
    """The open accounts that a mail to the desk or of a step goes to. Where an area has no Agency Manager with an open account,
    or the asker has no area, the appointer stands in."""
    people = User.objects.filter(is_active=True).exclude(email="")
    role = mail.step.tells if mail.step else Role.HELP_DESK
    if role != Role.AGENCY_MANAGER:
        return people.filter(role=role)
    managers = people.filter(role=role, aor__isnull=False, aor=mail.ticket.account.aor_id).exclude(pk=mail.ticket.account_id)
    return managers if managers.exists() else people.filter(role=Role.AGENCY_APPOINTER)


def _send(mail: TicketMail, now: datetime) -> None:
    ticket, kind = mail.ticket, Kind(mail.kind)
    if kind in OWN:
        _to_asker(ticket, kind)
    else:
        body = _to_desk(ticket) if kind == Kind.WAITING else _to_told(mail)
        if body:
            notices.mail(f"ticket {ticket.number} {kind.label}", body, to=list(told(mail).values_list("email", flat=True)))
    record(EventKind.ACCOUNT_MAILED, what=mail.kind, ticket=ticket.number)
    mail.sent_at = now
    mail.save(update_fields=["sent_at"])


def _to_asker(ticket: Ticket, kind: Kind) -> None:
    if not ticket.account.email or ticket.erased_at:
        return
    policy = TicketPolicy.current()
    what = OWN[kind].format(number=ticket.number, due=ticket.due_at(policy) or ticket.opened_at)
    body = LINK.format(what=what, days=policy.link_days, address=ticket_links.address(ticket),
                       help=settings.SITE_URL + reverse("help:desk"))
    notices.mail(f"ticket {ticket.number} {kind.label}", body, to=[ticket.account.email])


def _to_desk(ticket: Ticket) -> str:
    """Nothing where the ticket waits no more."""
    due = ticket.due_at(TicketPolicy.current())
    queue = settings.SITE_URL + reverse("admin:accounts_ticket_changelist")
    return DESK.format(number=ticket.number, due=due, queue=queue) if due else ""


def _to_told(mail: TicketMail) -> str:
    ticket, step = mail.ticket, mail.step
    if step is None or ticket.waits_since is None:
        return ""
    where = ""
    if step.tells in {Role.HELP_DESK, Role.AGENCY_MANAGER}:
        where = settings.SITE_URL + reverse("admin:accounts_ticket_change", args=[ticket.pk])
    return OVERDUE.format(number=ticket.number, since=ticket.waits_since, hours=step.after_hours, step=step.name,
                          what=step.what, where=where)
