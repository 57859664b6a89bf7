"""Rules of behavior: the text that is affirmed at each login, from draft to approval, and who affirmed which (ACC-8)."""

from datetime import datetime

from django.db import models
from simple_history.models import HistoricalRecords

from accounts.models.user import User
from accounts.roles import Role


class RulesTextQuerySet(models.QuerySet["RulesText"]):
    def in_force(self, now: datetime) -> "RulesText | None":
        return self.filter(in_force_from__lte=now).order_by("-in_force_from", "-version").first()

    def visible_to(self, user: User) -> "RulesTextQuerySet":
        """Drafts are between the two sides that write them; everybody else sees what was approved."""
        if user.role in {Role.OPERATIONS, Role.AGENCY_APPOINTER}:
            return self
        return self.filter(state=RulesText.State.APPROVED)


class RulesText(models.Model):
    """One text. It gets its version with its approval, and from then on the database refuses to change or delete it."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        SUBMITTED = "submitted", "Waiting for the agency's approval"
        APPROVED = "approved", "Approved by the agency"
        REFUSED = "refused", "Refused by the agency"

    class Side(models.TextChoices):
        AGENCY = "agency", "Agency"
        OPERATOR = "operator", "Operator"

    version = models.PositiveIntegerField(unique=True, null=True, blank=True)
    body = models.TextField("text", max_length=20_000, help_text="Paragraphs are parted by an empty line.")
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    side = models.CharField("drafted by", max_length=10, choices=Side, default=Side.OPERATOR)
    # Empty for the first text, which comes with the installation.
    drafted_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    drafted_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_reason = models.CharField("reason", max_length=500, blank=True)
    in_force_from = models.DateTimeField(null=True, blank=True)

    objects = RulesTextQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = [models.F("version").desc(nulls_first=True), "-pk"]
        verbose_name = "rules of behavior"
        verbose_name_plural = "rules of behavior"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state="approved", version__isnull=False, in_force_from__isnull=False)
                | models.Q(state__in=["draft", "submitted", "refused"], version__isnull=True, in_force_from__isnull=True),
                name="rules_text_in_force_is_approved"),
        ]

    def __str__(self) -> str:
        return f"version {self.version}" if self.version else f"draft {self.pk}"


class RulesAffirmationQuerySet(models.QuerySet["RulesAffirmation"]):
    def visible_to(self, user: User) -> "RulesAffirmationQuerySet":
        return self.filter(user__in=User.objects.visible_to(user))


class RulesAffirmation(models.Model):
    """That a person affirmed a version: the first and the last time, and how often. Each single time is in the log."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    text = models.ForeignKey(RulesText, on_delete=models.PROTECT, related_name="affirmations")
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    times = models.PositiveIntegerField(default=1)

    objects = RulesAffirmationQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "text"], name="rules_affirmation_once_a_user_and_text")]

    def __str__(self) -> str:
        return f"{self.text} affirmed by {self.user}"
