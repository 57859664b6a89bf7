"""Asking the help desk: before signing in and after, without plates and case text (ACC-13)."""

import re
from datetime import timedelta
from statistics import median
from time import perf_counter

import pytest
import time_machine
from django.test import Client

from accounts import tickets
from accounts.models import (
    AskedTicket,
    Ticket,
    TicketMessage,
    TicketPolicy,
)
from audit.events import Kind
from tests.accounts.factors import bound
from tests.accounts.tickets.conftest import HELP, QUESTION, QUEUE, SENT, in_queue, link_in, mailed, page
from tests.personas import sign_in

pytestmark = [pytest.mark.usefixtures("database"), pytest.mark.req("ACC-13")]


def test_before_signing_in_a_registered_address_gets_a_ticket_by_mail(officer, desk, events, now):
    client = Client()
    assert client.get(HELP).status_code == 200
    assert client.post(HELP, QUESTION | {"email": officer.email.upper()}).url == SENT
    assert client.get(SENT).status_code == 200
    assert tickets.take_in() == 1
    made = Ticket.objects.get()
    assert (made.number, made.state, made.account) == (f"HD-{made.pk:06d}", "waiting", officer)
    mails = mailed(now)
    assert {tuple(to): subject for to, subject, _ in mails} == {
        (officer.email,): f"PlateLedger: ticket {made.number} has been opened",
        (desk.email,): f"PlateLedger: ticket {made.number} waits for an answer"}
    thread = Client().get(link_in(mails, officer)).content.decode()
    assert made.number in thread
    assert "stays gray" in thread
    assert [event["actor"] for event in events(Kind.TICKET_ASKED) + events(Kind.TICKET_OPENED)] == ["officer", "officer"]
    assert "gray" not in str(events())


def test_an_unknown_address_gets_the_same_answer_and_nothing_is_kept(officer, events):
    known, unknown = (Client().post(HELP, QUESTION | {"email": email}) for email in (officer.email, "nobody@agency.example"))
    assert (known.status_code, known.url, known.content) == (unknown.status_code, unknown.url, unknown.content)
    assert AskedTicket.objects.count() == 2
    assert tickets.take_in() == 1
    assert Ticket.objects.get().account == officer
    assert not AskedTicket.objects.exists()
    assert events(Kind.TICKET_REFUSED)[0]["details"]["why"] == "nobody's address"
    assert "nobody@agency.example" not in str(events())


def test_known_and_unknown_addresses_take_the_same_time(officer, settings):
    settings.KNOCKS_PER_HOUR = 1000
    client, times = Client(), {officer.email: [], "nobody@agency.example": []}
    for turn in range(44):
        for email, took in times.items():
            started = perf_counter()
            client.post(HELP, QUESTION | {"email": email})
            if turn >= 4:
                took.append(perf_counter() - started)
    known, unknown = (median(took) for took in times.values())
    # Both insert one row and one event; a busy machine blurs more than the look-up adds.
    assert abs(known - unknown) / max(known, unknown) < 0.35


def test_signed_in_the_number_is_there_at_once_and_the_ticket_is_listed(officer, signed_in, events):
    client = signed_in(officer)
    answer = client.post(HELP, QUESTION, follow=True)
    made = Ticket.objects.get()
    assert answer.redirect_chain == [(page(made), 302)]
    assert f"Your ticket is {made.number}" in answer.content.decode()
    listed = client.get(HELP).content.decode()
    assert made.number in listed
    assert "3 hours, 59 minutes left" in listed.replace("\xa0", " ")
    assert events(Kind.TICKET_OPENED)[0]["details"]["ticket"] == made.number


