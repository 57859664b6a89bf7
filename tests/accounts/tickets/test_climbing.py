"""Tickets move up by themselves when overdue, and end when they are quiet (ACC-13)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connections, transaction
from django.test import Client

from accounts import escalation, ticket_links, ticket_mail, tickets
from accounts.models import (
    AskedTicket,
    EscalationStep,
    Ticket,
    TicketMail,
    TicketMessage,
    TicketPolicy,
)
from accounts.tasks import age_tickets, keep_tickets
from audit.events import Kind
from tests.accounts.tickets.conftest import ANSWER, HELP, QUESTION, mailed, page

pytestmark = [pytest.mark.usefixtures("database"), pytest.mark.req("ACC-13")]


def test_an_overdue_ticket_climbs_by_itself_each_step_audited_and_mailed(
    officer, desk, operator, manager, appointer, ticket, events, now,
):
    mailed(now)
    assert escalation.climb(now=now + timedelta(hours=3, minutes=59)) == 0
    told = {}
    for hours in (4, 8, 24, 48):
        then = now + timedelta(hours=hours)
        assert escalation.climb(now=then) == 1
        assert escalation.climb(now=then) == 0
        [(to, subject, body)] = mailed(then)
        told[hours] = to
        assert subject == f"PlateLedger: ticket {ticket.number} is overdue"
        assert "gray" not in body
        assert officer.full_name not in body
    assert told == {4: [desk.email], 8: [operator.email], 24: [manager.email], 48: [appointer.email]}
    assert escalation.climb(now=now + timedelta(days=90)) == 0
    assert [(event["details"]["hours"], event["details"]["tells"]) for event in events(Kind.TICKET_ESCALATED)] == [
        (4, "help_desk"), (8, "operations"), (24, "agency_manager"), (48, "agency_appointer")]


def test_after_a_standstill_every_missed_step_is_taken_once(desk, operator, manager, ticket, events, now):
    late = now + timedelta(hours=30)
    mailed(now)

    def climb(_: int) -> int:
        try:
            return escalation.climb(now=late)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(3) as jobs:
        assert sum(jobs.map(climb, range(3))) == 3
    assert [event["details"]["hours"] for event in events(Kind.TICKET_ESCALATED)] == [4, 8, 24]
    assert sorted(to for to, *_ in mailed(late)) == sorted([[desk.email], [operator.email], [manager.email]])
    ticket.refresh_from_db()
    assert (ticket.step.name, ticket.step_hours) == ("Agency Manager", 24)


def test_an_answer_stops_the_climb_and_a_reply_begins_at_the_bottom(officer, desk, ticket, events, now):
    escalation.climb(now=now + timedelta(hours=9))
    tickets.answer(ticket=ticket, by=desk, text=ANSWER, now=now + timedelta(hours=9))
    assert escalation.climb(now=now + timedelta(hours=100)) == 0
    tickets.reply(ticket=ticket, by=officer, text="Still gray.", now=now + timedelta(hours=100))
    assert escalation.climb(now=now + timedelta(hours=103)) == 0
    assert escalation.climb(now=now + timedelta(hours=104)) == 1
    assert [event["details"]["hours"] for event in events(Kind.TICKET_ESCALATED)] == [4, 8, 4]


def test_where_nobody_manages_the_appointer_is_told(auditor, manager, appointer, now):
    made = tickets.open(account=auditor, now=now, **QUESTION)
    of_manager = tickets.open(account=manager, now=now, **QUESTION)
    step = EscalationStep.objects.get(tells="agency_manager")
    for ticket in (made, of_manager):
        owed = TicketMail.objects.create(ticket=ticket, kind="escalated", step=step, made_at=now)
        assert list(ticket_mail.told(owed)) == [appointer]


def test_operations_edits_steps_and_hours_and_the_page_and_the_clock_follow(operator, ticket, signed_in, events, now):
    client = signed_in(operator)
    step = EscalationStep.objects.get(after_hours=4)
    form = {"name": "Shift lead", "after_hours": 2, "tells": "help_desk", "what": "The shift lead calls.", "is_active": "on"}
    assert client.post(f"/admin/accounts/escalationstep/{step.pk}/change/", form).status_code == 302
    assert client.post("/admin/accounts/ticketpolicy/1/change/", {
        "answer_hours": 2, "link_days": 3, "quiet_days": 5, "keep_days": 30, "open_most": 4}).status_code == 302
    shown = Client().get(HELP).content.decode()
    assert "answers within 2 hours" in shown
    assert "After 2 hours: Shift lead." in shown
    assert "The shift lead calls." in shown
    assert escalation.climb(now=now + timedelta(hours=2)) == 1
    assert (step.history.count(), TicketPolicy.current().history.count()) == (2, 2)
    assert len(events("record.changed", actor="operator")) == 2
    same = form | {"after_hours": 8}
    assert "already exists" in client.post(f"/admin/accounts/escalationstep/{step.pk}/change/", same).content.decode()
    assert "greater than or equal to 1" in client.post("/admin/accounts/ticketpolicy/1/change/", {
        "answer_hours": 0, "link_days": 3, "quiet_days": 5, "keep_days": 30, "open_most": 4}).content.decode()


@pytest.mark.parametrize("persona", ["officer", "manager", "appointer", "quality"])
def test_nobody_else_edits_the_steps(persona, request, signed_in):
    client = signed_in(request.getfixturevalue(persona))
    assert client.get("/admin/accounts/escalationstep/").status_code == 403
    assert client.post("/admin/accounts/ticketpolicy/1/change/", {"answer_hours": 99}).status_code == 403
    assert TicketPolicy.current().answer_hours == 4


def test_a_step_that_is_switched_off_is_neither_taken_nor_written_out(ticket, now):
    EscalationStep.objects.filter(after_hours=4).update(is_active=False)
    assert escalation.climb(now=now + timedelta(hours=7)) == 0
    assert "After 4 hours" not in Client().get(HELP).content.decode()
    EscalationStep.objects.update(is_active=False)
    assert escalation.climb(now=now + timedelta(days=7)) == 0


def test_a_mail_that_is_not_taken_waits(officer, desk, ticket, settings, now):
    settings.EMAIL_BACKEND = "tests.accounts.dead_mail.EmailBackend"
    ticket_mail.send_waiting(now=now)
    assert TicketMail.objects.filter(sent_at=None).count() == 2
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert sorted(to for to, *_ in mailed(now)) == [[desk.email], [officer.email]]
    assert mailed(now) == []


def test_an_answered_ticket_that_stays_quiet_is_closed_and_later_erased(officer, desk, ticket, signed_in, events, now):
    tickets.answer(ticket=ticket, by=desk, text=ANSWER, now=now)
    assert tickets.close_quiet(now=now + timedelta(days=13)) == 0
    closed = now + timedelta(days=14)
    assert (tickets.close_quiet(now=closed), tickets.close_quiet(now=closed)) == (1, 0)
    assert events(Kind.TICKET_CLOSED)[0]["details"]["how"] == "quiet"
    assert any("is closed" in subject for _, subject, _ in mailed(closed))
    path = ticket_links.address(ticket).removeprefix("http://testserver")
    assert tickets.erase_old(now=closed + timedelta(days=179)) == 0
    assert (tickets.erase_old(now=closed + timedelta(days=180)), tickets.erase_old(now=closed + timedelta(days=400))) == (1, 0)
    ticket.refresh_from_db()
    assert (ticket.subject, ticket.messages.count()) == ("", 0)
    assert len(events(Kind.TICKET_ERASED)) == 1
    assert Client().get(path).status_code == 404
    client = signed_in(officer)
    assert "was erased" in client.get(page(ticket)).content.decode()
    assert client.post(page(ticket), {"do": "reply", "text": "Hello?"}).status_code == 400
    assert TicketMessage.objects.count() == 0


def test_the_deletion_of_an_account_takes_its_tickets_text_along(officer, officer2, ticket, now):
    other = tickets.open(account=officer2, now=now, **QUESTION)
    Client().post(HELP, QUESTION | {"email": officer.email})
    with transaction.atomic():
        tickets.erase_of(account=officer, now=now)
    ticket.refresh_from_db()
    assert (ticket.state, ticket.subject, ticket.messages.count()) == ("closed", "", 0)
    assert not AskedTicket.objects.exists()
    assert other.messages.count() == 1
    assert "officer@agency.example" not in str(mailed(now))


def test_no_row_of_a_ticket_holds_an_address_of_mail(officer, ticket):
    for model in (Ticket, TicketMessage, AskedTicket, TicketMail):
        assert not [field.name for field in model._meta.fields if "mail" in field.name.replace("ticket_mail", "")]


def test_the_jobs_do_it_all(officer, desk, now):
    Client().post(HELP, QUESTION | {"email": officer.email})
    mail.outbox.clear()
    keep_tickets()
    assert [message.to for message in mail.outbox] == [[officer.email], [desk.email]]
    Ticket.objects.update(state="answered", waits_since=None, answered_at=now - timedelta(days=30))
    age_tickets()
    assert Ticket.objects.get().state == "closed"
