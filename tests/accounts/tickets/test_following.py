"""A ticket between its owner and the desk: the mailed link, the desk's queue, the manager's help (ACC-13)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.db import connections
from django.test import Client

from accounts import ticket_links, tickets
from accounts.models import (
    Ticket,
    User,
)
from audit.events import Kind
from tests.accounts.tickets.conftest import ANSWER, HELP, QUESTION, QUEUE, in_queue, link_in, mailed, page

pytestmark = [pytest.mark.usefixtures("database"), pytest.mark.req("ACC-13")]


def test_the_link_opens_its_ticket_takes_a_reply_and_nothing_else(officer, ticket, signed_in, events, now):
    path = link_in(mailed(now), officer)
    client = Client()
    assert client.post(path, {"do": "reply", "text": "It is a tablet."}, follow=True).status_code == 200
    assert [message.text for message in ticket.messages.all()] == [QUESTION["text"], "It is a tablet."]
    assert client.get(page(ticket)).url.startswith("/accounts/login/")
    assert client.get("/").url.startswith("/accounts/login/")
    assert client.post(path, {"do": "close"}, follow=True).status_code == 200
    assert Ticket.objects.get().state == "closed"
    viewed = events(Kind.TICKET_VIEWED)
    assert viewed
    assert all(event["details"]["by_link"] for event in viewed)
    assert path.split("/")[3] not in str(events())


def test_a_dead_link_opens_nothing_whatever_killed_it(officer, ticket, events, now, caplog):
    path = link_in(mailed(now), officer)
    token = path.split("/")[3]
    dead = [path.replace(token, other) for other in ("x", token[:-1] + ("A" if token[-1] != "A" else "B"), "a" * 400)]
    assert [Client().get(other).status_code for other in dead] == [404, 404, 404]
    assert Client().post(dead[0], {"do": "reply", "text": "x"}).status_code == 404
    with time_machine.travel(now + timedelta(days=15)):
        assert Client().get(path).status_code == 404
    User.objects.filter(pk=officer.pk).update(email="other@agency.example")
    assert Client().get(path).status_code == 404
    User.objects.filter(pk=officer.pk).update(email="")
    assert Client().get(path).status_code == 404
    assert {event["details"]["why"] for event in events(Kind.TICKET_REFUSED)} == {"dead link"}
    assert token not in caplog.text


def test_a_link_of_one_ticket_is_of_no_other(officer, officer2, ticket, now):
    theirs = tickets.open(account=officer2, subject="Other", text="Another question.", now=now)
    token = ticket_links.address(theirs).split("/")[-2]
    assert ticket_links.follow(token) == theirs
    with pytest.raises(ticket_links.LinkDead):
        ticket_links.follow(token.replace(theirs.key.hex, ticket.key.hex))


@pytest.mark.parametrize("persona", ["officer2", "manager", "officer_chi", "supervisor", "auditor", "operator", "superuser"])
def test_somebody_elses_ticket_is_not_there(persona, request, ticket, signed_in, events, now):
    person = request.getfixturevalue(persona)
    client = signed_in(person)
    assert client.get(page(ticket)).status_code == 404
    assert client.post(page(ticket), {"do": "reply", "text": "Mine."}).status_code == 404
    assert client.post(page(ticket), {"do": "close"}).status_code == 404
    assert ticket.number not in client.get(HELP).content.decode()
    assert client.get(f"/help/tickets/{uuid4()}/").status_code == 404
    assert events("access.refused", actor=person.username)
    with pytest.raises(tickets.NotTheirs):
        tickets.reply(ticket=ticket, by=person, text="Mine.", now=now)
    with pytest.raises(tickets.NotTheirs):
        tickets.answer(ticket=ticket, by=person, text="Mine.", now=now)
    assert events(Kind.TICKET_REFUSED, actor=person.username) or events(Kind.TICKET_REFUSED)
    ticket.refresh_from_db()
    assert (ticket.state, ticket.messages.count()) == ("waiting", 1)


def test_the_desk_reads_answers_closes_and_reopens(officer, desk, ticket, signed_in, events, now):
    client = signed_in(desk)
    queue = client.get(QUEUE).content.decode()
    assert ticket.number in queue
    assert officer.full_name not in queue
    shown = client.get(in_queue(ticket)).content.decode()
    assert officer.full_name in shown
    assert officer.email not in shown
    assert client.post(in_queue(ticket), {"do": "answer", "text": ANSWER}).status_code == 302
    ticket.refresh_from_db()
    assert (ticket.state, ticket.waits_since) == ("answered", None)
    [(to, subject, body)] = [sent for sent in mailed(now) if "answered" in sent[1]]
    assert (to, subject) == ([officer.email], f"PlateLedger: ticket {ticket.number} has been answered")
    assert ANSWER not in body
    own = signed_in(officer).get(page(ticket)).content.decode()
    assert ANSWER in own
    assert "Desk Person" not in own
    client.post(in_queue(ticket), {"do": "close"})
    assert "closed already" in client.post(in_queue(ticket), {"do": "close"}, follow=True).content.decode()
    assert "Reopen it first" in client.post(in_queue(ticket), {"do": "answer", "text": ANSWER}, follow=True).content.decode()
    client.post(in_queue(ticket), {"do": "reopen"})
    ticket.refresh_from_db()
    assert ticket.state == "waiting"
    assert "Only a closed ticket" in client.post(in_queue(ticket), {"do": "reopen"}, follow=True).content.decode()
    kinds = [event["kind"] for event in events(actor="desk") if event["kind"].startswith("ticket.")]
    assert kinds[:2] == [Kind.TICKET_VIEWED, Kind.TICKET_REPLIED]
    assert {Kind.TICKET_CLOSED, Kind.TICKET_REOPENED, Kind.TICKET_REFUSED} <= set(kinds)


def test_a_reply_starts_the_clock_anew_and_opens_what_was_closed(officer, desk, ticket, signed_in, events, now):
    tickets.answer(ticket=ticket, by=desk, text=ANSWER, now=now)
    tickets.close(ticket=ticket, by=desk, now=now)
    assert signed_in(officer).post(page(ticket), {"do": "reply", "text": "It is gray again."}).status_code == 302
    ticket.refresh_from_db()
    assert (ticket.state, ticket.closed_at, ticket.step_hours) == ("waiting", None, 0)
    assert ticket.waits_since > now
    assert events(Kind.TICKET_REOPENED, actor="officer")


def test_a_second_reply_does_not_move_the_clock(officer, ticket, now):
    tickets.reply(ticket=ticket, by=officer, text="And another thing.", now=now + timedelta(hours=3))
    ticket.refresh_from_db()
    assert ticket.waits_since == now


@pytest.mark.parametrize("persona", [
    "officer", "support", "supervisor", "auditor", "appointer", "quality", "operator", "superuser"])
def test_the_queue_is_the_desks(persona, request, ticket, signed_in):
    client = signed_in(request.getfixturevalue(persona))
    assert client.get(QUEUE).status_code == 403
    assert client.get(in_queue(ticket)).status_code in (403, 404)
    assert client.post(in_queue(ticket), {"do": "answer", "text": "x"}).status_code in (403, 404)
    ticket.refresh_from_db()
    assert ticket.state == "waiting"


def test_a_manager_sees_state_and_clock_of_their_people_and_no_text(manager, other_manager, ticket, signed_in):
    client = signed_in(manager)
    for path in (QUEUE, in_queue(ticket)):
        shown = client.get(path).content.decode()
        assert ticket.number in shown
        assert "gray" not in shown
    assert client.post(in_queue(ticket), {"do": "close"}).status_code == 404
    stranger = signed_in(other_manager)
    assert ticket.number not in stranger.get(QUEUE).content.decode()
    assert stranger.get(in_queue(ticket)).status_code == 404
    ticket.refresh_from_db()
    assert ticket.state == "waiting"


def test_two_who_close_at_once_close_once(desk, ticket, events, now):
    def close(_: int) -> str:
        try:
            tickets.close(ticket=ticket, by=desk, now=now)
            return "closed"
        except tickets.NotOpen:
            return "late"
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as both:
        assert sorted(both.map(close, range(2))) == ["closed", "late"]
    assert len(events(Kind.TICKET_CLOSED)) == 1


def test_the_help_page_leads_a_manager_to_the_password_reset(manager, officer, signed_in):
    shown = signed_in(manager).get(HELP).content.decode()
    assert "start a password reset" in shown
    assert 'href="/admin/accounts/user/"' in shown
    assert "For Agency Managers" not in signed_in(officer).get(HELP).content.decode()
