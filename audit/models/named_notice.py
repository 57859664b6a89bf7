"""A person is told that a query was made in their name, and may disown it (QRY-5, BEY-4)."""

import uuid

from django.conf import settings
from django.db import models


class NamedNotice(models.Model):
    """`query` is the attempt's event. `is_only_match`: no other account bears the name that was entered."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    query = models.UUIDField()
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    is_only_match = models.BooleanField()
    made_at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True)
    disowned_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-made_at"]
        indexes = [models.Index(fields=["person", "-made_at"], name="named_notice_of_person")]
        constraints = [models.UniqueConstraint(fields=["query", "person"], name="named_notice_once_a_person")]

    def __str__(self) -> str:
        return str(self.pk)
