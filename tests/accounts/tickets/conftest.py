"""A ticket, the desk that answers it, and how tests read its pages and mails (ACC-13)."""

import re

import pytest
from django.core import mail

from accounts import ticket_mail, tickets
from accounts.models import (
    Ticket,
    User,
)
from accounts.roles import Role

HELP, SENT, QUEUE = "/help/", "/help/sent/", "/admin/accounts/ticket/"
QUESTION = {"subject": "The map stays gray", "text": "Since this morning the map beside the list stays gray."}
ANSWER = "Close the tab and sign in again."


@pytest.fixture
def desk(make_user) -> User:
    return make_user("desk", role=Role.HELP_DESK, full_name="Desk Person")


@pytest.fixture
def ticket(officer, now) -> Ticket:
    return tickets.open(account=officer, now=now, **QUESTION)


def page(ticket: Ticket) -> str:
    return f"/help/tickets/{ticket.key}/"


def in_queue(ticket: Ticket) -> str:
    return f"{QUEUE}{ticket.pk}/change/"


def mailed(now) -> list[tuple[list[str], str, str]]:
    """To whom, subject and body of what the worker sends now."""
    mail.outbox.clear()
    ticket_mail.send_waiting(now=now)
    return [(message.to, message.subject, message.body) for message in mail.outbox]


def link_in(mails: list[tuple[list[str], str, str]], to: User) -> str:
    [body] = [body for people, _, body in mails if people == [to.email]]
    return re.search(r"http://testserver(/help/follow/\S+)", body)[1]
