"""Alert lists: who watches, and who is told (ALR-1, ALR-4)."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.models import User, UserGroup


class Scope(models.TextChoices):
    SELF = "self", "Only me"
    USERS = "users", "Named users"
    GROUP = "group", "A user group"
    AGENCY = "agency", "The whole agency"


class Collapse(models.IntegerChoices):
    """Minutes for which further sightings of a plate at the same place wait, to leave in one mail (BEY-9)."""

    NONE = 0, "A mail for each sighting"
    QUARTER = 15, "One more mail for all further sightings at the same place within 15 minutes"
    HOUR = 60, "One more mail for all further sightings at the same place within 1 hour"
    FOUR_HOURS = 240, "One more mail for all further sightings at the same place within 4 hours"
    DAY = 1440, "One more mail for all further sightings at the same place within 24 hours"


class AlertListQuerySet(models.QuerySet["AlertList"]):
    def visible_to(self, user: User) -> "AlertListQuerySet":
        """Lists are their owner's; sharing shares notifications, not the list."""
        return self.filter(owner=user)


class AlertList(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="alert_lists")
    name = models.CharField(max_length=100)
    scope = models.CharField(max_length=10, choices=Scope, default=Scope.SELF)
    users = models.ManyToManyField(settings.AUTH_USER_MODEL, blank=True, related_name="+")
    group = models.ForeignKey(UserGroup, on_delete=models.PROTECT, null=True, blank=True)
    collapse_minutes = models.PositiveSmallIntegerField("repeated sightings", choices=Collapse, default=Collapse.NONE)
    # Made for one plate alone: it goes with its entry.
    is_single_plate = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = AlertListQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(condition=Q(scope__in=Scope.values), name="alert_list_scope_is_listed"),
            models.CheckConstraint(condition=Q(collapse_minutes__in=Collapse.values), name="alert_list_collapse_is_listed"),
            models.CheckConstraint(condition=~Q(scope=Scope.GROUP) | Q(group__isnull=False),
                                   name="alert_list_group_is_named"),
        ]

    def __str__(self) -> str:
        return self.name
