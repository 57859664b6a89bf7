"""Accounts with a second factor, as the tests need them."""

from datetime import datetime

from django_otp.oath import hotp

from accounts import second_factor
from accounts.models import Authenticator, User


def bound(user: User, now: datetime) -> bytes:
    """Give `user` an authenticator app none of whose codes is spent; the answer is its key."""
    app = second_factor.being_set_up(user=user, now=now)
    Authenticator.objects.filter(pk=app.pk).update(confirmed_at=now)
    return app.key


def code(key: bytes, now: datetime, *, steps: int = 0) -> str:
    """What the app shows `steps` half minutes from `now`."""
    return f"{hotp(key, int(now.timestamp()) // 30 + steps):06d}"
