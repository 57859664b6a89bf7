"""Drafts of uploaded files of plates: what is kept between preview and confirmation (ALR-2, ALR-8; `accounts.drafts`)."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from accounts import drafts
from accounts.drafts import DraftNotFound
from accounts.models import User
from accounts.spreadsheets import Row
from alerts.models import UploadDraft

__all__ = ["Draft", "DraftNotFound", "erase", "erase_ended", "keep", "opened", "set_columns"]


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

    @property
    def is_headed(self) -> bool:
        """Whether the first row of the file named the columns."""
        return any(self.heading)


def keep(*, draft: Draft, owner: User, now: datetime) -> UUID:
    """Seal a draft for an hour and return its id."""
    return drafts.keep(UploadDraft, said=vars(draft), owner=owner, now=now)


def opened(*, draft: UUID, by: User, now: datetime, for_update: bool = False) -> Draft:
    """The draft; `for_update` locks it until the open transaction ends.

    Raises:
        DraftNotFound: there is none, it is another user's, or its hour is over.
    """
    said = drafts.opened(UploadDraft, draft=draft, by=by, now=now, for_update=for_update)
    return Draft(**said | {"rows": [Row(*row) for row in said["rows"]]})


def set_columns(*, draft: UUID, columns: dict[str, int], by: User, now: datetime) -> None:
    """Say which cell is which column; the hour goes on.

    Raises:
        DraftNotFound: see `opened`.
    """
    known = replace(opened(draft=draft, by=by, now=now), columns=columns)
    drafts.replace(UploadDraft, draft=draft, said=vars(known), by=by, now=now)


def erase(*, draft: UUID) -> None:
    drafts.erase(UploadDraft, draft=draft)


def erase_ended(*, now: datetime) -> int:
    """Erase the drafts whose hour is over, and return how many."""
    return drafts.erase_ended(UploadDraft, now=now)
