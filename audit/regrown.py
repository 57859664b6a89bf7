"""The tree grown anew from its leaves, and compared on the way with every signed checkpoint and every stored node (BEY-2)."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

import psycopg

from audit import verifier
from audit.tree import Node, Tree

_CHECKPOINTS_AT_ONCE = 1000
_NODES_AT_ONCE = 1000


class Mismatch(Exception):
    """The log is not what was sealed; the message names the first bad event or checkpoint."""


class Regrown:
    """Tell it of every leaf in order, then that there are no more.

    `last_size` is what the last checkpoint covers; `count` how many checkpoints were found to hold.
    """

    def __init__(
        self, connection: psycopg.Connection, keys: Sequence[verifier.Key], given_out: Sequence[verifier.Checkpoint] = (),
    ) -> None:
        """`given_out`: checkpoints that stand outside of the database."""
        self.tree = Tree()
        self.count = 0
        self._cursor = binary(connection)
        self._keys = keys
        self._given_out = given_out
        self._before = 0
        self._coming: deque[tuple[int, bytes, int, str, str]] = deque()
        self._nodes: list[Node] = []
        self._compared = 0
        [(last,)] = self._cursor.execute("SELECT max(size) FROM audit.checkpoint").fetchall()
        self.last_size: int = last or 0

    def add(self, leaves: Sequence[bytes]) -> None:
        """Raises Mismatch where the tree is not the one that was signed or stored."""
        start = 0
        while start < len(leaves):
            signed = self._next_size()
            end = len(leaves) if signed is None else min(len(leaves), start + max(signed - self.tree.size, 1))
            self._nodes += self.tree.extend(leaves[start:end])
            start = end
            if self.tree.size == signed:
                self._compare_checkpoint()
        if len(self._nodes) >= _NODES_AT_ONCE:
            self._compare_nodes()

    def finish(self) -> None:
        """Raises Mismatch where leaves lack, or something is stored beyond them."""
        if self.tree.size != self.last_size or self._next_size() is not None:
            raise Mismatch(f"The last checkpoint covers {self.last_size} events, and {self.tree.size} are in the tree.")
        self._compare_given_out()
        self._compare_nodes()
        if self._cursor.execute("SELECT count(*) FROM audit.node").fetchall() != [(self._compared,)]:
            raise _other_nodes()

    def _next_size(self) -> int | None:
        if not self._coming:
            self._coming.extend(self._cursor.execute(
                "SELECT size, root, (extract(epoch FROM at) * 1000000)::bigint, signed_note, key FROM audit.checkpoint"
                " WHERE size > %s ORDER BY size LIMIT %s", [self._before, _CHECKPOINTS_AT_ONCE]).fetchall())
        return self._coming[0][0] if self._coming else None

    def _compare_checkpoint(self) -> None:
        size, root, at, note, key = self._coming.popleft()
        try:
            signed = verifier.open_checkpoint(note, self._keys)
        except verifier.NotProven as error:
            raise Mismatch(f"The checkpoint of {size} events does not hold: {error}.") from error
        if (signed.size, signed.root, signed.at, signed.signed_by) != (size, root, at, key):
            raise Mismatch(f"The checkpoint of {size} events is not the one that was signed.")
        if self.tree.root() != signed.root:
            raise Mismatch(f"The first {size} events are not those that were signed; the first {self._before} are.")
        self.count, self._before = self.count + 1, size

    def _compare_given_out(self) -> None:
        """A log whose newest part is gone, seals and all, is whole in itself: what left the database says that there was more."""
        for given in self._given_out:
            if (given.size, given.root) not in self._cursor.execute(
                    "SELECT size, root FROM audit.checkpoint WHERE size = %s", [given.size]).fetchall():
                raise Mismatch(f"The checkpoint of {given.size} events that was given out is not in the log, which ends at "
                               f"{self.last_size}: its newest part was taken out, or it is older than it was or made anew.")

    def _compare_nodes(self) -> None:
        """The nodes of a level follow each other without a gap."""
        for level, group in groupby(sorted(self._nodes), key=lambda node: node[0]):
            made = list(group)
            stored = self._cursor.execute(
                "SELECT level, index, hash FROM audit.node WHERE level = %s AND index >= %s AND index <= %s ORDER BY index",
                [level, made[0][1], made[-1][1]]).fetchall()
            if stored != made:
                raise _other_nodes()
        self._compared += len(self._nodes)
        self._nodes = []


class Roots(Mapping[int, bytes]):
    """The root of each checkpoint by its size, read when it is asked for: a log has more of them than memory should hold."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._cursor = binary(connection)

    def __getitem__(self, size: int) -> bytes:
        found = self._cursor.execute("SELECT root FROM audit.checkpoint WHERE size = %s", [size]).fetchall()
        if not found:
            raise KeyError(size)
        return bytes(found[0][0])

    def __iter__(self) -> Iterator[int]:
        last = 0
        while sizes := self._cursor.execute("SELECT size FROM audit.checkpoint WHERE size > %s ORDER BY size LIMIT %s",
                                            [last, _CHECKPOINTS_AT_ONCE]).fetchall():
            yield from (size for (size,) in sizes)
            last = sizes[-1][0]

    def __len__(self) -> int:
        [(count,)] = self._cursor.execute("SELECT count(*) FROM audit.checkpoint").fetchall()
        return int(count)


def binary(connection: psycopg.Connection) -> psycopg.Cursor:
    """A cursor that reads rows in the binary form: half the time of texts."""
    cursor = psycopg.Cursor(connection)
    cursor.format = psycopg.pq.Format.BINARY
    return cursor


def _other_nodes() -> Mismatch:
    return Mismatch("The nodes of the tree are not those of its leaves.")
