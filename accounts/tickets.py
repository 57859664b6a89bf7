"""Tickets: asked by anybody whose address is registered, answered by the operator's help desk (ACC-13).

Every step is an event that names the ticket and holds none of its text. A question waits for the desk from when it was asked
until it is answered or closed; `accounts.escalation` watches the clock.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from accounts.models import AskedTicket, Role, Ticket, TicketMail, TicketMessage, TicketPolicy, User
from audit.context import SYSTEM, Actor, actor_of
from audit.events import Kind
from audit.record import record, record_durably

State = Ticket.State
SHOWN = 50


class TooManyOpen(Exception):
    """This person has as many tickets open as the policy allows."""


class NotTheirs(Exception):
    """Neither the ticket's own person nor, for the desk's steps, of the help desk."""


class NotOpen(Exception):
    """The ticket is in another state by now; the message says in which."""


def ask(*, email: str, subject: str, text: str, now: datetime) -> None:
    """Take a ticket of somebody who is not signed in; an address that is nobody's costs the same and comes to nothing.

    Args:
        email: as typed; it is not kept.
        subject, text: looked over (audit.looked_over).
        now: the moment of asking.
    """
    account = User.objects.select_related("aor").filter(email__iexact=email).order_by("-is_active", "pk").first()
    with transaction.atomic(durable=True):
        AskedTicket.objects.create(account=account, subject=subject, text=text, asked_at=now)
        record(Kind.TICKET_ASKED, actor=actor_of(account), username=account.username if account else "")
        transaction.on_commit(wake, robust=True)


def take_in() -> int:
    """Make tickets of what was asked for, and drop what is nobody's or too much; return how many were made."""
    made = 0
    for pk in list(AskedTicket.objects.values_list("pk", flat=True)[:500]):
        with transaction.atomic(durable=True):
            asked = AskedTicket.objects.select_for_update(skip_locked=True, of=("self",)).filter(pk=pk).first()
            if asked is None:
                continue
            asked.delete()
            account = User.objects.select_related("aor").filter(pk=asked.account_id).first()
            if account is None or not account.email:
                record(Kind.TICKET_REFUSED, why="nobody's address")
            elif _has_too_many(account):
                record(Kind.TICKET_REFUSED, actor=actor_of(account), why="too many open")
            else:
                _open(account, asked.subject, asked.text, asked.asked_at)
                made += 1
    return made


def open(*, account: User, subject: str, text: str, now: datetime) -> Ticket:
    """Open a ticket of somebody who is signed in.

    Raises:
        TooManyOpen: refused, on the record.
    """
    try:
        with transaction.atomic(durable=True):
            User.objects.select_for_update(of=("self",)).get(pk=account.pk)
            if _has_too_many(account):
                raise TooManyOpen
            return _open(account, subject, text, now)
    except TooManyOpen:
        refuse(why="too many open")
        raise


def own(*, by: User) -> list[Ticket]:
    """The newest tickets of one's own, on the record first."""
    record_durably(Kind.TICKET_VIEWED, actor=actor_of(by), ticket="own list", by_link=False)
    return list(Ticket.objects.filter(account=by).select_related("step")[:SHOWN])


def seen(*, ticket: Ticket, by: User | None = None) -> list[TicketMessage]:
    """The messages of a ticket, on the record first. Without `by` a mailed link opened it."""
    record_durably(Kind.TICKET_VIEWED, actor=actor_of(by or ticket.account), ticket=ticket.number, by_link=by is None)
    return list(ticket.messages.all())


def reply(*, ticket: Ticket, by: User, text: str, now: datetime) -> None:
    """Its person writes again: the ticket waits for the desk, also when it was answered or closed.

    Raises:
        NotTheirs: somebody else's, or erased.
    """
    with _step(ticket) as current:
        if current.account_id != by.pk or current.erased_at:
            raise NotTheirs
        was_closed = current.state == State.CLOSED
        _write(current, by, text, now)
        record(Kind.TICKET_REPLIED, actor=actor_of(by), ticket=current.number, by_desk=False)
        if was_closed:
            record(Kind.TICKET_REOPENED, actor=actor_of(by), ticket=current.number)
        if current.state != State.WAITING:
            _wait(current, now)


def answer(*, ticket: Ticket, by: User, text: str, now: datetime) -> None:
    """The desk answers; the clock stops.

    Raises:
        NotTheirs: not of the help desk.
        NotOpen: it is closed.
    """
    with _step(ticket) as current:
        _require_desk(by)
        if current.state == State.CLOSED:
            raise NotOpen("The ticket is closed. Reopen it first.")
        _write(current, by, text, now, is_from_desk=True)
        _set(current, state=State.ANSWERED, answered_at=now, waits_since=None)
        record(Kind.TICKET_REPLIED, actor=actor_of(by), ticket=current.number, by_desk=True)
        _owe(current, TicketMail.Kind.ANSWERED, now)


def close(*, ticket: Ticket, by: User, now: datetime) -> None:
    """The desk or the ticket's own person closes it; of the desk's closing the person hears.

    Raises:
        NotTheirs, NotOpen
    """
    with _step(ticket) as current:
        if current.account_id != by.pk:
            _require_desk(by)
        if current.state == State.CLOSED:
            raise NotOpen("The ticket is closed already.")
        _close(current, now, actor_of(by), "help desk" if current.account_id != by.pk else "asker")
        if current.account_id != by.pk:
            _owe(current, TicketMail.Kind.CLOSED, now)


