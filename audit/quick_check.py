"""The whole log checked as fast as it can be read: does all of it hold? (AUD-2, BEY-2)

Only a yes is an answer. On any doubt audit/verification.py looks row by row, and its word counts: what is wrong is named there.

Two streams are read: the events by time, the sealed leaves in the order of the tree, each a page at a time, each column of a page
as one value. Every event is read exactly once, its leaf computed anew, its columns compared with its payload; every sealed leaf
must meet the event of its id, time and leaf, and every event its leaf in the tree or in the queue. PostgreSQL hands over what is
stored, no more: whatever is hashed or compared is hashed and compared here. What stands between two values of a column, and for
one that is missing, is chosen at random for each run after its snapshot was taken: nothing that is stored can pass for it.
"""

import secrets
import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from typing import Any

import msgspec
import psycopg
from psycopg.types.string import ByteaBinaryLoader

from audit import verifier
from audit.events import Kind
from audit.regrown import Mismatch, Regrown, Roots, binary

PAGE = 2048
# So many events or leaves may wait for their counterpart, which commits late; where it is more, each row is looked at.
APART = 100_000
# PostgreSQL counts microseconds from 2000.
_FROM = datetime(2000, 1, 1, tzinfo=UTC)
_FROM_1970 = int(_FROM.timestamp()) * 1_000_000
_ID = 36
_NO_ID = "00000000-0000-0000-0000-000000000000"
_SPEAKING = {kind.encode() for kind in verifier.SPEAKING}
_ATTEMPT = Kind.QUERY_ATTEMPTED.encode()

# Pages are read along the index. The long text: malloc keeps the memory of the pages once it has seen a block as large freed.
_PREPARE = ("SELECT set_config('jit', 'off', true), set_config('enable_seqscan', 'off', true),"
            " set_config('enable_bitmapscan', 'off', true), set_config('enable_sort', 'off', true),"
            " set_config('plan_cache_mode', 'force_generic_plan', true), length(repeat('x', 4000000))")
_KEY = "count(*), string_agg(timestamptz_send(e.at), ''), string_agg(e.id::text, ''), string_agg(e.leaf, %(cut)s)"
_COPIED = ("actor_id::text", "actor", "aor", "on_behalf_of", "plate", "state", "reason", "query::text")
_EVENT = (f"SELECT {_KEY}, string_agg(xid8send(e.xact), ''), string_agg(e.kind, %(mark)s), string_agg(e.nonce, %(cut)s),"
          " string_agg(e.payload, %(mark)s), "
          + ", ".join(f"string_agg(coalesce(e.{column}, %(nothing)s), %(mark)s)" for column in _COPIED))
_MONTH = (f"{_EVENT} FROM (SELECT * FROM audit.event WHERE at >= %(at)s"  # noqa: S608  # nosec B608
          " AND (at, id) {after} (%(at)s, %(id)s::uuid)"
          " AND at < %(end)s ORDER BY at, id LIMIT %(limit)s) e")
_FIRST, _NEXT = _MONTH.format(after=">="), _MONTH.format(after=">")
_KEPT = f"{_EVENT} FROM (SELECT * FROM audit.kept_event LIMIT %(limit)s) e"  # noqa: S608  # nosec B608
_SEALED = (f"SELECT {_KEY}, string_agg(int8send(e.index), '') FROM (SELECT * FROM audit.sealed_leaf"  # noqa: S608  # nosec B608
           " WHERE index >= %(start)s AND index < %(end)s ORDER BY index) e")
_WAITING = f"SELECT {_KEY} FROM (SELECT * FROM audit.unsealed LIMIT %(limit)s) e"  # noqa: S608  # nosec B608


class _Doubt(Exception):
    """Something is not as it should be, or cannot be judged here."""


@dataclass(frozen=True)
class Holds:
    """How much was found to hold. Of `events`, `dropped` went lawfully at the end of their retention."""

    events: int
    dropped: int
    unsealed: int


