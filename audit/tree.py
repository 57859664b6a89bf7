"""The Merkle tree over the log (RFC 6962, RFC 9162): grown leaf by leaf, and proving that an event is in it (BEY-2).

Leaves and, of the nodes, each 8th level are stored: 256 leaves make a node of level 8, 256 of those one of level 16. A proof
then reads a few ranges of at most 256 hashes, and storing costs one node for 256 events. Nothing here knows a database.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache

from audit.verifier import node_hash

HEIGHT = 8
WIDTH = 1 << HEIGHT
# Of a stored level (0, 8, 16, ...): `count` hashes from number `start` on.
Read = Callable[[int, int, int], Sequence[bytes]]
Node = tuple[int, int, bytes]
# RFC 6962: the root of no leaves is the hash of nothing.
EMPTY_ROOT = bytes.fromhex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")


def root_of(hashes: Sequence[bytes]) -> bytes:
    """The root over leaf hashes."""
    if not hashes:
        return EMPTY_ROOT
    level = list(hashes)
    while len(level) > 1:
        odd = level[-1:] if len(level) % 2 else []
        level = [node_hash(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)] + odd
    return level[0]


class Tree:
    """The right edge of the tree: enough to append and to know the root. `edge[n]` are the loose hashes of level 8n."""

    def __init__(self) -> None:
        self.size = 0
        self.edge: list[list[bytes]] = [[]]

    @classmethod
    def stored(cls, size: int, read: Read) -> "Tree":
        """The tree of `size` leaves, its edge read from where it is stored."""
        tree = cls()
        tree.size, tree.edge = size, []
        level, count = 0, size
        while count or not level:
            start = count // WIDTH * WIDTH
            tree.edge.append(list(read(level, start, count - start)) if count > start else [])
            level, count = level + HEIGHT, count // WIDTH
        return tree

    def append(self, leaf: bytes) -> list[Node]:
        """Add a leaf hash; return the nodes to be stored that it completes, as (level, index, hash)."""
        self.size += 1
        self.edge[0].append(leaf)
        completed = []
        step, count = 0, self.size
        while len(self.edge[step]) == WIDTH:
            count //= WIDTH
            hash = root_of(self.edge[step])
            completed.append(((step + 1) * HEIGHT, count - 1, hash))
            self.edge[step] = []
            if len(self.edge) == step + 1:
                self.edge.append([])
            step += 1
            self.edge[step].append(hash)
        return completed

    def root(self) -> bytes:
        peaks = [peak for hashes in reversed(self.edge) for peak in _peaks(hashes)]
        if not peaks:
            return EMPTY_ROOT
        root = peaks[-1]
        for peak in reversed(peaks[:-1]):
            root = node_hash(peak, root)
        return root


def _peaks(hashes: list[bytes]) -> list[bytes]:
    """The roots of the largest whole trees over `hashes`, from the left."""
    peaks, start = [], 0
    for bit in range(HEIGHT, -1, -1):
        width = 1 << bit
        if len(hashes) & width:
            peaks.append(root_of(hashes[start:start + width]))
            start += width
    return peaks


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
