"""The Merkle tree over the log (RFC 6962, RFC 9162): grown leaf by leaf, and proving that an event is in it (BEY-2).

Leaves and, of the nodes, each 8th level are stored: 256 leaves make a node of level 8, 256 of those one of level 16. A proof
then reads a few ranges of at most 256 hashes, and storing costs one node for 256 events. Nothing here knows a database.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from hashlib import sha256

from audit.verifier import node_hash

HEIGHT = 8
WIDTH = 1 << HEIGHT
# Of a stored level (0, 8, 16, ...): `count` hashes from number `start` on.
Read = Callable[[int, int, int], Sequence[bytes]]
Node = tuple[int, int, bytes]
# RFC 6962: the root of no leaves is the hash of nothing.
EMPTY_ROOT = bytes.fromhex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")


class NotStored(Exception):
    """What is stored of a tree is not all of its right edge."""


class Tree:
    """The right edge of the tree: enough to append and to know the root.

    `edge[n]` is the hash over the 2^n leaves that wait for their right neighbors, or None where none wait.
    """

    def __init__(self) -> None:
        self.size = 0
        self.edge: list[bytes | None] = []

    @classmethod
    def stored(cls, size: int, read: Read) -> "Tree":
        """The tree of `size` leaves, its edge read from where it is stored.

        Raises:
            NotStored: of a level, not all hashes are there.
        """
        tree = cls()
        tree.size = size
        for level in range(0, size.bit_length(), HEIGHT):
            count = size >> level
            loose = count % WIDTH
            hashes = list(read(level, count - loose, loose)) if loose else []
            if len(hashes) != loose:
                raise NotStored(f"level {level}: {len(hashes)} of {loose} hashes")
            for _ in range(HEIGHT):
                tree.edge.append(hashes.pop() if len(hashes) % 2 else None)
                hashes = _parents(hashes)
        return tree

    def append(self, leaf: bytes) -> list[Node]:
        """Add a leaf hash; return the nodes to be stored that it completes, as (level, index, hash)."""
        return self.extend([leaf])

    def extend(self, leaves: Iterable[bytes]) -> list[Node]:
        """Add leaf hashes, all of a level at once; return the nodes to be stored that they complete, by level and index."""
        hashes, level, completed = list(leaves), 0, []
        self.size += len(hashes)
        while hashes:
            if level == len(self.edge):
                self.edge.append(None)
            if level and level % HEIGHT == 0:
                first = (self.size >> level) - len(hashes)
                completed += [(level, first + place, hash) for place, hash in enumerate(hashes)]
            waiting = self.edge[level]
            if waiting is not None:
                hashes.insert(0, waiting)
            self.edge[level] = hashes.pop() if len(hashes) % 2 else None
            hashes, level = _parents(hashes), level + 1
        return completed

    def root(self) -> bytes:
        peaks = [peak for peak in self.edge if peak is not None]
        if not peaks:
            return EMPTY_ROOT
        root = peaks[0]
        for peak in peaks[1:]:
            root = node_hash(peak, root)
        return root


def _parents(hashes: Sequence[bytes]) -> list[bytes]:
    """The next level over an even number of hashes. As `node_hash`, without the call: it is made once for every leaf."""
    one_by_one = iter(hashes)
    return [sha256(b"\x01" + left + right).digest() for left, right in zip(one_by_one, one_by_one, strict=True)]


class Prover:
    """Proofs about one size of a stored tree. Ranges once read are kept, so that a thousand proofs read little more than one."""

    def __init__(self, size: int, read: Read) -> None:
        self.size = size
        self._tile = lru_cache(maxsize=4096)(lambda level, tile: read(level, tile * WIDTH, WIDTH))
        self._whole = lru_cache(maxsize=65536)(self._whole_tree)

    def inclusion(self, index: int) -> list[bytes]:
        """The path from leaf `index` to the root, from the leaf up.

        Raises:
            IndexError: the leaf is not in the tree.
        """
        if not 0 <= index < self.size:
            raise IndexError(index)
        proof, low, high = [], 0, self.size
        while high - low > 1:
            middle = low + _split(high - low)
            if index < middle:
                proof.append(self.root(middle, high))
                high = middle
            else:
                proof.append(self.root(low, middle))
                low = middle
        return proof[::-1]

    def consistency(self, old_size: int) -> list[bytes]:
        """That the tree of this size begins with that of `old_size`.

        Raises:
            IndexError: the older tree is empty or larger.
        """
        if not 0 < old_size <= self.size:
            raise IndexError(old_size)
        proof, low, high = [], 0, self.size
        while high != old_size:
            middle = low + _split(high - low)
            if old_size <= middle:
                proof.append(self.root(middle, high))
                high = middle
            else:
                proof.append(self.root(low, middle))
                low = middle
        return [*([self.root(low, high)] if low else []), *proof[::-1]]

    def root(self, low: int = 0, high: int | None = None) -> bytes:
        """The root over the leaves from `low` to before `high`, as the tree has it."""
        high = self.size if high is None else high
        width = high - low
        if width & (width - 1) == 0:
            return self._whole(width.bit_length() - 1, low // width)
        middle = low + _split(width)
        return node_hash(self.root(low, middle), self.root(middle, high))

    def _whole_tree(self, level: int, index: int) -> bytes:
        stored = level // HEIGHT * HEIGHT
        if level == stored:
            return self._tile(stored, index // WIDTH)[index % WIDTH]
        return node_hash(self._whole(level - 1, 2 * index), self._whole(level - 1, 2 * index + 1))


def _split(width: int) -> int:
    """The largest power of two below `width`."""
    return 1 << (width - 1).bit_length() - 1