def test_help_is_there_before_the_splash_and_without_training(officer, untrained, signed_in):
    half = Client()
    sign_in(half, officer)
    assert half.get(HELP).status_code == 200
    assert half.post(HELP, QUESTION).status_code == 302
    assert half.get(page(Ticket.objects.get())).status_code == 200
    assert half.get("/queries/").url.startswith("/accounts/rules/")
    lapsed = signed_in(untrained)
    assert "Your tickets" in lapsed.get(HELP).content.decode()
    assert lapsed.get("/queries/").url.startswith("/accounts/training/")


def test_a_session_without_its_second_factor_is_a_stranger_to_the_help_desk(officer, ticket, now):
    bound(officer, now)
    client = Client()
    sign_in(client, officer)
    shown = client.get(HELP).content.decode()
    assert "Work email" in shown
    assert ticket.subject not in shown
    assert client.get(page(ticket)).url.startswith("/accounts/second-factor/")


def test_an_idle_session_is_over_and_help_is_open_all_the_same(officer, ticket, signed_in, now):
    client = signed_in(officer)
    with time_machine.travel(now + timedelta(minutes=31)):
        shown = client.get(HELP)
        assert shown.status_code == 200
        assert ticket.subject not in shown.content.decode()
        assert client.get(page(ticket)).url.startswith("/accounts/login/")


def test_every_page_leads_to_help(officer, manager, signed_in):
    client = signed_in(officer)
    for path in ("/", "/queries/new/", "/alerts/", "/rules/", "/nowhere/"):
        assert 'href="/help/"' in client.get(path).content.decode(), path
    for path in ("/accounts/login/", "/accounts/recover/", "/accounts/request/"):
        assert 'href="/help/"' in Client().get(path).content.decode(), path
    assert 'href="/help/"' in signed_in(manager).get("/admin/").content.decode()


@pytest.mark.parametrize(("changed", "words"), [
    ({"subject": ""}, "This field is required"),
    ({"text": " "}, "This field is required"),
    ({"text": "word " * 20_000}, "at most 4000 characters"),
    ({"subject": "x" * 121}, "at most 120 characters"),
    ({"subject": "Hello\r\nBcc: all@agency.example"}, "in one line"),
    ({"subject": "Hello\u2028Bcc: x"}, "in one line"),
    ({"text": "a\x00b"}, "Null characters are not allowed"),
    ({"email": "x@y.example\r\nBcc: all@agency.example"}, "Enter a valid email address"),
    ({"email": ""}, "This field is required"),
])
def test_bad_input_is_refused_at_its_field_and_nothing_typed_is_lost(officer, events, changed, words):
    form = QUESTION | {"email": officer.email} | changed
    answer = Client().post(HELP, form)
    assert answer.status_code == 400
    shown = answer.content.decode()
    assert words in shown
    if "text" not in changed:
        assert QUESTION["text"] in shown
    assert not AskedTicket.objects.exists()
    assert [event["details"]["why"] for event in events(Kind.TICKET_REFUSED)] == ["fields"]
    assert "Bcc" not in str(events())


def test_html_is_inert_on_the_page_in_the_queue_and_in_the_mail(officer, desk, signed_in, now):
    made = tickets.open(account=officer, subject="<script>alert(1)</script>", text="<img src=x onerror=alert(2)>", now=now)
    for client, path in ((signed_in(officer), page(made)), (signed_in(desk), in_queue(made)), (signed_in(desk), QUEUE)):
        shown = client.get(path).content.decode()
        assert "<script>alert(1)" not in shown
        assert "<img src=x" not in shown
        assert "&lt;script&gt;alert(1)" in shown
    assert "alert(" not in str(mailed(now))


def test_an_address_of_the_network_asks_so_often_in_an_hour(officer, settings, events):
    settings.KNOCKS_PER_HOUR = 2
    form = QUESTION | {"email": officer.email}
    assert [Client().post(HELP, form).status_code for _ in range(3)] == [302, 302, 429]
    answer = Client().post(HELP, form)
    assert answer["Retry-After"]
    assert QUESTION["text"] in answer.content.decode()
    assert events(Kind.TICKET_REFUSED)[-1]["details"]["why"] == "too many"


