"""Appointments: how managers, supervisors, auditors, the appointer and operator staff get in (ACC-4)."""

from django.db import models
from simple_history.models import HistoricalRecords

from accounts.models.aor import AOR
from accounts.models.user import Component, JobCategory, User
from accounts.roles import APPOINTS, FIRST, Role

LONGEST_AUTHORITY = 200


class AppointmentQuerySet(models.QuerySet["Appointment"]):
    def visible_to(self, user: User) -> "AppointmentQuerySet":
        """Those of the roles that `user` appoints; an Agency Manager reads those of the own area (ACC-5)."""
        if user.role == Role.AGENCY_MANAGER and user.aor_id:
            return self.filter(aor_id=user.aor_id)
        return self.filter(role__in=APPOINTS.get(user.role, ()))


class Appointment(models.Model):
    """One person named for one role.

    `appointed_by` is empty for those whom the installation names: the first of either side (accounts.roles.FIRST), and who
    follows them (accounts.succession), with whom they succeed and on what word.
    """

    role = models.CharField(max_length=20, choices=Role)
    full_name = models.CharField(max_length=150)
    email = models.EmailField()
    aor = models.ForeignKey(AOR, on_delete=models.PROTECT, null=True, blank=True, verbose_name="area of responsibility")
    component = models.CharField(max_length=3, choices=Component, blank=True)
    job_category = models.CharField(max_length=40, choices=JobCategory, blank=True)
    is_federal_employee = models.BooleanField("is a federal employee", default=False)
    # Given where the name was settled beforehand.
    username = models.CharField(max_length=150, blank=True, editable=False)
    appointed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    appointed_at = models.DateTimeField()
    succeeds = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, editable=False, related_name="+")
    authority = models.CharField("on what word", max_length=LONGEST_AUTHORITY, blank=True, editable=False)
    account = models.OneToOneField(User, on_delete=models.PROTECT, null=True, blank=True, related_name="appointment")

    objects = AppointmentQuerySet.as_manager()
    history = HistoricalRecords(excluded_fields=["full_name", "email"])

    class Meta:
        ordering = ["-appointed_at"]
        constraints = [
            models.CheckConstraint(condition=~models.Q(role=Role.AGENCY_MANAGER) | models.Q(is_federal_employee=True),
                                   name="appointment_manager_is_federal_employee"),
            models.UniqueConstraint(models.F("role"), name="appointment_first_is_one",
                                    condition=models.Q(appointed_by__isnull=True, succeeds__isnull=True)),
            models.CheckConstraint(
                condition=models.Q(succeeds__isnull=True, authority="")
                | (models.Q(succeeds__isnull=False, appointed_by__isnull=True) & ~models.Q(authority="")),
                name="appointment_successor_stands_on_a_word"),
            models.CheckConstraint(
                condition=models.Q(appointed_by__isnull=False) | models.Q(role__in=FIRST),
                name="appointment_without_appointer_is_the_first"),
        ]

    def __str__(self) -> str:
        return f"AP-{self.pk:06d}"
