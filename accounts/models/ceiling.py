"""How many accounts an area may have, and whether each is still needed (ACC-15)."""

from django.db import models
from simple_history.models import HistoricalRecords

from accounts.models.aor import AOR
from accounts.models.user import Component, User


class AccountCeilingQuerySet(models.QuerySet["AccountCeiling"]):
    def visible_to(self, user: User) -> "AccountCeilingQuerySet":
        return self.filter(aor__in=AOR.objects.visible_to(user))


class AccountCeiling(models.Model):
    """The most open accounts of one component in one area. Its row is the lock that every step upward takes."""

    aor = models.ForeignKey(AOR, on_delete=models.PROTECT, verbose_name="area of responsibility")
    component = models.CharField(max_length=3, choices=Component)
    most = models.PositiveIntegerField("most open accounts")

    objects = AccountCeilingQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["aor", "component"]
        constraints = [
            models.UniqueConstraint(fields=["aor", "component"], name="account_ceiling_once_an_area_and_component"),
            models.CheckConstraint(condition=models.Q(component__in=Component.values),
                                   name="account_ceiling_component_is_ero_or_hsi"),
        ]

    def __str__(self) -> str:
        return f"{self.aor} {self.component}: {self.most}"


class AccountNeed(models.Model):
    """When a manager last said that the person still needs the account; `warned_at` is the notice of its end."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="need")
    affirmed_at = models.DateTimeField()
    affirmed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    warned_at = models.DateTimeField(null=True, blank=True)

    history = HistoricalRecords()

    def __str__(self) -> str:
        return f"need of {self.user}"
