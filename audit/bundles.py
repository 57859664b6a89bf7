"""Bundles: a search of the record with the proofs that an outsider checks without us (BEY-2).

The lines are those of audit.verifier. What was found is committed to before it leaves: an event with count and digest is recorded
and sealed, and its own proof ends the bundle, so that nothing can be left out, added or moved afterwards.
"""

import base64
import contextlib
import hashlib
import json
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

from django.db import connections
from kombu.exceptions import OperationalError

from audit import seals, signing, verifier
from audit.events import Kind
from audit.record import record_durably
from audit.search import SearchNotFound, owner_of
from audit.tree import Prover

MOST = 10_000
STEP = 1000


class TooManyEvents(Exception):
    """The search found more than one bundle holds; the message says how many it may hold."""


class NotYetSealed(Exception):
    """The events are not sealed within the time that a request may wait."""


@dataclass(frozen=True)
class Event:
    """A sealed event with what its leaf is computed from."""

    at: datetime
    id: UUID
    xact: str
    kind: str
    nonce: bytes
    payload: str

    @property
    def leaf(self) -> bytes:
        return verifier.leaf_hash(str(self.id), signing.microseconds(self.at), self.xact, self.kind, self.nonce, self.payload)

    def line(self, index: int, proof: Sequence[bytes]) -> bytes:
        return _line({
            "at": signing.microseconds(self.at), "id": str(self.id), "index": index, "kind": self.kind,
            "nonce": _base64(self.nonce), "payload": self.payload, "proof": [_base64(hash) for hash in proof],
            "xact": self.xact})


def make(*, search: UUID, user_id: int | None, wait_seconds: float) -> bytes:
    """The bundle of a search, for its searcher; each page read and the bundle itself are recorded.

    Args:
        search: the id of the search.
        user_id: who asks; a search opens for its searcher alone.
        wait_seconds: how long the seal may take.

    Raises:
        SearchNotFound: no such search of this person.
        TooManyEvents: more than MOST were found.
        NotYetSealed: the sealer did not come in time.
        audit.record.AuditUnavailable: it could not be recorded.
    """
    if user_id is None or owner_of(search) != user_id:
        raise SearchNotFound
    found = list(_found(search))
    digest = hashlib.sha256(b"".join(event.leaf for event in found)).hexdigest()
    made = record_durably(Kind.AUDIT_BUNDLED, search=search, count=len(found), digest=digest).id
    begun, making = rows("SELECT at, id, xact, kind, nonce, payload FROM audit.proof_of_bundle(%s::uuid)", [made])
    wait_for_seal(made, wait_seconds)
    return b"".join(lines([begun, *found, making]))


def _found(search: UUID) -> Iterator[Event]:
    """All that the search finds, newest first. Each thousand is a look of its own, because a look opens for a minute."""
    last: Event | None = None
    for number in range(1, MOST // STEP + 2):
        look = record_durably(Kind.AUDIT_VIEWED, search=search, page=number, purpose="bundle").id
        page = rows("SELECT at, id, xact, kind, nonce, payload"
                    " FROM audit.proof_page(%s::uuid, %s::timestamptz, %s::uuid, %s::integer)",
                    [look, last and last.at, last and last.id, STEP])
        if page and number * STEP > MOST:
            raise TooManyEvents(f"This search found more than {MOST:,} events, and a bundle holds no more. Search for less.")
        yield from page
        if len(page) < STEP:
            return
        last = page[-1]


def lines(events: Iterable[Event]) -> Iterator[bytes]:
    """The lines of sealed events with their proofs, after that of the newest checkpoint; read by thousands as they are taken."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT size, signed_note, key FROM audit.checkpoint ORDER BY size DESC LIMIT 1")
        size, note, key = cursor.fetchone()
    prover = Prover(size, seals.reader("default"))
    yield _line({"bundle": verifier.FORMAT, "checkpoint": note, "key": key})
    left = iter(events)
    while step := list(islice(left, STEP)):
        indexes = _indexes(step)
        for event in step:
            yield event.line(indexes[event.id], prover.inclusion(indexes[event.id]))


def _indexes(events: Sequence[Event]) -> dict[UUID, int]:
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT id, index FROM audit.sealed_leaf WHERE id = ANY(%s::uuid[])", [[event.id for event in events]])
        return dict(cursor.fetchall())


def wait_for_seal(event: UUID, seconds: float) -> None:
    """Until `event` is in the tree. What was read before it was recorded waits in front of it, so it is sealed too."""
    from audit.tasks import seal

    with contextlib.suppress(OperationalError):
        seal.apply_async(retry=False)
    end = time.monotonic() + seconds
    with connections["default"].cursor() as cursor:
        while True:
            cursor.execute("SELECT FROM audit.sealed_leaf WHERE id = %s::uuid", [event])
            if cursor.rowcount:
                return
            if time.monotonic() > end:
                raise NotYetSealed("The record is sealed every ten seconds, and the seal is late. Try again in a minute.")
            time.sleep(0.2)


def rows(statement: str, parameters: list[Any]) -> list[Event]:
    """The events that one of the doors to proofs gives out."""
    with connections["default"].cursor() as cursor:
        cursor.execute(statement, parameters)
        return [Event(at, id, xact, kind, bytes(nonce), payload) for at, id, xact, kind, nonce, payload in cursor.fetchall()]


def _line(facts: dict[str, Any]) -> bytes:
    return (json.dumps(facts, ensure_ascii=False, sort_keys=True, separators=(",", ":")) + "\n").encode()


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
