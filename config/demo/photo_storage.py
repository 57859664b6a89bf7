"""The demo's photo store: equal photos of its history are one file of several names, because its 20,000 reads share 4,000
pictures."""

import contextlib
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage


class SharingStorage(FileSystemStorage):
    """A folder in which, while `sharing`, a photo whose equal was stored becomes a further name of that file (a hard link).

    Photos are written once and never changed; what is deleted is a name, and the file goes with its last. Where the file system
    makes no such links, or no more of one file, a photo is written out as ever.
    """

    # By digest the first file; None while nothing is shared.
    stored: ClassVar[dict[bytes, str] | None] = None

    @classmethod
    @contextlib.contextmanager
    def sharing(cls) -> Iterator[None]:
        """From the beginning to the end of the block, equal photos are shared, in all threads of this process.

        What the block stores is on the disk at its end, and not before: the demo's history is made up, and made again with
        `RESET=1` should the power go in its first minute.
        """
        cls.stored = {}
        try:
            yield
        finally:
            cls.stored = None
            os.sync()

    @property
    def settles_later(self) -> bool:
        return self.stored is not None

    def _save(self, name: str, content: Any) -> str:
        if self.stored is None:
            return super()._save(name, content)  # type: ignore[misc]
        data = content.read()
        digest = hashlib.sha256(data).digest()
        if digest in self.stored and self._linked(self.stored[digest], name):
            return name
        saved = super()._save(name, ContentFile(data))  # type: ignore[misc]
        self.stored[digest] = self.path(saved)
        return saved

    def _linked(self, first: str, name: str) -> bool:
        path = Path(self.path(name))
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            os.link(first, path)
        except OSError:
            return False
        return True
