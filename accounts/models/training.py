"""Courses and who completed them when: training gates access (ACC-7)."""

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from simple_history.models import HistoricalRecords

from accounts.models.notice import Notice
from accounts.models.user import User
from accounts.roles import Role


class CourseQuerySet(models.QuerySet["Course"]):
    def required_of(self, user: User) -> "CourseQuerySet":
        return self.filter(roles__contains=[user.role])

    def missing_for(self, user: User, now: datetime) -> "CourseQuerySet":
        valid = TrainingRecord.objects.filter(user=user, course=models.OuterRef("pk")).filter(
            models.Q(valid_until__isnull=True) | models.Q(valid_until__gt=now.date()))
        return self.required_of(user).filter(~models.Exists(valid))


class Course(models.Model):
    """A course that some roles must have completed; `interval_months` empty: once, before first access."""

    code = models.SlugField(max_length=50, unique=True)
    name = models.CharField(max_length=150)
    interval_months = models.PositiveSmallIntegerField(null=True, blank=True)
    roles = ArrayField(models.CharField(max_length=20, choices=Role))

    objects = CourseQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class TrainingRecordQuerySet(models.QuerySet["TrainingRecord"]):
    def visible_to(self, user: User) -> "TrainingRecordQuerySet":
        return self.filter(user__in=User.objects.visible_to(user))


class TrainingRecord(models.Model):
    """One completion; the latest counts. `valid_until` is exclusive."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="training_records")
    course = models.ForeignKey(Course, on_delete=models.PROTECT)
    completed_on = models.DateField()
    valid_until = models.DateField(null=True, blank=True)

    objects = TrainingRecordQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["-completed_on"]
        constraints = [
            models.UniqueConstraint(fields=["user", "course", "completed_on"], name="training_record_once_a_day"),
        ]

    def __str__(self) -> str:
        return f"{self.course} on {self.completed_on}"


class TrainingReminder(models.Model):
    """A reminder of the end of one completed course, once for each of the days before it; 0 is the day itself.

    `listed_at` of that last one: when the managers of the area were told that the course has lapsed.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    course = models.ForeignKey(Course, on_delete=models.CASCADE)
    valid_until = models.DateField()
    days = models.PositiveSmallIntegerField()
    notice = models.ForeignKey(Notice, on_delete=models.CASCADE)
    listed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["user", "course", "valid_until", "days"], name="training_reminder_once_a_stage"),
        ]
        indexes = [models.Index(fields=["user"], condition=models.Q(days=0, listed_at__isnull=True),
                                name="training_reminder_unlisted")]

    def __str__(self) -> str:
        return f"{self.days} days before the end of {self.course}"
