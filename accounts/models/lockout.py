"""Failed attempts of one username, known or unknown: one row for all secrets together (ACC-12, decision 11)."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from accounts.models.user import User


class LockoutQuerySet(models.QuerySet["Lockout"]):
    def visible_to(self, user: User) -> "LockoutQuerySet":
        """The rows of accounts that `user` may see; what was typed for an unknown name is nobody's."""
        return self.filter(username__in=User.objects.visible_to(user).values("username"))


class Lockout(models.Model):
    """`attempts` are the times of those reserved and not yet known to be right; a success empties it.

    `username` is the account's; of a name that is nobody's only a digest is kept, since people type passwords there.
    """

    username = models.CharField(max_length=150, unique=True)
    attempts = ArrayField(models.DateTimeField(), default=list)
    locked_at = models.DateTimeField(null=True, blank=True)
    told_at = models.DateTimeField("owner and managers told at", null=True, blank=True)

    objects = LockoutQuerySet.as_manager()

    class Meta:
        ordering = ["-locked_at"]

    def __str__(self) -> str:
        return self.username