def whole_log(
    connection: psycopg.Connection, regrown: Regrown, announced: set[str], progress: Callable[[int, int], None],
) -> Holds | None:
    """None on any doubt.

    Args:
        connection: in a snapshot of its own.
        announced: the months (as 2019-03) that were ever announced to be dropped.
        progress: told, as (done, total), how many sealed events are read of how many.
    """
    kept, connection.prepare_threshold = connection.prepare_threshold, 1
    try:
        with connection.pipeline():
            return _WholeLog(connection, regrown, announced).check(progress)
    except (_Doubt, Mismatch, verifier.NotProven, psycopg.Error, ValueError, OverflowError, struct.error):
        return None
    finally:
        connection.prepare_threshold = kept


_Key = tuple[int, bytes, bytes]


@dataclass(frozen=True)
class _Page:
    """Time, id and leaf of some rows, each column as it came."""

    count: int
    ats: bytes
    ids: bytes
    leaves: bytes

    @property
    def key(self) -> tuple[bytes, bytes, bytes]:
        return self.ats, self.ids, self.leaves

    def times(self) -> Sequence[int]:
        return struct.unpack(f">{self.count}q", self.ats)

    def texts(self) -> list[bytes]:
        return [self.ids[start:start + _ID] for start in range(0, _ID * self.count, _ID)]


@dataclass(frozen=True)
class _Events(_Page):
    facts: Sequence[bytes]

    @classmethod
    def of(cls, row: Sequence[Any]) -> "_Events":
        count, ats, ids, leaves, *facts = row
        return cls(count, ats, ids, leaves, facts)


@dataclass(frozen=True)
class _Sealed(_Page):
    indexes: bytes
    start: int


