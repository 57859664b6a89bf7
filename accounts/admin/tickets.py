"""The help desk's queue, and the records by which tickets climb (ACC-13).

The list names no person; a ticket names its own and nobody else. An Agency Manager sees of their people's tickets the state and
the clock, and not the text. A superuser's all-permissions open nothing here.
"""

from datetime import UTC, datetime
from typing import Any

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.timesince import timesince, timeuntil

from accounts import tickets
from accounts.access import private_page, user_of
from accounts.admin.base import ScopedAdmin
from accounts.models import EscalationStep, Role, Ticket, TicketPolicy
from accounts.ticket_forms import ReplyForm
from audit.admin_base import AuditedAdmin, ReadOnlyAdmin


@admin.register(Ticket)
class TicketAdmin(ScopedAdmin, ReadOnlyAdmin):
    list_display = ("number", "subject", "state", "clock", "step", "opened_at", "closed_at")
    list_filter = ("state", "step")
    list_select_related = ("step",)
    fields = ("number", "person", "state", "clock", "step", "opened_at", "answered_at", "closed_at", "erased_at")
    readonly_fields = ("number", "person", "clock")

    @admin.display(description="answer due (UTC)")
    def clock(self, ticket: Ticket) -> str:
        due_at, now = ticket.due_at(TicketPolicy.current()), datetime.now(UTC)
        if due_at is None:
            return "-"
        left = f"{timeuntil(due_at, now)} left" if due_at > now else f"overdue by {timesince(due_at, now)}"
        return f"{due_at:%Y-%m-%d %H:%M}, {left}"

    @admin.display(description="opened by")
    def person(self, ticket: Ticket) -> str:
        return f"{ticket.account.full_name} ({ticket.account.username})"

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        """A manager sees whose, and not about what."""
        shown: tuple[str, ...] = tuple(self.list_display)
        return shown if _is_desk(request) else tuple("person" if name == "subject" else name for name in shown)

    def has_view_permission(self, request: HttpRequest, obj: Ticket | None = None) -> bool:
        return user_of(request).role in {Role.HELP_DESK, Role.AGENCY_MANAGER} and super().has_view_permission(request, obj)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "",
                    extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if not _is_desk(request):
            if request.method == "POST":
                raise Http404
            return super().change_view(request, object_id, form_url, extra_context)
        ticket: Any = self.get_object(request, object_id)
        return private_page(self._thread)(request, ticket)  # type: ignore[return-value]

    def _thread(self, request: HttpRequest, ticket: Ticket) -> HttpResponse:
        """The ticket for the desk: read, answer, close, reopen."""
        do = request.POST.get("do", "")
        form = ReplyForm(request.POST if do == "answer" else None)
        if request.method == "POST" and self._done(request, ticket, do, form):
            return redirect("admin:accounts_ticket_change", ticket.pk)
        ticket.refresh_from_db()
        context = self.admin_site.each_context(request) | {
            "title": f"Ticket {ticket.number}", "opts": self.opts, "ticket": ticket, "form": form, "clock": self.clock(ticket),
            "thread": tickets.seen(ticket=ticket, by=user_of(request))}
        return render(request, "accounts/admin_ticket.html", context, status=400 if form.is_bound else 200)

    def _done(self, request: HttpRequest, ticket: Ticket, do: str, form: ReplyForm) -> bool:
        by, now = user_of(request), datetime.now(UTC)
        if form.is_bound and not form.is_valid():
            tickets.refuse(why=form.why, ticket=ticket)
            return False
        try:
            if do == "answer":
                tickets.answer(ticket=ticket, by=by, text=form.cleaned_data["text"], now=now)
            elif do == "close":
                tickets.close(ticket=ticket, by=by, now=now)
            elif do == "reopen":
                tickets.reopen(ticket=ticket, by=by, now=now)
            else:
                raise Http404
            self.message_user(request, SAID[do].format(ticket=ticket), messages.SUCCESS)
        except tickets.NotOpen as refusal:
            self.message_user(request, f"Nothing was done. {refusal}", messages.ERROR)
        return True


SAID = {
    "answer": "{ticket} is answered. Its person is told by mail.",
    "close": "{ticket} is closed. Its person is told by mail.",
    "reopen": "{ticket} is open again, and its clock runs.",
}


@admin.register(TicketPolicy)
class TicketPolicyAdmin(AuditedAdmin):
    list_display = ("__str__", "answer_hours", "link_days", "quiet_days", "keep_days", "open_most")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


@admin.register(EscalationStep)
class EscalationStepAdmin(AuditedAdmin):
    list_display = ("name", "after_hours", "tells", "is_active")


def _is_desk(request: HttpRequest) -> bool:
    return user_of(request).role == Role.HELP_DESK
