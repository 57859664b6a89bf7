"""Alert lists in the back office: policy and given-up mails, by operations (ALR-1, ALR-5), hand-overs, by managers (ALR-11)."""

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from accounts.access import user_of
from accounts.admin.base import ScopedAdmin
from accounts.roles import Role
from alerts import dead_letters, handover
from alerts.models import AlertList, AlertPolicy, DeadLetter, Handover
from audit.admin_base import AuditedAdmin, ReadOnlyAdmin


@admin.register(AlertPolicy)
class AlertPolicyAdmin(AuditedAdmin):
    list_display = ("__str__", "max_entries", "validity_months", "prompt_days", "grace_days")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


class SuccessorForm(ActionForm):
    """The user name comes in the body of the action's POST."""

    successor = forms.CharField(label="Successor's user name", required=False, max_length=150,
                                widget=forms.TextInput(attrs={"autocomplete": "off"}))


@admin.register(Handover)
class HandoverAdmin(ScopedAdmin, ReadOnlyAdmin):
    """Lists at rest of the manager's area: whose, how many, until when. No plate is shown (ALR-11)."""

    list_display = ("owner", "why", "lists", "began_at", "due_at")
    fields = ("owner", "why", "began_at", "due_at")
    action_form = SuccessorForm
    actions = ("name_successor",)

    @admin.display(description="alert lists")
    def lists(self, row: Handover) -> int:
        return AlertList.objects.filter(owner=row.owner_id).count()

    def has_name_successor_permission(self, request: HttpRequest) -> bool:
        return user_of(request).role == Role.AGENCY_MANAGER

    @admin.action(permissions=["name_successor"], description="Name a successor for the selected lists")
    def name_successor(self, request: HttpRequest, queryset: QuerySet[Handover]) -> None:
        for row in queryset.select_related("owner"):
            try:
                taker = handover.name_successor(handover=row, successor=request.POST.get("successor", ""),
                                                by=user_of(request), now=timezone.now())
                self.message_user(request, f"The lists of {row.owner} are those of {taker} now.", messages.SUCCESS)
            except handover.HandoverRefused as refusal:
                handover.refuse(handover=row, why=str(refusal))
                self.message_user(request, str(refusal), messages.ERROR)


@admin.register(DeadLetter)
class DeadLetterAdmin(ReadOnlyAdmin):
    """Mails that were given up: when, of which kind, to which domain, and what the server said (ALR-5)."""

    list_display = ("created_at", "kind", "mail_domain", "why", "notices", "attempts")
    list_display_links = None
    list_filter = ("kind",)
    fields = ("created_at", "kind", "mail_domain", "notices", "attempts", "last_error", "bounce")
    actions = ("send_again",)

    @admin.display(description="to a mailbox at")
    def mail_domain(self, row: DeadLetter) -> str:
        return row.recipient.email.rpartition("@")[2]

    @admin.display(description="why, and what the mail server said")
    def why(self, row: DeadLetter) -> str:
        return f"{row.last_error}: “{row.bounce}”" if row.bounce else row.last_error

    @admin.display(description="notices in it")
    def notices(self, row: DeadLetter) -> int:
        return dead_letters.intents_of(row).count()

    def get_queryset(self, request: HttpRequest) -> QuerySet[DeadLetter]:
        return dead_letters.letters().select_related("recipient").order_by("-created_at", "-pk")

    def has_send_again_permission(self, request: HttpRequest) -> bool:
        return user_of(request).role == Role.OPERATIONS

    @admin.action(permissions=["send_again"], description="Send the selected mails again")
    def send_again(self, request: HttpRequest, queryset: QuerySet[DeadLetter]) -> None:
        sent = dead_letters.send_again(letters=list(queryset.values_list("pk", flat=True)), by=user_of(request),
                                       now=timezone.now())
        self.message_user(request, f"Notices that are sent again: {sent}.", messages.SUCCESS)
