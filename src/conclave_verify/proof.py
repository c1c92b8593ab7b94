"""Proofs in one file that an entry is in the ledger, which whoever holds it checks without asking anybody (C2SP tlog-proof; LEDG-7).

The `extra` line holds canonical JSON: the entry itself, and the openings of those of its fields that the holder may read.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from conclave_verify import merkle, note, quorum
from conclave_verify.checkpoint import parse_size
from conclave_verify.entry import Entry, Opening, canonical, check_opening, parse_entry, parse_json, parse_opening
from conclave_verify.merkle import LONGEST_PROOF, Wrong, check_inclusion
from conclave_verify.note import Malformed, Note, b64, unb64
from conclave_verify.quorum import Policy, Vouched

FIRST_LINE = "c2sp.org/tlog-proof@v1"
LARGEST_PROOF = 256 * 1024


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof as it was read: the entry, its openings, its place, the way to the root, and the checkpoint; nothing is checked yet."""

    leaf: bytes
    openings: tuple[Opening, ...]
    index: int
    hashes: tuple[bytes, ...]
    note: Note


@dataclass(frozen=True, slots=True)
class Proved:
    """What a proof shows: the entry, what is open of it, and who vouches for the tree that it is in."""

    entry: Entry
    openings: tuple[Opening, ...]
    index: int
    vouched: Vouched


def write(*, leaf: bytes, openings: Sequence[dict[str, object]], index: int, hashes: Sequence[bytes], checkpoint: str) -> str:
    """Return a proof as text.

    Args:
        leaf: the entry.
        openings: as entry.parse_opening() reads them.
        index: its place.
        hashes: from its sibling upwards.
        checkpoint: the signed note.
    """
    extra = canonical({"leaf": leaf.decode(), "openings": list(openings)})
    lines = [FIRST_LINE, f"extra {b64(extra)}", f"index {index}", *map(b64, hashes)]
    return "".join(f"{line}\n" for line in lines) + "\n" + checkpoint


def parse(content: bytes) -> Proof:
    """Read a proof without believing it.

    Raises:
        Malformed: it is none, or not one of this ledger's, which have the entry in them.
    """
    if len(content) > LARGEST_PROOF:
        raise Malformed("A proof is larger than any.")
    head, blank, signed = content.partition(b"\n\n")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError as error:
        raise Malformed("A proof holds characters that it must not.") from error
    if not blank or len(lines) < 3 or lines[0] != FIRST_LINE or not lines[1].startswith("extra ") or not lines[2].startswith("index "):
        raise Malformed("This is not a proof of the ledger.")
    hashes = tuple(unb64(line) for line in lines[3:])
    if len(hashes) > LONGEST_PROOF or any(len(one) != merkle.HASH_BYTES for one in hashes):
        raise Malformed("A proof has hashes that are none.")
    told = unb64(lines[1].removeprefix("extra "))
    extra = parse_json(told)
    if (
        canonical(extra) != told
        or not isinstance(extra, dict)
        or extra.keys() != {"leaf", "openings"}
        or not isinstance(extra["leaf"], str)
    ):
        raise Malformed("This proof does not say what it proves.")
    if not isinstance(extra["openings"], list):
        raise Malformed("This proof does not say what it proves.")
    openings = tuple(parse_opening(one) for one in extra["openings"])
    index = parse_size(lines[2].removeprefix("index "))
    try:
        leaf = extra["leaf"].encode()
    except UnicodeEncodeError as error:
        raise Malformed("This proof does not say what it proves.") from error
    return Proof(leaf, openings, index, hashes, note.parse(signed))


def check(*, proof: Proof, policy: Policy) -> Proved:
    """Check a proof.

    Args:
        proof: as it was read.
        policy: whom to believe.

    Raises:
        Malformed, Forged, Unsigned: the checkpoint is none that the policy accepts, or the entry is none.
        Wrong: the entry is not in that tree, or an opening does not open it.
    """
    vouched = quorum.accept(note=proof.note, policy=policy)
    told = vouched.checkpoint
    leaf = merkle.leaf_hash(proof.leaf)
    check_inclusion(leaf=leaf, index=proof.index, size=told.size, proof=proof.hashes, root=told.root)
    entry = parse_entry(proof.leaf, index=proof.index)
    names = [one.field for one in proof.openings]
    if len(set(names)) < len(names):
        raise Wrong("A field of the entry is shown twice.")
    for opening in proof.openings:
        check_opening(entry=entry, opening=opening, index=proof.index)
    return Proved(entry, proof.openings, proof.index, vouched)
