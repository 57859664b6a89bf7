"""Drafts: an uploaded file between preview and confirmation, sealed, for an hour and for its owner alone (ACC-7, ALR-2, ALR-8).

A session, a cache or an address would keep names and plates where nothing erases them; a row of its own is erased when it is
confirmed, and by the clock. What is in it is JSON of whoever keeps it.
"""

import base64
import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import transaction
from django.utils.crypto import salted_hmac

from accounts.models import SealedDraft, User
from audit.events import Kind
from audit.record import record

LIFE = timedelta(hours=1)


class DraftNotFound(Exception):
    """No draft of this id of this user, or its hour is over."""


def keep(kind: type[SealedDraft], *, said: dict[str, Any], owner: User, now: datetime) -> UUID:
    """Seal what was said for an hour and return the draft's id."""
    return kind._default_manager.create(owner=owner, created_at=now, ends_at=now + LIFE, sealed=_sealed(said)).pk


def opened(kind: type[SealedDraft], *, draft: UUID, by: User, now: datetime, for_update: bool = False) -> dict[str, Any]:
    """What was said; `for_update` locks it until the open transaction ends.

    Raises:
        DraftNotFound: there is none, it is another user's, or its hour is over.
    """
    rows = kind._default_manager.open_to(by, now)
    row = (rows.select_for_update() if for_update else rows).filter(pk=draft).first()
    if row is None:
        raise DraftNotFound
    try:
        return json.loads(_cipher().decrypt(bytes(row.sealed)))
    except InvalidToken as error:
        # The installation's key was changed meanwhile.
        raise DraftNotFound from error


def replace(kind: type[SealedDraft], *, draft: UUID, said: dict[str, Any], by: User, now: datetime) -> None:
    """Say something else in a draft; its hour goes on."""
    kind._default_manager.open_to(by, now).filter(pk=draft).update(sealed=_sealed(said))


def erase(kind: type[SealedDraft], *, draft: UUID) -> None:
    kind._default_manager.filter(pk=draft).delete()


def erase_ended(kind: type[SealedDraft], *, now: datetime) -> int:
    """Erase the drafts whose hour is over, on record, and return how many."""
    with transaction.atomic():
        erased = kind._default_manager.filter(ends_at__lte=now).delete()[0]
        if erased:
            record(Kind.DRAFTS_ERASED, drafts=kind._meta.label_lower, count=erased)
    return erased


def _sealed(said: dict[str, Any]) -> bytes:
    return _cipher().encrypt(json.dumps(said).encode())


def _cipher() -> MultiFernet:
    return MultiFernet([Fernet(base64.urlsafe_b64encode(
        salted_hmac("accounts.draft", "key", secret=key, algorithm="sha256").digest()))
        for key in [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]])
