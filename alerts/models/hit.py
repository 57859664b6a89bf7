"""A new read that matched an entry, with all that a mail or a page needs to say of it (ALR-5).

What is shown is copied from the read when it is stored, so that a mail needs no door to the store of reads.
"""

import uuid

from django.conf import settings
from django.db import models

from accounts.models import User
from alerts.models.entry import Entry
from alerts.models.notification import Notification, NotificationKind
from alerts.models.recipient import Reader, Recipient


class Disposition(models.TextChoices):
    CONFIRMED = "confirmed", "Confirmed"
    MISREAD = "misread", "Misread"
    NO_INTEREST = "no_interest", "No longer of interest"


class HitQuerySet(models.QuerySet["Hit"]):
    def visible_to(self, user: User) -> "HitQuerySet":
        """The hits of the user's own entries, also those made for an earlier owner (ALR-11), and those that `user` was notified
        of and still may know of (ACC-16)."""
        of_entry = {"entry_id": models.OuterRef("entry_id")}
        told = Notification.objects.filter(recipient=user, plate=models.OuterRef("plate"),
                                           record_id=models.OuterRef("record_id"), **of_entry)
        is_recipient = models.Exists(Recipient.objects.filter(user=user, **of_entry))
        # One hit that its owner shared is seen whoever else is told of the list (ALR-4).
        return self.filter(models.Exists(Reader.objects.filter(user=user)),
                           models.Q(owner=user)
                           | models.Exists(told.filter(kind=NotificationKind.HIT)) & is_recipient
                           | models.Exists(told.filter(kind=NotificationKind.SHARED)))


class Hit(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, db_constraint=False, related_name="hits")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    record_id = models.UUIDField()
    plate = models.CharField(max_length=10, db_collation="C")
    state = models.CharField(max_length=2, db_collation="C")
    hit_at = models.DateTimeField()
    captured_at = models.DateTimeField()
    zone = models.CharField(max_length=64)
    latitude = models.FloatField()
    longitude = models.FloatField()
    address = models.CharField(max_length=200)
    intersection = models.CharField(max_length=200)
    place_state = models.CharField(max_length=2)
    source = models.CharField(max_length=150)
    camera = models.CharField(max_length=200)
    make = models.CharField(max_length=200)
    model = models.CharField(max_length=200)
    # What became of it, as somebody says who was told; the loader's statement knows nothing of these.
    disposition = models.CharField(max_length=20, choices=Disposition, blank=True, db_default="")
    action_taken = models.CharField(max_length=300, blank=True, db_default="")
    disposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    disposed_at = models.DateTimeField(null=True)

    # `corrected` or `withdrawn` where the read turned out to be wrong, and whether plate and state were right all the same, as of
    # the moment of looking (alerts.hits.mark); no columns.
    marked = ""
    plate_stays = False

    objects = HitQuerySet.as_manager()

    class Meta:
        ordering = ["-hit_at"]
        constraints = [
            models.UniqueConstraint(fields=["plate", "entry", "record_id"], name="hit_once_for_entry_and_read"),
        ]
        indexes = [models.Index(fields=["hit_at"], name="hit_by_age")]

    def __str__(self) -> str:
        return str(self.id)
