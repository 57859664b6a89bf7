"""The help desk's pages: reachable before login, before the splash and without training (ACC-13)."""

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_safe

from accounts import escalation, gates, knocks, ticket_links, tickets
from accounts.access import private_page, user_of
from accounts.models import Role, Ticket, TicketPolicy, User
from accounts.ticket_forms import ReplyForm, StrangerTicketForm, TicketForm
from audit.context import client_address


@login_not_required
@private_page
@require_http_methods(["GET", "HEAD", "POST"])
def desk(request: HttpRequest) -> HttpResponse:
    """The way to the help desk: a form, one's own tickets where one is signed in, and the escalation procedure."""
    person = _person(request)
    if request.method != "POST":
        return _show_desk(request, person, TicketForm() if person else StrangerTicketForm())
    return _opened(request, person) if person else _asked(request)


@login_not_required
@require_safe
def sent(request: HttpRequest) -> HttpResponse:
    """The same words for everybody, known or unknown."""
    return render(request, "accounts/help_sent.html", {"procedure": escalation.procedure()})


@private_page
@require_http_methods(["GET", "HEAD", "POST"])
def ticket(request: HttpRequest, ticket: UUID) -> HttpResponse:
    """One's own ticket."""
    found = Ticket.objects.select_related("account__aor", "step").filter(account=user_of(request), key=ticket).first()
    if found is None:
        raise Http404
    return _thread(request, found, user_of(request), to=lambda: redirect("help:ticket", found.key))


@login_not_required
@sensitive_variables("token")
@private_page
@require_http_methods(["GET", "HEAD", "POST"])
def follow(request: HttpRequest, token: str) -> HttpResponse:
    """A ticket by the link of a mail, without signing in; it opens this ticket and nothing else."""
    try:
        found = ticket_links.follow(token)
    except ticket_links.LinkDead:
        tickets.refuse(why="dead link")
        response = render(request, "accounts/help_dead.html", status=404)
        # Django's own log would name the address, and with it the token.
        response._has_been_logged = True  # type: ignore[attr-defined]
        return response
    return _thread(request, found, None, to=lambda: redirect("help:follow", token))


def _person(request: HttpRequest) -> User | None:
    """Who is signed in with all that they know and have; a session that is half open is a stranger's."""
    if not request.user.is_authenticated or not gates.is_proven(request, request.user, now=datetime.now(UTC)):
        return None
    return user_of(request)


def _opened(request: HttpRequest, person: User) -> HttpResponse:
    form = TicketForm(request.POST)
    if form.is_valid():
        try:
            made = tickets.open(account=person, subject=form.cleaned_data["subject"], text=form.cleaned_data["text"],
                                now=datetime.now(UTC))
            messages.success(request, f"Your ticket is {made.number}. You are told by mail when it is answered.")
            return redirect("help:ticket", made.key)
        except tickets.TooManyOpen:
            form.add_error(None, "You have as many tickets open as one person may. Close one, or write in one of them.")
    else:
        tickets.refuse(why=form.why)
    return _show_desk(request, person, form, status=400)


def _asked(request: HttpRequest) -> HttpResponse:
    now, form = datetime.now(UTC), StrangerTicketForm(request.POST)
    try:
        knocks.count(door="help", address=client_address(request), now=now)
    except knocks.TooMany as refusal:
        tickets.refuse(why="too many")
        form.add_error(None, "Too many messages came from your network address within an hour. Try again in an hour.")
        response = _show_desk(request, None, form, status=429)
        response["Retry-After"] = str(refusal.retry_after)
        return response
    if not form.is_valid():
        tickets.refuse(why=form.why)
        return _show_desk(request, None, form, status=400)
    tickets.ask(email=form.cleaned_data["email"], subject=form.cleaned_data["subject"], text=form.cleaned_data["text"], now=now)
    return redirect("help:sent")


def _show_desk(request: HttpRequest, person: User | None, form: TicketForm, *, status: int = 200) -> HttpResponse:
    own = tickets.own(by=person) if person else []
    policy = TicketPolicy.current()
    context = {
        "form": form, "person": person, "procedure": escalation.procedure(),
        "tickets": [(ticket, ticket.due_at(policy)) for ticket in own],
        "is_manager": person is not None and person.role == Role.AGENCY_MANAGER, "now": datetime.now(UTC)}
    return render(request, "accounts/help.html", context, status=status)


def _thread(request: HttpRequest, ticket: Ticket, by: User | None, *, to: Callable[[], HttpResponse]) -> HttpResponse:
    """The ticket with its messages; `do` says what is sent: reply or close."""
    now, form = datetime.now(UTC), ReplyForm(request.POST if request.POST.get("do") == "reply" else None)
    if request.method == "POST" and request.POST.get("do") == "close":
        try:
            tickets.close(ticket=ticket, by=ticket.account, now=now)
            messages.success(request, "The ticket is closed.")
        except tickets.NotOpen as refusal:
            messages.error(request, str(refusal))
        return to()
    if form.is_bound and form.is_valid():
        try:
            tickets.reply(ticket=ticket, by=ticket.account, text=form.cleaned_data["text"], now=now)
            messages.success(request, "Your reply has reached the help desk.")
            return to()
        except tickets.NotTheirs:
            form.add_error(None, "The text of this ticket was erased. Open a new one.")
    elif form.is_bound:
        tickets.refuse(why=form.why, ticket=ticket)
    context = {"ticket": ticket, "thread": tickets.seen(ticket=ticket, by=by), "form": form, "by_link": by is None,
               "due_at": ticket.due_at(TicketPolicy.current()), "now": now}
    return render(request, "accounts/ticket.html", context, status=400 if form.is_bound else 200)
