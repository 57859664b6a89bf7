"""The sealing of the log: what was appended goes from the queue into the tree, and the tree's root is signed (BEY-2).

The queue is emptied, never read from "the last id" on: an event that commits late is sealed late, and none is missed. One
sealer works at a time, and never a second root is given out for one size: before it seals, it compares the database with what
was signed last, and with the checkpoint that was given out last, which stands in a file outside of the database.
"""

import contextlib
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.db import connections, transaction

from audit import signing, verifier
from audit.events import Kind
from audit.record import record_durably
from audit.tree import EMPTY_ROOT, Node, NotStored, Read, Tree

BATCH = 20_000
_ONLY_SEALER = 7303020
# A checkpoint among other text: name, size, root, time, and the line of its signature.
_NOTE = re.compile(r"^[^\s+]+\n[0-9]+\n[A-Za-z0-9+/=]+\ntime [0-9]+\n\n\u2014 [^\s+]+ [A-Za-z0-9+/=]+\n", re.M)


class SealRefused(Exception):
    """Sealing would give out a second root for one size, or build on a tree that was changed; the message says which."""


@dataclass(frozen=True)
class Sealed:
    """A checkpoint: `count` events were added to reach `size`."""

    size: int
    root: bytes
    count: int
    note: str


@dataclass(frozen=True)
class State:
    """How far the sealing is. `waiting_since` is the time of the oldest event that no seal covers yet."""

    size: int
    sealed_at: datetime | None
    waiting_since: datetime | None


def seal(*, now: datetime, limit: int = BATCH) -> Sealed | None:
    """Seal what is in the queue, up to `limit` events, oldest first; None where nothing waits or another sealer is at work.

    Raises:
        SealRefused: the tree in the database is not the one that was signed, or is older than what was given out.
        OSError: what was given out cannot be read or written.
        signing.SigningKeyMissing: there is no key to sign with.
    """
    with _only_sealer() as alone:
        if not alone:
            return None
        return _seal_and_give_out(signing.own_key(), now, limit)


def seal_all(*, now: datetime) -> Iterator[Sealed]:
    """Seal until the queue is empty, one checkpoint for each batch."""
    while sealed := seal(now=now):
        yield sealed


def rotate_key(*, now: datetime) -> signing.SigningKey:
    """Replace the signing key. The event that names both keys is sealed by the old key before the new one signs anything, so
    that whoever trusts the old key can trust the new one by it.

    Raises:
        SealRefused: another sealer is at work just now, or the tree may not be sealed.
        signing.SigningKeyMissing: there is no key to replace.
    """
    def announce(old: signing.SigningKey, new: signing.SigningKey) -> None:
        record_durably(Kind.SIGNING_KEY_ROTATED, using="sealer", old=old.verifier_key, new=new.verifier_key)
        while _seal_and_give_out(old, now):
            pass

    with _only_sealer() as alone:
        if not alone:
            raise SealRefused("Another sealer is at work: try again in a moment.")
        return signing.replace_key(announce)


def state(*, using: str = "default") -> State:
    """For readiness and alarms; opens no event."""
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT size, sealed_at, waiting_since FROM audit.seal_state()")
        size, sealed_at, waiting_since = cursor.fetchone()
    return State(size or 0, sealed_at, waiting_since)


def given_out() -> verifier.Checkpoint | None:
    """The last checkpoint given out, as the file beside the key has it; None where nothing was, or an operator moved it away.

    Raises:
        SealRefused: the file holds something else.
        OSError: it cannot be read, which says nothing of the log.
    """
    try:
        note = _latest_file().read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError as error:
        raise SealRefused(f"{_latest_file()} does not hold a checkpoint of ours: {error}.") from error
    try:
        return verifier.open_checkpoint(note, signing.trusted_keys())
    except verifier.NotProven as error:
        raise SealRefused(f"{_latest_file()} does not hold a checkpoint of ours: {error}.") from error


def kept(text: str) -> verifier.Checkpoint:
    """The checkpoint that somebody kept: its four lines with their signature, or the whole mail that brought it.

    Raises:
        verifier.NotProven: there is none, or no key of this log signed it.
    """
    found = _NOTE.search(text.replace("\r\n", "\n") + "\n")
    if not found:
        raise verifier.NotProven("no checkpoint stands there: it is four lines, an empty one and a signature, as mailed")
    return verifier.open_checkpoint(found[0], signing.trusted_keys())


