"""The help desk: tickets with number, state, replies and a clock, and steps that move by themselves (ACC-13)."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from statistics import median
from time import perf_counter
from uuid import uuid4

import pytest
import time_machine
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
    User,
)
from accounts.roles import Role
from accounts.tasks import age_tickets, keep_tickets
from audit.events import Kind
from tests.accounts.factors import bound
from tests.personas import sign_in

pytestmark = [pytest.mark.usefixtures("database"), pytest.mark.req("ACC-13")]
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


# --- Asking ---
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


# --- Neither plates nor case text ---
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


# --- Following ---
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


# --- The desk ---
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


# --- Climbing ---
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


# --- Mail, quiet and the end ---
def test_a_mail_that_is_not_taken_waits(officer, ticket, settings, now):
    settings.EMAIL_BACKEND = "tests.accounts.dead_mail.EmailBackend"
    ticket_mail.send_waiting(now=now)
    assert TicketMail.objects.filter(sent_at=None).count() == 2
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert [to for to, *_ in mailed(now)] == [[officer.email]]
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


# --- The manager's help ---
def test_the_help_page_leads_a_manager_to_the_password_reset(manager, officer, signed_in):
    shown = signed_in(manager).get(HELP).content.decode()
    assert "start a password reset" in shown
    assert 'href="/admin/accounts/user/"' in shown
    assert "For Agency Managers" not in signed_in(officer).get(HELP).content.decode()
