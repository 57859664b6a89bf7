"""The check of the whole log against its seals (AUD-2, BEY-2).

Every leaf is computed anew from its event's row, every column compared with the payload that was hashed, the tree grown leaf by
leaf and compared with each signed checkpoint. It runs with a login that reads and writes nothing, in one snapshot, so that the
log may grow meanwhile; it trusts the public keys beside the signing key, and nothing that the database says of itself. The log
must hold the checkpoint that was given out last, or nobody would miss an end that was cut off with its seals.

First the whole log is checked as fast as it can be read (audit/quick_check.py). Where that leaves a doubt, it is gone through row
by row here, to name what is wrong, or to find that nothing is.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg
from django.db import connections, transaction

from audit import quick_check, seals, signing, verifier
from audit.events import Kind
from audit.regrown import Mismatch, Regrown, Roots, binary

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

# What PostgreSQL says of values that nobody could have stored lawfully, or of pages that are not whole.
_UNREADABLE = (psycopg.DataError, psycopg.InternalError, psycopg.NotSupportedError, psycopg.errors.ProgramLimitExceeded)
_TWICE = ("SELECT id FROM audit.event GROUP BY at, id HAVING count(*) > 1"
          " UNION ALL SELECT id FROM audit.unsealed GROUP BY id HAVING count(*) > 1"
          " UNION ALL SELECT id FROM audit.sealed_leaf GROUP BY id HAVING count(*) > 1"
          " UNION ALL SELECT id FROM audit.unsealed JOIN audit.sealed_leaf USING (id) LIMIT 1")
_PLANNER = ("SELECT set_config('enable_hashjoin', %s, true), set_config('enable_mergejoin', %s, true),"
            " set_config('enable_seqscan', %s, true)")


@dataclass(frozen=True)
class Verified:
    """What was found to hold. Of `events`, `dropped` went lawfully at the end of their retention; `compared` are the sizes of the
    checkpoints from outside of the database that it was compared with."""

    events: int
    dropped: int
    checkpoints: int
    unsealed: int
    root: bytes
    compared: Sequence[int]


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


def verify(
    *, progress: Callable[[int, int], None] | None = None, checkpoints: Sequence[verifier.Checkpoint] = (),
) -> Verified:
    """Check every event, seal and signature.

    Args:
        progress: told, as (done, total), how many sealed events are checked of how many. It begins anew where a doubt was left.
        checkpoints: what somebody kept, with which the log is compared beside the one that was given out last.

    Raises:
        Mismatch: at the first that is not what was sealed.
        signing.SigningKeyMissing: no public key is known.
    """
    keys, progress = signing.trusted_keys(), progress or _say_nothing
    # Before the snapshot, which then holds it: a checkpoint is given out when it is committed.
    given = [*filter(None, [_given_out()]), *checkpoints]
    with _snapshot() as connection:
        regrown = Regrown(connection, keys, given)
        holds = quick_check.whole_log(connection, regrown, announced_months(binary(connection)), progress)
    if not holds:
        with _snapshot() as connection:
            regrown = Regrown(connection, keys, given)
            try:
                holds = _row_by_row(connection, regrown, progress)
            except _UNREADABLE as error:
                raise Mismatch(f"The log cannot be read after event {regrown.tree.size} of the tree: {error}.") from error
    progress(holds.events, holds.events)
    return Verified(holds.events, holds.dropped, regrown.count, holds.unsealed, regrown.tree.root(),
                    [checkpoint.size for checkpoint in given])


def _given_out() -> verifier.Checkpoint | None:
    try:
        return seals.given_out()
    except seals.SealRefused as refused:
        raise Mismatch(str(refused)) from refused


def _say_nothing(done: int, total: int) -> None:
    """The progress that nobody asked for."""


def _row_by_row(connection: psycopg.Connection, regrown: Regrown, progress: Callable[[int, int], None]) -> quick_check.Holds:
    cursor, gaps = binary(connection), verifier.Gaps()
    for index, leaf in _sealed_leaves(cursor, gaps):
        if index != regrown.tree.size:
            raise Mismatch(f"Leaf {regrown.tree.size} of the tree is missing.")
        regrown.add([leaf])
        if regrown.tree.size % CHUNK == 0:
            progress(regrown.tree.size, regrown.last_size)
    regrown.finish()
    try:
        dropped = gaps.check(Roots(connection))
    except verifier.NotProven as error:
        raise Mismatch(str(error)) from error
    unsealed = _check_waiting(cursor)
    _refuse_extra(cursor)
    return quick_check.Holds(regrown.tree.size, dropped, unsealed)


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
def _snapshot() -> Iterator[psycopg.Connection]:
    with transaction.atomic(using="auditor", durable=True):
        connections["auditor"].ensure_connection()
        connection = connections["auditor"].connection
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        # Before the snapshot: no month goes while it is read.
        connection.execute("LOCK TABLE audit.event IN ACCESS SHARE MODE")
        yield connection


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
    # A nonce of another length would leave open where it ends and the payload begins.
    if None in (row.at, row.xact, row.kind, row.nonce, row.payload) or len(row.nonce) != 32:
        raise Mismatch(f"{name} is not the event that was sealed.")
    leaf = verifier.leaf_hash(row.id, row.at, row.xact, row.kind, row.nonce, row.payload)
    if leaf != row.sealed_leaf:
        raise Mismatch(f"{name} is not the event that was sealed.")
    if leaf != row.leaf:
        raise Mismatch(f"{name} does not carry its own leaf.")
    try:
        said = dict(json.loads(row.payload))
    except (ValueError, TypeError):
        raise Mismatch(f"{name}: its payload is not an object of facts.") from None
    if row.kind == Kind.QUERY_ATTEMPTED and said.get("query") is None:
        # An attempt is the head of its own query.
        said["query"] = row.id
    for column, value in zip(COPIED, row.copied, strict=True):
        if value != _as_text(said.get(column)):
            raise Mismatch(f"{name}: its column {column} is not what its payload says.")


def _as_text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value)


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
    cursor.execute(_TWICE)
    for (id,) in cursor.fetchall():
        raise Mismatch(f"Event {id} is in the log twice.")