def reopen(*, ticket: Ticket, by: User, now: datetime) -> None:
    """The desk takes a closed ticket up again.

    Raises:
        NotTheirs, NotOpen: not of the help desk; not closed, or erased.
    """
    with _step(ticket) as current:
        _require_desk(by)
        if current.state != State.CLOSED or current.erased_at:
            raise NotOpen("Only a closed ticket whose text is still kept can be reopened.")
        record(Kind.TICKET_REOPENED, actor=actor_of(by), ticket=current.number)
        _wait(current, now)


def refuse(*, why: str, ticket: Ticket | None = None) -> None:
    """Note a step that was not taken, outside of any transaction: why, and never what was typed."""
    record_durably(Kind.TICKET_REFUSED, why=why, ticket=ticket.number if ticket else "")


def close_quiet(*, now: datetime) -> int:
    """Close what was answered and not written to since; return how many."""
    limit = now - timedelta(days=TicketPolicy.current().quiet_days)
    closed = 0
    for pk in list(Ticket.objects.filter(state=State.ANSWERED, answered_at__lte=limit).values_list("pk", flat=True)[:500]):
        with transaction.atomic(durable=True):
            ticket = _locked(pk, state=State.ANSWERED, answered_at__lte=limit)
            if ticket is not None:
                _close(ticket, now, SYSTEM, "quiet")
                _owe(ticket, TicketMail.Kind.CLOSED, now)
                closed += 1
    return closed


def erase_old(*, now: datetime) -> int:
    """Erase the text of tickets that have been closed for as long as it is kept; number and times stay. Returns how many."""
    limit = now - timedelta(days=TicketPolicy.current().keep_days)
    erased = 0
    for pk in list(Ticket.objects.filter(closed_at__lte=limit, erased_at__isnull=True).values_list("pk", flat=True)[:500]):
        with transaction.atomic(durable=True):
            ticket = _locked(pk, closed_at__lte=limit, erased_at__isnull=True)
            if ticket is not None:
                _erase(ticket, now)
                erased += 1
    return erased


def erase_of(*, account: User, now: datetime) -> None:
    """Close and erase all tickets of an account that is deleted (ACC-9); joins the open transaction."""
    AskedTicket.objects.filter(account=account).delete()
    for ticket in Ticket.objects.select_for_update(of=("self",)).filter(account=account, erased_at__isnull=True):
        if ticket.state != State.CLOSED:
            _close(ticket, now, None, "deleted account")
        _erase(ticket, now)


def wake() -> None:
    """A dead broker delays tickets and mails until the scheduler's next round, and nothing else."""
    from accounts.tasks import keep_tickets

    keep_tickets.apply_async(retry=False)


@contextmanager
def _step(ticket: Ticket) -> Iterator[Ticket]:
    """One step on the locked row, in a transaction of its own; a refusal is recorded after its rollback."""
    try:
        with transaction.atomic(durable=True):
            yield Ticket.objects.select_for_update(of=("self",)).get(pk=ticket.pk)
    except (NotTheirs, NotOpen) as refusal:
        refuse(why=type(refusal).__name__, ticket=ticket)
        raise


def _has_too_many(account: User) -> bool:
    still = Ticket.objects.filter(~Q(state=State.CLOSED), account=account).count()
    return still >= TicketPolicy.current().open_most


def _open(account: User, subject: str, text: str, now: datetime) -> Ticket:
    ticket = Ticket.objects.create(account=account, subject=subject, opened_at=now, waits_since=now)
    _write(ticket, account, text, now)
    record(Kind.TICKET_OPENED, actor=actor_of(account), ticket=ticket.number)
    _owe(ticket, TicketMail.Kind.OPENED, now)
    _owe(ticket, TicketMail.Kind.WAITING, now)
    return ticket


def _write(ticket: Ticket, author: User, text: str, now: datetime, *, is_from_desk: bool = False) -> None:
    TicketMessage.objects.create(ticket=ticket, author=author, is_from_desk=is_from_desk, text=text, written_at=now)


def _wait(ticket: Ticket, now: datetime) -> None:
    """The clock starts anew, and the steps with it."""
    _set(ticket, state=State.WAITING, waits_since=now, closed_at=None, step=None, step_hours=0)
    _owe(ticket, TicketMail.Kind.WAITING, now)


def _close(ticket: Ticket, now: datetime, actor: Actor | None, how: str) -> None:
    _set(ticket, state=State.CLOSED, closed_at=now, waits_since=None)
    record(Kind.TICKET_CLOSED, actor=actor, ticket=ticket.number, how=how)


def _erase(ticket: Ticket, now: datetime) -> None:
    ticket.messages.all().delete()
    _set(ticket, subject="", erased_at=now)
    record(Kind.TICKET_ERASED, ticket=ticket.number)


def _set(ticket: Ticket, **values: object) -> None:
    for name, value in values.items():
        setattr(ticket, name, value)
    ticket.save(update_fields=[*values])


def _owe(ticket: Ticket, kind: TicketMail.Kind, now: datetime) -> None:
    TicketMail.objects.create(ticket=ticket, kind=kind, made_at=now)
    transaction.on_commit(wake, robust=True)


def _require_desk(by: User) -> None:
    if not by.is_active or by.role != Role.HELP_DESK:
        raise NotTheirs


def _locked(pk: int, **still: object) -> Ticket | None:
    return Ticket.objects.select_for_update(skip_locked=True, of=("self",)).filter(pk=pk, **still).first()
