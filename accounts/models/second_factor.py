"""What a person has besides the password: an authenticator app, passkeys, recovery codes (BEY-1).

None of it is kept in a history: a replaced factor is gone.
"""

import base64
from datetime import timedelta

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.db import models
from django.utils.crypto import salted_hmac

from accounts.models.user import User


def _cipher() -> MultiFernet:
    """Keys of apps are sealed with the installation's key, so that a copy of the database alone makes no codes."""
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(
        salted_hmac("accounts.authenticator", "key", secret=key, algorithm="sha256").digest())) for key in keys])


class Authenticator(models.Model):
    """The app of a user: the one that counts (`confirmed_at`), and the one that is being set up."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="authenticators")
    sealed_key = models.TextField(editable=False)
    made_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True)
    # The time step of the last code that was taken: that code, and every earlier one, is spent.
    last_step = models.BigIntegerField(default=-1)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user"], condition=models.Q(confirmed_at__isnull=False),
                                    name="authenticator_one_that_counts"),
            models.UniqueConstraint(fields=["user"], condition=models.Q(confirmed_at__isnull=True),
                                    name="authenticator_one_being_set_up"),
        ]

    def __str__(self) -> str:
        return f"authenticator app of {self.user}"

    @property
    def key(self) -> bytes:
        return _cipher().decrypt(self.sealed_key.encode())

    @key.setter
    def key(self, key: bytes) -> None:
        self.sealed_key = _cipher().encrypt(key).decode()


class RecoveryCode(models.Model):
    """One of ten codes for the day on which the phone is gone; each opens once."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="recovery_codes")
    digest = models.CharField(max_length=64, unique=True)
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"recovery code of {self.user}"


class Passkey(models.Model):
    """The public half of a key that never leaves its owner's device."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="passkeys")
    name = models.CharField(max_length=60)
    credential_id = models.BinaryField(unique=True, max_length=1023)
    public_key = models.BinaryField()
    sign_count = models.BigIntegerField()
    made_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["made_at"]

    def __str__(self) -> str:
        return self.name


class PasskeyChallenge(models.Model):
    """What a passkey is asked to sign: once, and within five minutes."""

    LIFE = timedelta(minutes=5)

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    purpose = models.CharField(max_length=8, choices=[("register", "register"), ("enter", "enter")])
    challenge = models.BinaryField(unique=True, max_length=64)
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.purpose
