"""Requests to account: the form that is kept, from filing to the end of its retention (ACC-4, ACC-5)."""

from django.db import models
from simple_history.models import HistoricalRecords

from accounts.models.aor import AOR
from accounts.models.user import Component, JobCategory, User
from accounts.roles import Role


class AccessRequestQuerySet(models.QuerySet["AccessRequest"]):
    def visible_to(self, user: User) -> "AccessRequestQuerySet":
        """The queue of an Agency Manager is that of their own area; nobody else has one."""
        if user.role == Role.AGENCY_MANAGER and user.aor_id:
            return self.filter(aor_id=user.aor_id)
        return self.none()


class AccessRequest(models.Model):
    """What a person, or their supervisor, asked for. Only its state, and the place of the paper, change after filing.

    `told_state` is the last state that the requester was told of by mail; a worker mails what differs.
    """

    class State(models.TextChoices):
        PENDING = "pending", "Waiting for a decision"
        APPROVED = "approved", "Approved, key issued"
        REFUSED = "refused", "Refused"
        REGISTERED = "registered", "Account registered"

    full_name = models.CharField(max_length=150)
    email = models.EmailField()
    aor = models.ForeignKey(AOR, on_delete=models.PROTECT, verbose_name="area of responsibility")
    component = models.CharField(max_length=3, choices=Component)
    job_category = models.CharField(max_length=40, choices=JobCategory)
    justification = models.TextField(max_length=2000)
    supervisor_name = models.CharField(max_length=150)
    supervisor_email = models.EmailField()
    # The scan lies in the private storage under a made-up name.
    scan_name = models.CharField(max_length=100, blank=True, editable=False)
    paper_place = models.CharField("place of the paper form", max_length=200, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    told_state = models.CharField(max_length=10, choices=State, blank=True, editable=False)
    filed_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    decision_reason = models.CharField("reason", max_length=500, blank=True)
    account = models.OneToOneField(User, on_delete=models.PROTECT, null=True, blank=True, related_name="access_request")
    # Empty while it waits and while its account exists.
    kept_until = models.DateTimeField(null=True, blank=True)

    objects = AccessRequestQuerySet.as_manager()
    # Steps, not persons: who asked and why stands in the request itself and goes with it.
    history = HistoricalRecords(cascade_delete_history=True, excluded_fields=[
        "full_name", "email", "justification", "supervisor_name", "supervisor_email", "scan_name", "decision_reason"])

    class Meta:
        ordering = ["-filed_at"]
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=["pending", "approved", "refused", "registered"]),
                                   name="access_request_state_is_listed"),
            models.CheckConstraint(condition=models.Q(component__in=Component.values),
                                   name="access_request_component_is_ero_or_hsi"),
            models.CheckConstraint(
                condition=models.Q(state="pending") | models.Q(decided_at__isnull=False, decided_by__isnull=False),
                name="access_request_decision_has_a_person"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        """What requester and manager call it."""
        return f"AR-{self.pk:06d}"