class _WholeLog:
    def __init__(self, connection: psycopg.Connection, regrown: Regrown, announced: set[str]) -> None:
        self._connection = connection
        self._regrown = regrown
        self._all(_PREPARE)
        self._gone = set(filter(self._is_empty, announced))
        # One for events and one for leaves.
        self._cursors = binary(connection), binary(connection)
        for cursor in self._cursors:
            cursor.adapters.register_loader("text", ByteaBinaryLoader)
        self._mark, self._nothing = (f"{sign}{secrets.token_urlsafe(6)}" for sign in "\x02\x01")
        self._cut = self._mark.encode()
        # Only what is copied is decoded. A value that audit.append would have written otherwise into its column is a doubt.
        said = msgspec.defstruct("Said", [("actor_id", int | str, self._nothing), *(
            (name, str, self._nothing) for name in ("actor", "aor", "on_behalf_of", "plate", "state", "reason", "query"))],
            gc=False)
        self._decode: Callable[[bytes], Any] = msgspec.json.Decoder(said).decode
        self._gaps = verifier.Gaps()
        self._spoken: list[tuple[str, str, str]] = []
        self._kept: set[_Key] = set()
        # Events without their leaf, and leaves without their event, so far.
        self._loose: set[_Key] = set()
        self._unmet: set[_Key] = set()
        self._read = 0

    def check(self, progress: Callable[[int, int], None]) -> Holds:
        self._take_kept()
        self._check_all(self._pages(), progress)
        self._regrown.finish()
        unsealed = self._meet_waiting()
        if self._unmet or self._loose or self._kept or self._all("SELECT count(*) FROM audit.event") != [(self._read,)]:
            raise _Doubt
        return Holds(self._regrown.tree.size, self._dropped(), unsealed)

    def _check_all(self, pages: Iterable[_Events | _Sealed], progress: Callable[[int, int], None]) -> None:
        events: _Events | None = None
        for page in pages:
            if isinstance(page, _Events):
                self._check(page)
                self._read += page.count
                self._put(events, self._loose, self._unmet)
                events = page
                continue
            leaves = self._without_gone(page)
            # Mostly the same rows in the same order: nothing need be looked up.
            if not events or leaves.key != events.key:
                self._put(events, self._loose, self._unmet)
                self._put(leaves, self._unmet, self._loose)
            events = None
            self._grow(page)
            progress(self._regrown.tree.size, self._regrown.last_size)
        self._put(events, self._loose, self._unmet)

    def _all(self, statement: str, **arguments: object) -> list[tuple]:
        return binary(self._connection).execute(statement, arguments).fetchall()

    def _ask(self, cursor: psycopg.Cursor, statement: str, **arguments: object) -> psycopg.Cursor:
        """Send a query for a page. PostgreSQL puts it together while the page before it is checked."""
        marks = {"mark": self._mark, "cut": self._cut, "nothing": self._nothing}
        return cursor.execute(statement, marks | arguments, prepare=True)

    def _pages(self) -> Iterator[_Events | _Sealed]:
        """Both streams side by side: after a page of events as many leaves, not counting those whose month is gone."""
        stream = _Stream(partial(self._ask, self._cursors[0]), self._all)
        start, ahead, more = 0, 0, True
        while True:
            events = stream.take()
            if not events and not more:
                return
            ahead += events.count if events else 0
            leaves = self._ask_leaves(start, ahead if events else PAGE) if more and (ahead > 0 or not events) else None
            if events:
                stream.ask_next(events)
                yield events
            while leaves:
                row = _taken(leaves)
                if row:
                    count, ats, ids, hashes, indexes = row
                    page = _Sealed(count, ats, ids, hashes, indexes, start)
                    yield page
                    start += page.count
                    ahead -= page.count - (sum(map(self._is_gone, page.times())) if self._gone else 0)
                more = row is not None
                leaves = self._ask_leaves(start, ahead) if more and ahead > 0 else None

    def _ask_leaves(self, start: int, count: int) -> psycopg.Cursor:
        return self._ask(self._cursors[1], _SEALED, start=start, end=start + min(count, PAGE))

    def _check(self, page: _Events) -> None:
        """Each event's leaf from its row, and each column that audit.append copied against the payload."""
        count, ids, xacts = page.count, page.texts(), page.facts[0]
        kinds, nonces, payloads = (column.split(self._cut) for column in page.facts[1:4])
        # A nonce of another length would leave open where it ends and the payload begins.
        if (len(page.ids), {*map(len, (kinds, nonces, payloads))}, {*map(len, nonces)}) != (_ID * count, {count}, {32}):
            raise _Doubt
        # As verifier.leaf_hash, without the calls: this is done for every event.
        leaves = [sha256(b"\0plateledger event v1\n%b\n%d\n%d\n%b\n%b"
                         % (id, at + _FROM_1970, xact, kind, sha256(nonce + payload).digest())).digest()
                  for id, at, xact, kind, nonce, payload in zip(
                      ids, page.times(), struct.unpack(f">{count}Q", xacts), kinds, nonces, payloads, strict=True)]
        if self._cut.join(leaves) != page.leaves or not self._are_copied(ids, kinds, payloads, page.facts[4:]):
            raise _Doubt
        if not _SPEAKING.isdisjoint(kinds):
            self._spoken += [(id.decode(), kind.decode(), payload.decode())
                             for id, kind, payload in zip(ids, kinds, payloads, strict=True) if kind in _SPEAKING]

    def _are_copied(
        self, ids: Sequence[bytes], kinds: Sequence[bytes], payloads: Sequence[bytes], columns: Sequence[bytes],
    ) -> bool:
        try:
            said = list(map(self._decode, payloads))
            wanted = ([str(one.actor_id) for one in said], [one.actor for one in said], [one.aor for one in said],
                      [one.on_behalf_of for one in said], [one.plate for one in said], [one.state for one in said],
                      [one.reason for one in said],
                      # An attempt is the head of its own query.
                      [id.decode() if kind == _ATTEMPT and one.query == self._nothing else one.query
                       for one, kind, id in zip(said, kinds, ids, strict=True)])
            return all(self._mark.join(texts).encode() == column for texts, column in zip(wanted, columns, strict=True))
        except (msgspec.MsgspecError, UnicodeError):
            return False

    def _put(self, page: _Page | None, mine: set[_Key], others: set[_Key]) -> None:
        """The rows of a page meet their counterparts, or wait for them."""
        if not page:
            return
        keys = self._keys(page)
        met = keys & others
        others -= met
        keys -= met
        if keys & mine or len(mine) + len(keys) > APART:
            raise _Doubt
        mine |= keys

    def _keys(self, page: _Page) -> set[_Key]:
        keys = set(zip(page.times(), page.texts(), page.leaves.split(self._cut), strict=True))
        if len(keys) != page.count:
            raise _Doubt
        return keys

    def _grow(self, page: _Sealed) -> None:
        if page.indexes != struct.pack(f">{page.count}q", *range(page.start, page.start + page.count)):
            raise _Doubt
        self._regrown.add(page.leaves.split(self._cut))

    def _meet_waiting(self) -> int:
        row = _taken(self._ask(self._cursors[1], _WAITING, limit=APART + 1))
        waiting = self._keys(_Page(*row)) if row else set()
        if not waiting <= self._loose:
            raise _Doubt
        self._loose -= waiting
        return len(waiting)

    # --- Months that are gone ---------------------------------------------------------------------------------------------
    def _is_empty(self, month: str) -> bool:
        start = datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)
        return not self._all("SELECT FROM audit.event WHERE at >= %(start)s AND at < %(end)s LIMIT 1", start=start,
                             end=(start + timedelta(days=32)).replace(day=1))

    def _is_gone(self, at: int) -> bool:
        return f"{_FROM + timedelta(microseconds=at):%Y-%m}" in self._gone

    def _take_kept(self) -> None:
        row = _taken(self._ask(self._cursors[0], _KEPT, limit=APART + 1))
        if row:
            page = _Events.of(row)
            self._check(page)
            self._put(page, self._kept, set())

    def _without_gone(self, page: _Sealed) -> _Page:
        """The leaves that have an event. Those of a month that is gone are told as gaps, but for the events that are kept."""
        if not self._gone:
            return page
        rows: list[_Key] = []
        for place, row in enumerate(zip(page.times(), page.texts(), page.leaves.split(self._cut), strict=True)):
            at, id, leaf = row
            if not self._is_gone(at):
                rows.append(row)
            elif row in self._kept:
                self._kept.remove(row)
            else:
                self._gaps.miss(page.start + place, id.decode(), at + _FROM_1970, leaf)
        return _Page(len(rows), struct.pack(f">{len(rows)}q", *(at for at, _, _ in rows)), b"".join(id for _, id, _ in rows),
                     self._cut.join(leaf for _, _, leaf in rows))

    def _dropped(self) -> int:
        if not self._gone:
            return 0
        index = dict(self._all("SELECT id::text, index FROM audit.sealed_leaf WHERE id = ANY (%(ids)s::uuid[])",
                               ids=[id for id, _, _ in self._spoken]))
        for id, kind, payload in self._spoken:
            if id in index:
                self._gaps.hear(index[id], id, kind, payload)
        return self._gaps.check(Roots(self._connection))


