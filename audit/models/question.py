"""A question about a query, and whether it is answered (AUD-8, BEY-4). What is asked and answered stands in the log alone."""

import uuid
from typing import Any

from django.conf import settings
from django.db import models

from audit import access
from audit.models.review import ReviewItem


class QuestionQuerySet(models.QuerySet["Question"]):
    def visible_to(self, user: Any) -> "QuestionQuerySet":
        """Those of disowned queries: of the area that asked, and of the person's who was named, as both read the query (AUD-3).
        A reviewer's own questions stand at the query of their review."""
        if not access.may_read(user):
            return self.none()
        found = self.filter(is_disowned=True)
        if access.sees_every_aor(user):
            return found
        return found.filter(models.Q(aor=user.aor_code) | models.Q(asked_by__aor__code=user.aor_code))


class Question(models.Model):
    """`asked` and `answered` are the events with the words. `is_disowned`: the named person opened it, else a reviewer did.

    `officer` asked the query and is asked about it; `item` is the query in the review that deals with it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    query = models.UUIDField()
    aor = models.CharField("area of responsibility", max_length=32, blank=True)
    officer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    item = models.OneToOneField(ReviewItem, on_delete=models.PROTECT, null=True, related_name="question")
    is_disowned = models.BooleanField(default=False)
    asked = models.UUIDField()
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    answered = models.UUIDField(null=True)
    answered_at = models.DateTimeField(null=True)

    objects = QuestionQuerySet.as_manager()

    class Meta:
        ordering = ["-asked_at"]
        indexes = [models.Index(fields=["officer", "-asked_at"], name="question_of_officer")]
        constraints = [
            models.UniqueConstraint(fields=["query"], condition=models.Q(is_disowned=True),
                                    name="question_disowned_once_a_query"),
        ]

    def __str__(self) -> str:
        return str(self.pk)
