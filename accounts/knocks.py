"""How often an address may call at a door that is open to everybody (ACC-4).

Each call is counted before anything is done with it, so that fifty at once are fifty.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.utils.crypto import salted_hmac

from accounts.models import Knock

WINDOW = timedelta(hours=1)


class TooMany(Exception):
    """This address called too often within the hour; answered as 429."""

    retry_after = int(WINDOW.total_seconds())


def count(*, door: str, address: str, now: datetime) -> None:
    """Count one call.

    Args:
        door: which one; "request" is that of the request form.
        address: of the caller, as our own proxies saw it; kept as a keyed digest.
        now: the moment of the call.

    Raises:
        TooMany: the address has used up its calls of this hour.
    """
    digest = salted_hmac("accounts.knocks", address, algorithm="sha256").hexdigest()
    Knock.objects.create(door=door, address=digest, made_at=now)
    calls = Knock.objects.filter(door=door, address=digest, made_at__gt=now - WINDOW)
    # Two more than the limit say as much as two million.
    if len(calls.values_list("pk")[: settings.KNOCKS_PER_HOUR + 1]) > settings.KNOCKS_PER_HOUR:
        raise TooMany


def forget(*, now: datetime) -> int:
    """Drop what no count needs any more; return how many."""
    return Knock.objects.filter(made_at__lte=now - WINDOW).delete()[0]
