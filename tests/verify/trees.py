"""Small logs made in memory, for tests of what checks them: files, keys, a policy."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from conclave.transparency.sealing import FieldOpening, seal
from conclave_verify import merkle, note, tile
from conclave_verify.checkpoint import Checkpoint
from conclave_verify.note import COSIGNS, SIGNS, Key
from conclave_verify.quorum import Policy, parse
from conclave_verify.tile import WIDTH

ORIGIN = "log.example/transparency"
SECONDS = 1_800_000_000


def private(name: str) -> Ed25519PrivateKey:
    """Return a key that follows from a name."""
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest())


def key(name: str, kind: int) -> Key:
    """Return its public half."""
    return Key(name, kind, private(name).public_key().public_bytes_raw())


LOG = key(ORIGIN, SIGNS)
WITNESSES = [key(f"w{number}.example", COSIGNS) for number in range(1, 4)]


def policy_text(needed: int = 2) -> str:
    """Return a policy: one log, three witnesses."""
    lines = [f"log {LOG.vkey}", *(f"witness w{number} {one.vkey}" for number, one in enumerate(WITNESSES, start=1))]
    return "\n".join([*lines, f"group g {needed} w1 w2 w3", "quorum g", ""])


def policy(needed: int = 2) -> Policy:
    """Return the same, read."""
    return parse(policy_text(needed).encode())


def node_of(hashes: Sequence[bytes]) -> merkle.Node:
    """Return how complete subtrees are looked up, worked out from all leaf hashes."""
    return lambda height, number: merkle.fold(hashes[number << height : (number + 1) << height])


def signed(told: Checkpoint, *, witnesses: int = 2, seconds: int = SECONDS) -> str:
    """Return a checkpoint as a note, signed by the log and so many witnesses."""
    by = [note.sign(text=told.text, name=ORIGIN, key=private(ORIGIN))]
    by += [note.cosign(text=told.text, name=one.name, key=private(one.name), seconds=seconds) for one in WITNESSES[:witnesses]]
    return note.Note(told.text, tuple(by)).signed


@dataclass
class Log:
    """A log in memory: its entries, what opens them, and its files."""

    entries: list[bytes] = field(default_factory=list)
    openings: list[tuple[FieldOpening, ...]] = field(default_factory=list)

    def add(self, kind: str = "ORDER", **fields: object) -> int:
        """Append an entry and return its index."""
        made = seal(kind=kind, obj="A" * 22, prev=None, fields=fields)
        self.entries.append(made.leaf)
        self.openings.append(made.openings)
        return len(self.entries) - 1

    @property
    def hashes(self) -> list[bytes]:
        """The leaf hashes."""
        return [merkle.leaf_hash(entry) for entry in self.entries]

    def checkpoint(self, size: int | None = None) -> Checkpoint:
        """Return what it would sign at a size."""
        size = len(self.entries) if size is None else size
        return Checkpoint(ORIGIN, size, merkle.fold(self.hashes[:size]))

    def files(self) -> dict[str, bytes]:
        """Return all public files."""
        size = len(self.entries)
        found = {"checkpoint": signed(self.checkpoint()).encode()}
        for one in tile.tiles(size, level=None):
            found[one.path] = tile.bundle(self.entries[one.number * WIDTH :][: one.width])
        node = node_of(self.hashes)
        for level in tile.levels(size):
            for one in tile.tiles(size, level=level):
                places = range(one.number * WIDTH, one.number * WIDTH + one.width)
                found[one.path] = b"".join(node(tile.HEIGHT * level, place) for place in places)
        return found


@dataclass
class Files:
    """Files from memory."""

    content: dict[str, bytes]

    def read(self, path: str) -> bytes | None:
        """Return one."""
        return self.content.get(path)
