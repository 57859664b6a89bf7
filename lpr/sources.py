"""Who may deliver reads: sources with keys of their own (DAT-1). Of a key only a hash is kept.

A key is `pl_<prefix>_<secret>`. The prefix is public and finds the row; the secret has 256 random bits, so that a plain SHA-256
of it cannot be guessed back and needs no slow hash at every call.
"""

import hashlib
import hmac
import secrets
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from audit.context import Actor
from audit.events import Kind
from audit.record import record
from lpr.loading import ALIAS
from lpr.models import Source, SourceKey

SCHEME = "Source"
MOST_KEYS = 2
_MARK = "pl"
_NO_DIGEST = "0" * 64


class KeyRefused(Exception):
    """The key opens nothing; the message says why, for the record alone: whoever asks is told the same in every case."""


class TwoKeysAlready(ValueError):
    """Two keys of the source are valid: the old and the new one of a change. One has to be ended first (DAT-1)."""


def issue_key(*, source: Source, now: datetime, valid_until: datetime | None = None) -> str:
    """Make a key of a source and return it: it is shown this once.

    Args:
        source: whose key it is; its other key stays valid, so that the source can change over.
        now: the time of issue.
        valid_until: when it ends; None: when it is ended in the back office.

    Raises:
        ValueError: it would have ended before it was issued.
        TwoKeysAlready: end one of the two that are valid first.
    """
    if valid_until is not None and valid_until <= now:
        raise ValueError("A key must end in the future.")
    prefix, secret = secrets.token_hex(5), secrets.token_urlsafe(32)
    with transaction.atomic():
        # The source's row is the lock: two that issue at once do not make three.
        Source.objects.select_for_update().get(pk=source.pk)
        if valid_keys(source=source, now=now) >= MOST_KEYS:
            raise TwoKeysAlready("Two keys of this source are valid already. End the one that is not used any more first.")
        key = SourceKey.objects.create(source=source, prefix=prefix, digest=_digest(secret), valid_until=valid_until)
        record(Kind.RECORD_ADDED, model="lpr.sourcekey", object=str(key.pk), source=source.name)
    return f"{_MARK}_{prefix}_{secret}"


def valid_keys(*, source: Source, now: datetime) -> int:
    """How many keys of a source open it now."""
    return SourceKey.objects.filter(Q(valid_until__isnull=True) | Q(valid_until__gt=now), source=source).count()


def end_key(*, key: SourceKey, now: datetime) -> None:
    """End a key at once; what was delivered with it stays. One that has ended keeps the time of its end."""
    with transaction.atomic():
        if not SourceKey.objects.select_for_update().get(pk=key.pk).is_valid(now):
            return
        key.valid_until = now
        key.save(update_fields=["valid_until"])
        record(Kind.RECORD_CHANGED, model="lpr.sourcekey", object=str(key.pk), fields=["valid_until"])


def authenticate(header: str, *, now: datetime) -> Source:
    """The source that a header `Authorization: Source <key>` speaks for.

    Raises:
        KeyRefused: no such header, no such key, an ended key, or a source that is switched off.
    """
    scheme, _, key = header.partition(" ")
    mark, _, rest = key.strip().partition("_")
    prefix, _, secret = rest.partition("_")
    if scheme.lower() != SCHEME.lower() or mark != _MARK or not prefix or not secret:
        raise KeyRefused("no key was given")
    found = None
    if "\0" not in prefix:
        found = SourceKey.objects.using(ALIAS).select_related("source").filter(prefix=prefix).first()
    if not hmac.compare_digest(_digest(secret), found.digest if found else _NO_DIGEST) or found is None:
        raise KeyRefused("the key is not known")
    if not found.is_valid(now):
        raise KeyRefused("the key has ended")
    if not found.source.is_active:
        raise KeyRefused("the source is switched off")
    return found.source


def actor_of(source: Source) -> Actor:
    """Who acts in what a source delivers."""
    return Actor(id=None, name=f"source:{source.name}")


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
