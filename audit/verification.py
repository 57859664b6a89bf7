"""The check of the whole log against its seals (AUD-2, BEY-2).

Every leaf is computed anew from its event's row, every column compared with the payload that was hashed, the tree grown leaf by
leaf and compared with each signed checkpoint. It runs with a login that reads and writes nothing, in one snapshot, so that the
log may grow meanwhile; it trusts the public keys beside the signing key, and nothing that the database says of itself.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg
from django.db import connections, transaction

from audit import signing, verifier
from audit.events import Kind
from audit.tree import Node, Tree

CHUNK = 20_000
# What audit.append copies out of the payload into columns, and how the payload's values are written there.
COPIED = ("actor_id", "actor", "aor", "on_behalf_of", "plate", "state", "reason", "query")
_EVENT = ("e.id::text, (extract(epoch FROM e.at) * 1000000)::bigint, e.xact::text, e.kind, e.nonce, e.leaf, e.payload,"
          " e.actor_id::text, e.actor, e.aor, e.on_behalf_of, e.plate, e.state, e.reason, e.query::text")
_TIME = "(extract(epoch FROM l.at) * 1000000)::bigint"
_SEALED = (f"SELECT l.index, l.id::text, l.leaf, {_TIME}, {_EVENT} FROM audit.sealed_leaf l"  # noqa: S608  # nosec B608
           " LEFT JOIN audit.event e ON e.at = l.at AND e.id = l.id WHERE l.index >= %s AND l.index < %s ORDER BY l.index")
_WAITING = (f"SELECT -1, u.id::text, u.leaf, 0, {_EVENT} FROM audit.unsealed u"  # noqa: S608  # nosec B608
            " LEFT JOIN audit.event e ON e.at = u.at AND e.id = u.id ORDER BY u.at, u.id")
_EXTRA = ("SELECT e.id FROM audit.event e"
          " WHERE NOT EXISTS (SELECT FROM audit.sealed_leaf l WHERE l.id = e.id AND l.at = e.at)"
          " AND NOT EXISTS (SELECT FROM audit.unsealed u WHERE u.id = e.id AND u.at = e.at) ORDER BY e.at, e.id LIMIT 1")
# What speaks for months that were dropped outlives its own month there.
_KEPT = (f"SELECT -1, e.id::text, e.leaf, (extract(epoch FROM e.at) * 1000000)::bigint, {_EVENT}"  # noqa: S608  # nosec B608
         " FROM audit.kept_event e")
_ANNOUNCED = ("SELECT payload FROM audit.event WHERE kind = %s UNION ALL"
              " SELECT payload FROM audit.kept_event WHERE kind = %s")

_PLANNER = ("SELECT set_config('enable_hashjoin', %s, true), set_config('enable_mergejoin', %s, true),"
            " set_config('enable_seqscan', %s, true)")


class Mismatch(Exception):
    """The log is not what was sealed; the message names the first bad event or checkpoint."""


@dataclass(frozen=True)
class Verified:
    """What was found to hold. Of `events`, `dropped` went lawfully at the end of their retention."""

    events: int
    dropped: int
    checkpoints: int
    unsealed: int
    root: bytes


@dataclass(frozen=True)
class _Row:
    """A leaf with its event. Without an event, all from `id` on is None."""

    index: int
    sealed_id: str
    sealed_leaf: bytes
    sealed_at: int
    id: str
    at: int
    xact: str
    kind: str
    nonce: bytes
    leaf: bytes
    payload: str
    copied: Sequence[str | None]

    @classmethod
    def of(cls, row: tuple) -> "_Row":
        return cls(*(*row[:11], row[11:]))


def verify(*, progress: Callable[[int, int], None] | None = None) -> Verified:
    """Check every event, seal and signature.

    Args:
        progress: told, as (done, total), how many sealed events are checked of how many.

    Raises:
        Mismatch: at the first that is not what was sealed.
        signing.SigningKeyMissing: no public key is known.
    """
    keys = signing.trusted_keys()
    with _snapshot() as cursor:
        tree, nodes, checkpoints, gaps = Tree(), [], _Checkpoints(cursor, keys), verifier.Gaps()
        total = checkpoints.last_size
        for index, leaf in _sealed_leaves(cursor, gaps):
            if index != tree.size:
                raise Mismatch(f"Leaf {tree.size} of the tree is missing.")
            nodes += tree.append(leaf)
            checkpoints.compare(tree)
            if progress and tree.size % CHUNK == 0:
                progress(tree.size, total)
        if tree.size != total:
            raise Mismatch(f"The last checkpoint covers {total} events, and {tree.size} are in the tree.")
        if progress:
            progress(tree.size, total)
        _compare_nodes(cursor, nodes)
        try:
            dropped = gaps.check(checkpoints.roots)
        except verifier.NotProven as error:
            raise Mismatch(str(error)) from error
        unsealed = _check_waiting(cursor)
        _refuse_extra(cursor)
    return Verified(tree.size, dropped, checkpoints.count, unsealed, tree.root())


def announced_months(cursor: Any) -> set[str]:
    """The months (as 2019-03) that were ever announced to be dropped: an event that is missing from any other is named at once.

    Args:
        cursor: of a login that reads the log.
    """
    cursor.execute(_ANNOUNCED, [Kind.MONTHS_ANNOUNCED] * 2)
    found: set[str] = set()
    for (payload,) in cursor.fetchall():
        # A payload that was altered is found where its event is checked.
        with suppress(ValueError, TypeError, KeyError):
            found |= {item["month"] for item in json.loads(payload)["details"]["months"]}
    return found


@contextmanager
def _snapshot() -> Iterator[psycopg.Cursor]:
    with transaction.atomic(using="auditor", durable=True):
        connections["auditor"].ensure_connection()
        # Rows in the binary form: half the time of texts.
        with psycopg.Cursor(connections["auditor"].connection) as cursor:
            cursor.format = psycopg.pq.Format.BINARY
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            # Before the snapshot: no month goes while it is read.
            cursor.execute("LOCK TABLE audit.event IN ACCESS SHARE MODE")
            yield cursor


def _sealed_leaves(cursor: psycopg.Cursor, gaps: verifier.Gaps) -> Iterator[tuple[int, bytes]]:
    """Every sealed leaf in order, its event checked, or told to `gaps` where it is gone with an announced month."""
    cursor.execute(_KEPT)
    kept = {row[1]: row for row in cursor.fetchall()}
    announced = announced_months(cursor)
    # A chunk is looked up event by event; the planner would else read the whole log for each.
    cursor.execute(_PLANNER, ["off"] * 3)
    start = 0
    while True:
        cursor.execute(_SEALED, [start, start + CHUNK])
        rows = cursor.fetchall()
        for row in rows:
            event = _Row.of(row)
            if event.id is None and event.sealed_id in kept:
                event = _Row.of((*row[:4], *kept.pop(event.sealed_id)[4:]))
            if event.id is None and f"{datetime.fromtimestamp(event.sealed_at // 1_000_000, UTC):%Y-%m}" in announced:
                gaps.miss(event.index, event.sealed_id, event.sealed_at, event.sealed_leaf)
            else:
                _check(event, f"Event {event.sealed_id} (leaf {event.index})")
                gaps.hear(event.index, event.id, event.kind, event.payload)
            yield event.index, event.sealed_leaf
        if len(rows) < CHUNK:
            break
        start += CHUNK
    cursor.execute(_PLANNER, ["on"] * 3)
    for id in sorted(kept):
        raise Mismatch(f"Event {id} is kept beyond its month and was never dropped with it.")


def _check(row: _Row, name: str) -> None:
    if row.id is None:
        raise Mismatch(f"{name} is missing.")
    leaf = verifier.leaf_hash(row.id, row.at, row.xact, row.kind, row.nonce, row.payload)
    if leaf != row.sealed_leaf:
        raise Mismatch(f"{name} is not the event that was sealed.")
    if leaf != row.leaf:
        raise Mismatch(f"{name} does not carry its own leaf.")
    said = json.loads(row.payload)
    for column, value in zip(COPIED, row.copied, strict=True):
        if value != _as_text(said.get(column)) and not (column == "query" and _is_own_query(row, said, value)):
            raise Mismatch(f"{name}: its column {column} is not what its payload says.")


def _as_text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value)


def _is_own_query(row: _Row, said: dict[str, Any], value: str | None) -> bool:
    """An attempt is the head of its own query."""
    return row.kind == Kind.QUERY_ATTEMPTED and "query" not in said and value == row.id


class _Checkpoints:
    """The signed checkpoints, smallest first, each compared when the tree has reached its size."""

    def __init__(self, cursor: psycopg.Cursor, keys: Sequence[verifier.Key]) -> None:
        cursor.execute("SELECT size, root, (extract(epoch FROM at) * 1000000)::bigint, signed_note, key"
                       " FROM audit.checkpoint ORDER BY size")
        self.rows = cursor.fetchall()
        self.keys = keys
        self.roots: dict[int, bytes] = {size: root for size, root, *_ in self.rows}
        self.count = 0
        self.last_size = self.rows[-1][0] if self.rows else 0

    def compare(self, tree: Tree) -> None:
        if self.count == len(self.rows) or self.rows[self.count][0] != tree.size:
            return
        size, root, at, note, key = self.rows[self.count]
        try:
            signed = verifier.open_checkpoint(note, self.keys)
        except verifier.NotProven as error:
            raise Mismatch(f"The checkpoint of {size} events does not hold: {error}.") from error
        if (signed.size, signed.root, signed.at, signed.signed_by) != (size, root, at, key):
            raise Mismatch(f"The checkpoint of {size} events is not the one that was signed.")
        if tree.root() != signed.root:
            before = self.rows[self.count - 1][0] if self.count else 0
            raise Mismatch(f"The first {size} events are not those that were signed; the first {before} are.")
        self.count += 1


def _compare_nodes(cursor: psycopg.Cursor, nodes: list[Node]) -> None:
    cursor.execute("SELECT level, index, hash FROM audit.node ORDER BY level, index")
    stored = cursor.fetchall()
    if stored != sorted(nodes):
        raise Mismatch("The nodes of the tree are not those of its leaves.")


def _check_waiting(cursor: psycopg.Cursor) -> int:
    cursor.execute(_WAITING)
    count = 0
    for row in cursor:
        count += 1
        event = _Row.of(row)
        _check(event, f"Event {event.sealed_id} (not yet sealed)")
    return count


def _refuse_extra(cursor: psycopg.Cursor) -> None:
    cursor.execute(_EXTRA)
    extra = cursor.fetchone()
    if extra:
        raise Mismatch(f"Event {extra[0]} is in the log and was never appended.")
