"""Merkle trees as RFC 6962 §2.1 hashes them: roots, proofs that an entry is in a tree, proofs that a tree only grew (LEDG-2)."""

import hashlib
from collections.abc import Callable, Sequence

HASH_BYTES = 32
# No proof is longer: a tree has fewer than 2^63 leaves.
LONGEST_PROOF = 63
EMPTY_ROOT = hashlib.sha256(b"").digest()

# Returns the hash over the complete subtree of 2^height leaves that begins at leaf number · 2^height.
Node = Callable[[int, int], bytes]


class Wrong(Exception):
    """What was shown proves nothing; the message is one sentence."""


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of an entry: SHA-256(0x00 ‖ entry)."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash over two subtrees: SHA-256(0x01 ‖ left ‖ right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def fold(hashes: Sequence[bytes]) -> bytes:
    """Return the root over neighbouring subtrees of equal height, of which the last may be smaller.

    Pairing level by level, the odd last one going up as it is, is the same tree as the one that RFC 6962 §2.1 splits from above.

    Args:
        hashes: theirs, from left to right; for leaves, their leaf hashes.
    """
    row = list(hashes)
    if not row:
        return EMPTY_ROOT
    while len(row) > 1:
        odd = row[-1:] if len(row) % 2 else []
        row = [node_hash(left, right) for left, right in zip(row[::2], row[1::2], strict=False)] + odd
    return row[0]


def split(size: int) -> int:
    """Return the largest power of two smaller than a size of at least 2."""
    return 1 << ((size - 1).bit_length() - 1)


def range_hash(first: int, last: int, node: Node) -> bytes:
    """Return the hash over the leaves from `first` up to but not including `last`, a part into which RFC 6962 splits a tree.

    Args:
        first: divisible by the smallest power of two that is not less than the length.
        last: at least one more.
        node: where complete subtrees are looked up.
    """
    size = last - first
    if size & (size - 1) == 0:
        height = size.bit_length() - 1
        return node(height, first >> height)
    middle = first + split(size)
    return node_hash(range_hash(first, middle, node), range_hash(middle, last, node))


def root(size: int, node: Node) -> bytes:
    """Return the root of the tree over the first `size` leaves."""
    return range_hash(0, size, node) if size else EMPTY_ROOT


def inclusion_proof(index: int, size: int, node: Node) -> list[bytes]:
    """Return the proof that leaf `index` is in the tree of this size: from its sibling up to the root's child (RFC 6962 §2.1.1).

    Raises:
        ValueError: there is no such leaf.
    """
    if not 0 <= index < size:
        raise ValueError(index)
    proof: list[bytes] = []
    first, last = 0, size
    while last - first > 1:
        middle = first + split(last - first)
        if index < middle:
            proof.append(range_hash(middle, last, node))
            last = middle
        else:
            proof.append(range_hash(first, middle, node))
            first = middle
    return proof[::-1]


def consistency_proof(old: int, size: int, node: Node) -> list[bytes]:
    """Return the proof that the tree of this size begins with the older, smaller one (RFC 6962 §2.1.2).

    Raises:
        ValueError: the older one is larger.
    """
    if not 0 <= old <= size:
        raise ValueError(old)
    if old in {0, size}:
        return []
    proof: list[bytes] = []
    first, last = 0, size
    while last != old:
        middle = first + split(last - first)
        if old <= middle:
            proof.append(range_hash(middle, last, node))
            last = middle
        else:
            proof.append(range_hash(first, middle, node))
            first = middle
    if first:  # where the older tree is one complete subtree, whoever checks has its hash already
        proof.append(range_hash(first, last, node))
    return proof[::-1]


def check_inclusion(*, leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Check that a leaf is in a tree (RFC 9162 §2.1.3.2).

    Args:
        leaf: its leaf hash.
        index: its place.
        size: how many leaves the tree has.
        proof: the hashes from its sibling upwards.
        root: the tree's.

    Raises:
        Wrong: the proof does not lead there.
    """
    if not 0 <= index < size:
        raise Wrong("The proof is about an entry that the tree does not have.")
    place, last, found = index, size - 1, leaf
    for step in proof:
        if last == 0:
            raise Wrong("The proof is longer than the tree is high.")
        if place % 2 or place == last:
            found = node_hash(step, found)
            while place % 2 == 0 and place:
                place, last = place >> 1, last >> 1
        else:
            found = node_hash(found, step)
        place, last = place >> 1, last >> 1
    if last or found != root:
        raise Wrong("The proof does not lead from this entry to the checkpoint's root.")


def check_consistency(*, old: int, size: int, proof: Sequence[bytes], old_root: bytes, root: bytes) -> None:
    """Check that a tree begins with an older one, leaf for leaf (RFC 9162 §2.1.4.2).

    Args:
        old: how many leaves the older one has.
        size: how many the tree has.
        proof: the hashes, the lowest first.
        old_root: the older one's root.
        root: the tree's root.

    Raises:
        Wrong: it does not, or this is no proof of it.
    """
    if not 0 <= old <= size:
        raise Wrong("The older tree is larger than the newer one.")
    if old in {0, size}:
        if proof or old_root != (EMPTY_ROOT if old == 0 else root):
            raise Wrong("Two trees of the same size differ, or a proof is there that is none.")
        return
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if not path:
        raise Wrong("There is no proof that the tree only grew.")
    shared = (old & -old).bit_length() - 1  # as high is the complete subtree with which the older tree ends
    place, last = (old - 1) >> shared, (size - 1) >> shared
    before = after = path[0]
    for step in path[1:]:
        if last == 0:
            raise Wrong("The proof is longer than the tree is high.")
        if place % 2 or place == last:
            before, after = node_hash(step, before), node_hash(step, after)
            while place % 2 == 0 and place:
                place, last = place >> 1, last >> 1
        else:
            after = node_hash(after, step)
        place, last = place >> 1, last >> 1
    if last or before != old_root or after != root:
        raise Wrong("The tree does not begin with the older one: something that was published was changed or taken out.")
