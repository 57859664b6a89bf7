"""The tree: known vectors of RFC 6962, the recursive definition as an oracle, and proofs over all small sizes (BEY-2)."""

import hashlib
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit import tree, verifier

# The inputs and roots of the reference implementation of RFC 6962 (certificate-transparency, merkle tree tests).
INPUTS = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def leaf(data: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + data).digest()


LEAVES = [leaf(number.to_bytes(4, "big")) for number in range(70_000)]


def defined_root(leaves: Sequence[bytes]) -> bytes:
    """MTH, word for word as RFC 6962 defines it."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + defined_root(leaves[:k]) + defined_root(leaves[k:])).digest()


class Store:
    """Leaves and each 8th level, as the database keeps them."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        self.levels: dict[int, list[bytes]] = {0: list(leaves)}
        self.tree = tree.Tree()
        for one in leaves:
            for level, index, hash in self.tree.append(one):
                assert len(self.levels.setdefault(level, [])) == index
                self.levels[level].append(hash)

    def read(self, level: int, start: int, count: int) -> Sequence[bytes]:
        return self.levels[level][start:start + count]

    def prover(self, size: int | None = None) -> tree.Prover:
        return tree.Prover(self.tree.size if size is None else size, self.read)


STORE = Store(LEAVES)


@pytest.mark.req("BEY-2")
def test_the_known_vectors_hold():
    leaves = [leaf(bytes.fromhex(data)) for data in INPUTS]
    grown = tree.Tree()
    assert grown.root() == tree.EMPTY_ROOT
    for size, root in enumerate(ROOTS, 1):
        grown.append(leaves[size - 1])
        assert grown.root().hex() == root


@pytest.mark.req("BEY-2")
def test_known_proofs_hold():
    leaves = [leaf(bytes.fromhex(data)) for data in INPUTS]
    path = [hash.hex() for hash in Store(leaves).prover(8).inclusion(0)]
    assert path == [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"]
    assert [hash.hex() for hash in Store(leaves).prover(5).consistency(2)] == [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"]


@pytest.mark.req("BEY-2")
def test_every_small_size_has_the_defined_root_grown_and_stored():
    grown = tree.Tree()
    for size in range(1026):
        if size:
            grown.append(LEAVES[size - 1])
        wanted = defined_root(LEAVES[:size])
        assert grown.root() == wanted
        assert tree.Tree.stored(size, STORE.read).root() == wanted
        if size:
            assert STORE.prover(size).root() == wanted


@pytest.mark.req("BEY-2")
@given(st.data())
def test_an_inclusion_proof_holds_for_its_leaf_alone(data):
    size = data.draw(st.integers(1, 1025) | st.sampled_from([65_535, 65_536, 65_537, 69_999]))
    index = data.draw(st.integers(0, size - 1))
    prover = STORE.prover(size)
    proof, root = prover.inclusion(index), prover.root()
    assert verifier.root_from_inclusion(LEAVES[index], index, size, proof) == root
    other = data.draw(st.integers(0, size - 1))
    if other != index:
        assert verifier.root_from_inclusion(LEAVES[other], index, size, proof) != root
        try:
            moved = verifier.root_from_inclusion(LEAVES[index], other, size, proof)
        except verifier.NotProven:
            moved = b""
        assert moved != root
    for wrong in (proof[:-1], [*proof, root]) if proof else ([root],):
        with pytest.raises(verifier.NotProven):
            verifier.root_from_inclusion(LEAVES[index], index, size, wrong)


@pytest.mark.req("BEY-2")
@given(st.data())
def test_a_consistency_proof_holds_for_its_two_roots_alone(data):
    size = data.draw(st.integers(1, 1025) | st.sampled_from([65_537, 69_999]))
    old_size = data.draw(st.integers(1, size))
    prover = STORE.prover(size)
    proof, root, old_root = prover.consistency(old_size), prover.root(), STORE.prover(old_size).root()
    verifier.check_consistency(old_size, old_root, size, root, proof)
    forged = leaf(b"forged")
    wrongs = [(forged, root, proof), (old_root, forged, proof), (old_root, root, [*proof, forged])]
    wrongs += [(old_root, root, [*proof[:at], forged, *proof[at + 1:]]) for at in range(len(proof))]
    wrongs += [(old_root, root, proof[:-1])] if proof else []
    for old, new, path in wrongs:
        with pytest.raises(verifier.NotProven):
            verifier.check_consistency(old_size, old, size, new, path)


@pytest.mark.req("BEY-2")
@given(st.lists(st.integers(0, 700), max_size=8), st.sampled_from([0, 65_000]))
def test_many_leaves_at_once_make_the_tree_of_one_by_one(counts, before):
    grown = tree.Tree.stored(before, STORE.read)
    for count in counts:
        start = grown.size
        made = grown.extend(LEAVES[start:start + count])
        assert grown.size == min(start + count, len(LEAVES))
        assert made == [(level, index, STORE.levels[level][index]) for level in (8, 16)
                        for index in range(start >> level, grown.size >> level)]
    assert grown.root() == (STORE.prover(grown.size).root() if grown.size else tree.EMPTY_ROOT)


@pytest.mark.req("BEY-2")
@given(st.integers(1, 1025), st.data())
def test_an_edge_of_which_a_hash_is_missing_is_no_tree(size, data):
    level = data.draw(st.sampled_from([level for level in (0, 8) if (size >> level) % 256]))
    with pytest.raises(tree.NotStored, match=f"level {level}: "):
        tree.Tree.stored(size, lambda at, start, count: STORE.read(at, start, count)[at == level:])


@pytest.mark.req("BEY-2")
@given(st.integers(0, 1025), st.integers(0, 600))
def test_a_tree_read_back_grows_on_as_if_it_had_never_stopped(size, more):
    resumed = tree.Tree.stored(size, STORE.read)
    made = [node for one in LEAVES[size:size + more] for node in resumed.append(one)]
    assert resumed.root() == STORE.prover(size + more).root() if size + more else tree.EMPTY_ROOT
    assert all(STORE.levels[level][index] == hash for level, index, hash in made)
    assert len(made) == sum((size + more) // 256**n - size // 256**n for n in (1, 2))


def test_what_is_not_in_the_tree_has_no_proof():
    prover = STORE.prover(10)
    for index in (-1, 10):
        with pytest.raises(IndexError):
            prover.inclusion(index)
    for old in (0, 11):
        with pytest.raises(IndexError):
            prover.consistency(old)
    with pytest.raises(verifier.NotProven):
        verifier.root_from_inclusion(LEAVES[0], 10, 10, [])