def test_a_person_has_so_many_tickets_open(officer, signed_in, events, now):
    TicketPolicy.objects.update(open_most=1)
    client = signed_in(officer)
    assert client.post(HELP, QUESTION).status_code == 302
    answer = client.post(HELP, QUESTION)
    assert answer.status_code == 400
    assert "as many tickets open" in answer.content.decode()
    assert QUESTION["text"] in answer.content.decode()
    Client().post(HELP, QUESTION | {"email": officer.email})
    assert tickets.take_in() == 0
    assert [event["details"]["why"] for event in events(Kind.TICKET_REFUSED)] == ["too many open"] * 2
    tickets.close(ticket=Ticket.objects.get(), by=officer, now=now)
    assert client.post(HELP, QUESTION).status_code == 302


def test_a_plate_or_case_number_is_refused_and_never_kept(officer, signed_in, events):
    client = signed_in(officer)
    for text, words in (("My plate HBX4172 does not fire", "is a license plate"),
                        ("case number 12345678 is gone", "is a case number")):
        answer = client.post(HELP, QUESTION | {"text": text, "no_case": "on"})
        assert answer.status_code == 400
        assert words in answer.content.decode()
        assert text in answer.content.decode()
    assert not Ticket.objects.exists()
    assert [event["details"]["why"] for event in events(Kind.TICKET_REFUSED)] == ["case text"] * 2
    assert "HBX4172" not in str(events())
    assert "12345678" not in str(events())


def test_what_may_be_a_plate_is_asked_about_and_sent_on_the_persons_word(officer, signed_in, events):
    client, form = signed_in(officer), QUESTION | {"text": "The router says QRS4455 since noon."}
    asked = client.post(HELP, form)
    shown = asked.content.decode()
    assert asked.status_code == 400
    assert "“QRS4455” may be a license plate. Is it? Then take it out." in shown
    assert 'name="no_case"' in shown
    assert "checked" not in re.search(r"<input[^>]*no_case[^>]*>", shown)[0]
    looked = re.search(r'name="looked" value="(\w+)"', shown)[1]
    assert client.post(HELP, form | {"looked": looked}).status_code == 400
    assert client.post(HELP, form | {"looked": looked, "no_case": "on"}).status_code == 302
    assert TicketMessage.objects.get().text == form["text"]
    assert [event["details"]["why"] for event in events(Kind.TICKET_REFUSED)] == ["question", "question"]
    assert "QRS4455" not in str(events())


def test_a_confirmation_counts_for_the_words_that_were_shown(officer, signed_in):
    client, form = signed_in(officer), QUESTION | {"text": "The router says QRS4455."}
    looked = re.search(r'name="looked" value="(\w+)"', client.post(HELP, form).content.decode())[1]
    other = QUESTION | {"text": "It is HBX4172.", "looked": looked, "no_case": "on"}
    answer = client.post(HELP, other)
    assert answer.status_code == 400
    assert "“HBX4172” may be" in answer.content.decode()
    assert client.post(HELP, form | {"looked": "", "no_case": "on"}).status_code == 400
    assert not Ticket.objects.exists()


def test_replies_subjects_and_strangers_are_looked_over_too(officer, desk, ticket, signed_in, now):
    assert Client().post(HELP, QUESTION | {"email": officer.email, "subject": "plate HBX4172"}).status_code == 400
    assert signed_in(officer).post(page(ticket), {"do": "reply", "text": "plate HBX4172"}).status_code == 400
    assert Client().post(link_in(mailed(now), officer), {"do": "reply", "text": "plate HBX4172"}).status_code == 400
    assert signed_in(desk).post(in_queue(ticket), {"do": "answer", "text": "plate HBX4172"}).status_code == 400
    assert TicketMessage.objects.count() == 1
    assert not AskedTicket.objects.exists()
