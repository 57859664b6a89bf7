"""Drafts: an uploaded file between preview and confirmation, sealed, for an hour and for its owner alone (ALR-2, ALR-8).

A session, a cache or an address would keep plates where nothing erases them; a row of its own is erased when it is confirmed,
and by the clock.
"""

import base64
import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.utils.crypto import salted_hmac

from accounts.models import User
from alerts.models import UploadDraft
from alerts.spreadsheets import Row

LIFE = timedelta(hours=1)


class DraftNotFound(Exception):
    """No draft of this id of this user, or its hour is over."""


@dataclass(frozen=True)
class Draft:
    """What was uploaded.

    `mode` is a value of `uploads.Mode`; `alert_list` the list that an addition or a replacement is for; `columns` says which
    cell of a row is which of our columns, and is empty until it is known; `digest` is the file's SHA-256.
    """

    name: str
    mode: str
    alert_list: str
    scope: str
    users: list[int]
    group: int | None
    heading: list[str]
    rows: list[Row]
    columns: dict[str, int]
    digest: str


def keep(*, draft: Draft, owner: User, now: datetime) -> UUID:
    """Seal a draft for an hour and return its id."""
    return UploadDraft.objects.create(
        owner=owner, created_at=now, ends_at=now + LIFE, sealed=_sealed(draft)).pk


def opened(*, draft: UUID, by: User, now: datetime, for_update: bool = False) -> Draft:
    """The draft; `for_update` locks it until the open transaction ends.

    Raises:
        DraftNotFound: there is none, it is another user's, or its hour is over.
    """
    rows = UploadDraft.objects.open_to(by, now)
    row = (rows.select_for_update() if for_update else rows).filter(pk=draft).first()
    if row is None:
        raise DraftNotFound
    try:
        said = json.loads(_cipher().decrypt(bytes(row.sealed)))
    except InvalidToken as error:
        # The installation's key was changed meanwhile.
        raise DraftNotFound from error
    return Draft(**said | {"rows": [Row(*row) for row in said["rows"]]})


def set_columns(*, draft: UUID, columns: dict[str, int], by: User, now: datetime) -> None:
    """Say which cell is which column; the hour goes on.

    Raises:
        DraftNotFound: see `opened`.
    """
    known = replace(opened(draft=draft, by=by, now=now), columns=columns)
    UploadDraft.objects.open_to(by, now).filter(pk=draft).update(sealed=_sealed(known))


def erase(*, draft: UUID) -> None:
    UploadDraft.objects.filter(pk=draft).delete()


def erase_ended(*, now: datetime) -> int:
    """Erase the drafts whose hour is over, and return how many."""
    return UploadDraft.objects.filter(ends_at__lte=now).delete()[0]


def _sealed(draft: Draft) -> bytes:
    return _cipher().encrypt(json.dumps(asdict(draft)).encode())


def _cipher() -> MultiFernet:
    return MultiFernet([Fernet(base64.urlsafe_b64encode(
        salted_hmac("alerts.draft", "key", secret=key, algorithm="sha256").digest()))
        for key in [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]])