def reader(alias: str) -> Read:
    """How the tree is read from the database through the login `alias`."""
    def read(level: int, start: int, count: int) -> Sequence[bytes]:
        statement = ("SELECT leaf FROM audit.sealed_leaf WHERE index >= %s AND index < %s ORDER BY index" if level == 0 else
                     "SELECT hash FROM audit.node WHERE level = %s AND index >= %s AND index < %s ORDER BY index")
        with connections[alias].cursor() as cursor:
            cursor.execute(statement, [start, start + count] if level == 0 else [level, start, start + count])
            return [bytes(hash) for (hash,) in cursor.fetchall()]

    return read


@contextlib.contextmanager
def _only_sealer() -> Iterator[bool]:
    """Whether this process alone seals. The lock outlasts the transaction, so that checkpoints are given out in order."""
    with connections["sealer"].cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_ONLY_SEALER])
        alone = cursor.fetchone()[0]
        try:
            yield alone
        finally:
            if alone and connections["sealer"].is_usable():
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_ONLY_SEALER])


def _seal_and_give_out(key: signing.SigningKey, now: datetime, limit: int = BATCH) -> Sealed | None:
    with transaction.atomic(using="sealer", durable=True):
        sealed = _seal_batch(key, now, limit)
    if sealed:
        _give_out(sealed.note)
    return sealed


def _seal_batch(key: signing.SigningKey, now: datetime, limit: int) -> Sealed | None:
    tree = _signed_tree()
    leaves = _take(tree.size, limit)
    if not leaves:
        return None
    nodes = tree.extend(leaves)
    root, at = tree.root(), now.astimezone(UTC)
    note = signing.sign(key, size=tree.size, root=root, at=at)
    _store(nodes, tree.size, root, at, note, key.verifier_key)
    return Sealed(tree.size, root, len(leaves), note)


def _signed_tree() -> Tree:
    """The tree as it stands, compared with what was signed and with what was given out."""
    with connections["sealer"].cursor() as cursor:
        cursor.execute("SELECT size, root FROM audit.checkpoint ORDER BY size DESC LIMIT 1")
        size, root = cursor.fetchone() or (0, EMPTY_ROOT)
        given = given_out()
        if given:
            cursor.execute("SELECT root FROM audit.checkpoint WHERE size = %s", [given.size])
            known = cursor.fetchone()
            if known is None or bytes(known[0]) != given.root:
                raise SealRefused(f"The checkpoint of {given.size} events that was given out is not in the database, which "
                                  f"ends at {size}: it was restored from an older copy or changed.")
    with contextlib.suppress(NotStored):
        tree = Tree.stored(size, reader("sealer"))
        if tree.root() == bytes(root):
            return tree
    raise SealRefused(f"The tree in the database is not the one whose root was signed at {size} events.")


def _take(size: int, limit: int) -> list[bytes]:
    """Move the oldest of the queue behind the tree's last leaf, and return their hashes in order."""
    with connections["sealer"].cursor() as cursor:
        cursor.execute(
            "WITH taken AS (DELETE FROM audit.unsealed WHERE ctid = ANY (ARRAY("
            "   SELECT ctid FROM audit.unsealed ORDER BY at, id LIMIT %s)) RETURNING at, id, leaf),"
            " moved AS (INSERT INTO audit.sealed_leaf (index, at, id, leaf)"
            "   SELECT %s + row_number() OVER (ORDER BY at, id) - 1, at, id, leaf FROM taken ORDER BY at, id"
            "   RETURNING index, leaf)"
            " SELECT leaf FROM moved ORDER BY index", [limit, size])
        return [bytes(leaf) for (leaf,) in cursor.fetchall()]


def _store(nodes: list[Node], size: int, root: bytes, at: datetime, note: str, key: str) -> None:
    with connections["sealer"].cursor() as cursor:
        if nodes:
            levels, indexes, hashes = (list(column) for column in zip(*nodes, strict=True))
            cursor.execute("INSERT INTO audit.node (level, index, hash)"
                           " SELECT * FROM unnest(%s::smallint[], %s::bigint[], %s::bytea[])", [levels, indexes, hashes])
        cursor.execute("INSERT INTO audit.checkpoint (size, root, at, signed_note, key) VALUES (%s, %s, %s, %s, %s)",
                       [size, root, at, note, key])


def _latest_file() -> Path:
    file = Path(settings.AUDIT_SIGNING_KEY_FILE)
    return file.with_name(f"{file.name}.latest")


def _give_out(note: str) -> None:
    draft = _latest_file().with_suffix(".draft")
    with open(draft, "w", encoding="utf-8") as opened:
        opened.write(note)
        opened.flush()
        os.fsync(opened.fileno())
    draft.replace(_latest_file())
