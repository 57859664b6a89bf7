"""Where photos of reads lie: Django's storage, under names made from the record id, written once and never over another."""

import os
import posixpath
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import get_args
from urllib.parse import unquote, urljoin
from uuid import UUID

from django.conf import settings
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, default_storage, storages

from lpr import photos
from lpr.photos import Photo

INBOX = "incoming/"
"""The part of the store into which the operator puts photos that deliveries name by address, one folder for each source."""


_SETTLED_AT_ONCE = 16


class PhotoNotFetched(ValueError):
    """The address of a photo is not in the operator's own store, or nothing is there; the message is a plain sentence."""


class OtherPhotoThere(Exception):
    """Under the name of this record lies another photo: two deliveries of one record id with other content."""


def save(record_id: UUID, checked: Photo) -> str:
    """Store a photo of a read and return its name. Before the read is committed, `settle` makes it outlast a power cut.

    Raises:
        OtherPhotoThere: one with other content is there; it stays.
    """
    wanted = photos.name(record_id, checked.kind)
    given = default_storage.save(wanted, ContentFile(checked.jpeg))
    if given == wanted:
        return wanted
    # The storage made way for a photo that was there first.
    default_storage.delete(given)
    with default_storage.open(wanted) as there:
        if there.read() != checked.jpeg:
            raise OtherPhotoThere(wanted)
    return wanted


def settle(names: Collection[str]) -> None:
    """Return once the disk has these photos and the folders that name them: an acknowledged read keeps its photos whatever
    happens to the power (DAT-3). Photos that lay there before count as well: they may be of a delivery that was cut off.

    A store elsewhere has a photo once it has taken it; one that `settles_later` does this for many deliveries at once. Files go
    first, all at once, so that the disk writes them together.
    """
    store = storages["default"]
    if not names or not isinstance(store, FileSystemStorage) or getattr(store, "settles_later", False):
        return
    files = [Path(default_storage.path(name)) for name in names]
    # A storage may keep equal photos as one file of several names: it is written once.
    different = {(found.st_dev, found.st_ino): file for file in files for found in [file.stat()]}
    with ThreadPoolExecutor(max_workers=_SETTLED_AT_ONCE) as threads:
        list(threads.map(_to_disk, different.values()))
        list(threads.map(_to_disk, {folder for file in files for folder in _folders(file)}))


def _folders(file: Path) -> Iterator[Path]:
    """The folders from a photo's own up to that of the whole store: each may be new, and is named by the one above."""
    top = Path(default_storage.path(""))
    for folder in file.parents:
        yield folder
        if folder == top:
            return


def _to_disk(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def erase(record_id: UUID) -> None:
    """Erase the photos of a read, as far as they are there (DAT-8)."""
    for kind in get_args(photos.Kind):
        default_storage.delete(photos.name(record_id, kind))


def fetch(url: str, *, source_name: str) -> bytes:
    """The content of a photo that a delivery names by its address in the operator's own store. Nothing is ever fetched over
    the network: a delivery must not make the service call anybody.

    Args:
        url: the address; it must lie under MEDIA_URL, in the source's own folder of the inbox.
        source_name: whose folder.

    Raises:
        PhotoNotFetched: it lies elsewhere, or nothing is there.
    """
    own = f"{INBOX}{source_name}/"
    folder = urljoin(settings.SITE_URL, f"{settings.MEDIA_URL}{own}")
    name = own + unquote(url.removeprefix(folder))
    inside = posixpath.normpath(name) == name and "\\" not in name
    if not folder.startswith(("http://", "https://")) or not url.startswith(folder) or not inside:
        raise PhotoNotFetched("The photo's address is not in the operator's photo store.")
    try:
        with default_storage.open(name) as file:
            return file.read(photos.MOST_BYTES + 1)
    except (OSError, ValueError, SuspiciousFileOperation) as error:
        raise PhotoNotFetched("There is no photo at this address of the operator's photo store.") from error