class _Stream:
    """The events a page at a time, month by month, that is table by table."""

    _asked: psycopg.Cursor | None
    _end: datetime

    def __init__(self, ask: Callable[..., psycopg.Cursor], all: Callable[..., list[tuple]]) -> None:
        self._ask, self._all = ask, all
        self._begin(self._all("SELECT min(at) FROM audit.event"))

    def take(self) -> _Events | None:
        """The page that was asked for, or the first one of a later month."""
        while self._asked:
            row = _taken(self._asked)
            if row:
                return _Events.of(row)
            self._next_month()
        return None

    def ask_next(self, page: _Events) -> None:
        """Ask for the page after `page`."""
        if page.count < PAGE:
            self._next_month()
        else:
            self._asked = self._ask(_NEXT, at=_FROM + timedelta(microseconds=page.times()[-1]), id=page.ids[-_ID:].decode(),
                                    end=self._end, limit=PAGE)

    def _next_month(self) -> None:
        self._begin(self._all("SELECT min(at) FROM audit.event WHERE at >= %(end)s", end=self._end))

    def _begin(self, first: list[tuple]) -> None:
        [(at,)] = first
        self._asked = None
        if at is not None:
            self._end = (at.replace(day=1, hour=0, minute=0, second=0, microsecond=0) + timedelta(days=32)).replace(day=1)
            self._asked = self._ask(_FIRST, at=at, id=_NO_ID, end=self._end, limit=PAGE)


def _taken(asked: psycopg.Cursor) -> Sequence[Any] | None:
    """The columns of the page that was asked for, after the number of its rows; None where it has none."""
    [row] = asked.fetchall()
    if row[0] == 0:
        return None
    if None in row:
        raise _Doubt
    return row
